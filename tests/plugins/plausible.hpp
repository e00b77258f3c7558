#pragma once

#include <optional>
#include <string>

#include "catalog/manifest.hpp"
#include "vector_file.hpp"

namespace penstock::tests {

/// Every field with its first example; those with a default keep it.
inline testing::Values examples_of(const schema::Schema& schema) {
  testing::Values out;
  for (const schema::FieldInfo& field : schema.fields()) {
    if (field.has_default || field.examples.empty()) continue;
    out.emplace_back(field.name, field.examples.front());
  }
  return out;
}

/// A session of the API, as the plugin's own vectors show one.
inline std::optional<testing::State> session_of(const std::string& plugin, const std::string& api) {
  for (const Vector& vector : all_vectors()) {
    if (vector.plugin != plugin || vector.entry == nullptr) continue;
    const testing::Given given = read_given((*vector.entry)["given"]);
    if (given.call.api != api) continue;
    if (given.session) return testing::State{given.session->items, 0, 0};
    if (!vector.entry->HasMember("steps")) continue;
    const rapidjson::Value& steps = (*vector.entry)["steps"];
    const rapidjson::Value& last = steps[steps.Size() - 1];
    if (!last.HasMember("expect") || !last["expect"].HasMember("session")) continue;
    testing::State state;
    for (const auto& item : last["expect"]["session"].GetObject())
      state.items.emplace_back(item.name.GetString(), text_of(item.value));
    return state;
  }
  return std::nullopt;
}

/// A call that would pass.
inline testing::Given plausible(const catalog::Manifest& manifest, const catalog::Api& api) {
  testing::Given given{.connection = examples_of(manifest.connection),
                       .options = examples_of(api.options),
                       .call = {.api = api.name, .method = api.methods.front()}};
  if (api.soap) given.call.body = "<op xmlns=\"urn:x\"/>";
  if (api.session) given.session = session_of(manifest.id, api.name);
  return given;
}

}  // namespace penstock::tests
