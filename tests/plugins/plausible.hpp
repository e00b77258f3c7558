#pragma once

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

/// A call that would pass.
inline testing::Given plausible(const catalog::Manifest& manifest, const catalog::Api& api) {
  testing::Given given{.connection = examples_of(manifest.connection),
                       .options = examples_of(api.options),
                       .call = {.api = api.name, .method = api.methods.front()}};
  if (api.soap) given.call.body = "<op xmlns=\"urn:x\"/>";
  if (api.session)
    given.session = testing::State{{{"access_token", "token-1"},
                                    {"token", "token-1"},
                                    {"base_url", "https://chp.tbe.taleo.net/chp03/ats/api/v1/"}},
                                   0,
                                   0};
  return given;
}

}  // namespace penstock::tests
