#pragma once

#include <memory>
#include <string>
#include <vector>

#include <penstock/call.hpp>

namespace penstock {

/// An example of a call, from the manifest.
struct ExampleCall {
  std::string title;
  std::string method;
  std::string path;
  std::string api_options;  ///< JSON object text
  std::string data;         ///< JSON text of the envelope's `data`; empty: none
  std::vector<Field> params;
};

/// What can be called as {tool}/{api}, as the manifest of its plugin says.
struct ApiInfo {
  std::string tool;
  std::string api;
  std::string title;
  std::string docs_url;
  std::vector<std::string> base_urls;  ///< templates, for people
  std::vector<std::string> methods;
  bool soap = false;
  std::string options_schema;     ///< JSON
  std::string connection_schema;  ///< JSON; never a value
  std::vector<std::string>
      required_fields;  ///< connection fields without which this API cannot be called
  std::vector<ExampleCall> examples;
  std::string plugin;
};

struct PluginInfo {
  std::string name;
  std::string version;
  std::string file;
  std::string sha256;
  std::string abi;  ///< "1.0"
  std::vector<std::string> apis;
};

struct IntegrationInfo {
  std::string id;
  std::string tool;
  bool enabled = true;
  std::vector<std::string> apis;  ///< what its connection is complete for
  std::string health;             ///< "ok", or why not
};

}  // namespace penstock
