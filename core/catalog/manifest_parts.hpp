#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/json_reader.hpp"
#include "catalog/manifest.hpp"

// The parts of a manifest. Each function reads members of an object and reports what is wrong.
namespace penstock::catalog {

using Fields = std::vector<schema::FieldInfo>;

/// What the parts of one API are checked against. `options` is null if it did not compile; fields
/// are none if not even their names could be read.
struct Schemas {
  const schema::Schema* options = nullptr;
  std::optional<Fields> connection_fields, option_fields;
};

// manifest_schema.cpp

/// None if the schema cannot be used. If the member is absent, the result is an empty, closed
/// schema.
std::optional<schema::Schema> read_schema(JsonReader& reader, std::string_view name);

/// The fields of a compiled schema; of one that did not compile those that `source` lists, so that
/// the names that refer to them can be checked all the same. None: they cannot be read.
std::optional<Fields> fields_of(const std::optional<schema::Schema>& compiled,
                                const JsonValue* source);

/// The field of that name; null: there is none.
const schema::FieldInfo* find_field(const Fields& fields, const std::string& name);

/// `; did you mean "tenant"?`, or empty.
std::string did_you_mean_field(const std::string& name, const Fields& fields);

// manifest_connection.cpp

std::vector<FieldsWhen> read_required_when(JsonReader& reader);
std::vector<OptionDefault> read_option_defaults(JsonReader& reader, const Schemas& schemas);

/// Every placeholder of the URL must have a value: it must name a field that is required or has a
/// default, and that is not secret.
void check_placeholders(const Api& api, const Schemas& schemas, JsonReader& reader);
void check_connection_names(const Api& api, const Schemas& schemas, JsonReader& reader);

// manifest_responses.cpp

/// "status": 401, or [from, to].
void read_status(JsonReader& reader, int& from, int& to);
std::vector<ClassifyRule> read_classify(JsonReader& reader);
std::optional<InspectWindow> read_inspect(JsonReader& reader);
void read_retry_after(JsonReader& reader, Api& api);

// manifest_session.cpp

std::optional<SessionSpec> read_session(JsonReader& reader, const Schemas& schemas);
/// Checks that no API has a key if another one rotates a credential: that belongs to all sessions
/// of a connection, and a session with a key cannot renew it.
void check_session_keys(const std::vector<Api>& apis, std::vector<Problem>& problems);
/// "signing_keys": { "private_key": "RS256" }
std::map<std::string, std::string> read_signing_keys(JsonReader& reader,
                                                     const std::optional<Fields>& connection);

// manifest_examples.cpp

std::vector<ExampleCall> read_examples(JsonReader& reader, const Api& api, const Schemas& schemas);
std::optional<VerifySpec> read_verify(JsonReader& reader, const Api& api, const Schemas& schemas);

// manifest_api.cpp

/// Letters, digits and the characters of `more`; at most 64.
bool is_name(std::string_view text, std::string_view more);

Api read_api(JsonReader& reader, std::string name, const std::string& tool,
             const std::optional<Fields>& connection);

}  // namespace penstock::catalog
