#pragma once

#include "http_text.hpp"
#include "json.hpp"
#include "route.hpp"
#include "xml.hpp"

#include <fstream>
#include <gtest/gtest.h>
#include <sstream>

namespace penstock::sandbox {

struct Call {
  std::string host;
  std::string method = "GET";
  std::string target = "/";
  std::vector<Header> headers;
  std::string body;
};

inline Delivery deliver(SandboxState& state, const Call& call) {
  Request request{call.method, call.target, call.host, call.host, {{"Host", call.host}}, call.body};
  request.headers.insert(request.headers.end(), call.headers.begin(), call.headers.end());
  return deliver(request, state);
}

inline Response ask(SandboxState& state, const Call& call) { return deliver(state, call).response; }

inline Header basic(const std::string& pair) { return {"Authorization", "Basic " + base64(pair)}; }
inline Header bearer(const std::string& token) { return {"Authorization", "Bearer " + token}; }

inline std::string header_of(const Response& response, std::string_view name) {
  for (const auto& header : response.headers)
    if (header.name == name) return header.value;
  return "(none)";
}

inline bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

inline rapidjson::Document json_of(const Response& response) {
  auto document = parse_json(response.body);
  EXPECT_TRUE(document) << response.body;
  return document ? std::move(*document) : rapidjson::Document{};
}

/// The first element of that name, at any depth.
inline const Element* find(const Element& element, std::string_view name) {
  if (element.name == name) return &element;
  for (const auto& child : element.children)
    if (const Element* found = find(child, name)) return found;
  return nullptr;
}

inline std::string text_in(const Response& response, std::string_view name) {
  auto document = parse_xml(response.body);
  if (!document.root) return "(not XML: " + document.problem + ")";
  const Element* found = find(*document.root, name);
  return found ? std::string{trimmed(found->text)} : "(none)";
}

inline void replace(std::string& text, std::string_view what, std::string_view by) {
  auto at = text.find(what);
  ASSERT_NE(at, std::string::npos) << what;
  text.replace(at, what.size(), by);
}

/// A sample from the vendor; nullopt if the shared data is missing.
inline std::optional<std::string> sample(const std::string& name) {
  std::ifstream file{std::string{PENSTOCK_SHARED_DIR "/vendor-specs/"} + name};
  if (!file) return std::nullopt;
  std::stringstream all;
  all << file.rdbuf();
  return all.str();
}

}  // namespace penstock::sandbox
