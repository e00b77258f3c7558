#include "api/catalog_json.hpp"

#include <algorithm>

#include <penstock/text.hpp>
#include <rapidjson/prettywriter.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

namespace penstock::server {
namespace {

using rapidjson::StringBuffer;

/// The few calls that the responses need, on either of RapidJSON's writers.
template <class Writer>
class JsonWriter {
 public:
  explicit JsonWriter(Writer& writer) : writer_(writer) {}

  void text(const char* name, const std::string& value) {
    writer_.Key(name);
    string(value);
  }

  void flag(const char* name, bool value) {
    writer_.Key(name);
    writer_.Bool(value);
  }

  void texts(const char* name, const std::vector<std::string>& values) {
    writer_.Key(name);
    writer_.StartArray();
    for (const std::string& value : values)
      string(value);
    writer_.EndArray();
  }

  /// If 0, the member is omitted.
  void time(const char* name, std::int64_t unix_ms) {
    if (unix_ms == 0) return;
    text(name, rfc_3339(unix_ms));
  }

  /// `json` is already JSON; if empty, the member is omitted.
  void raw(const char* name, const std::string& json) {
    if (json.empty()) return;
    writer_.Key(name);
    writer_.RawValue(json.data(), json.size(), rapidjson::kObjectType);
  }

  void string(const std::string& value) {
    writer_.String(value.data(), static_cast<rapidjson::SizeType>(value.size()));
  }

  Writer& writer() { return writer_; }

 private:
  Writer& writer_;
};

template <class Writer>
void write_examples(JsonWriter<Writer> sheet, const ApiInfo& api, const ExampleContext& place) {
  Writer& writer = sheet.writer();
  writer.StartArray();
  for (const ExampleCall& example : api.examples) {
    writer.StartObject();
    sheet.text("title", example.title);
    sheet.raw("request", example_request(example));
    sheet.text("curl", curl_command(api, example, place));
    sheet.text("cli", cli_command(api, example, place));
    sheet.text("typescript", typescript_program(api, example, place));
    writer.EndObject();
  }
  writer.EndArray();
}

template <class Writer>
void write_conditions(JsonWriter<Writer> sheet, const std::vector<FieldsWhen>& conditions) {
  Writer& writer = sheet.writer();
  writer.StartArray();
  for (const FieldsWhen& when : conditions) {
    writer.StartObject();
    sheet.text("field", when.field);
    sheet.text("equals", when.equals);
    sheet.texts("fields", when.fields);
    writer.EndObject();
  }
  writer.EndArray();
}

template <class Writer>
void write_api(Writer& writer, const ApiInfo& api, const ExampleContext& place) {
  JsonWriter<Writer> sheet(writer);
  writer.StartObject();
  sheet.text("tool", api.tool);
  sheet.text("api", api.api);
  sheet.text("title", api.title);
  sheet.text("docs_url", api.docs_url);
  sheet.texts("base_urls", api.base_urls);
  sheet.texts("methods", api.methods);
  sheet.flag("soap", api.soap);
  sheet.raw("api_options", api.options_schema);
  sheet.raw("connection", api.connection_schema);
  sheet.texts("required_fields", api.required_fields);
  writer.Key("required_when");
  write_conditions(sheet, api.required_when);
  writer.Key("headers");
  writer.StartObject();
  sheet.texts("owned", api.owned_headers);
  writer.EndObject();
  if (api.verify) {
    writer.Key("verify");
    writer.StartObject();
    sheet.text("title", api.verify->title);
    sheet.raw("request", example_request(*api.verify));
    writer.EndObject();
  }
  writer.Key("examples");
  write_examples(sheet, api, place);
  sheet.text("plugin", api.plugin);
  writer.EndObject();
}

template <class Writer>
void write_integration(Writer& writer, const IntegrationInfo& integration) {
  JsonWriter<Writer> sheet(writer);
  writer.StartObject();
  sheet.text("id", integration.id);
  sheet.text("tool", integration.tool);
  sheet.flag("enabled", integration.enabled);
  sheet.texts("apis", integration.apis);
  sheet.text("health", integration.health);
  sheet.time("cooling_down_until", integration.cooling_down_until_ms);
  sheet.time("last_renewal", integration.last_renewal_ms);
  sheet.time("session_expires", integration.session_expires_ms);
  if (!integration.last_error.empty()) {
    writer.Key("last_error");
    writer.StartObject();
    sheet.text("message", integration.last_error);
    sheet.time("at", integration.last_error_ms);
    writer.EndObject();
  }
  writer.EndObject();
}

template <class Write>
std::string written(bool indent, Write write) {
  StringBuffer buffer;
  if (indent) {
    rapidjson::PrettyWriter<StringBuffer> writer(buffer);
    writer.SetIndent(' ', 2);
    write(writer);
  } else {
    rapidjson::Writer<StringBuffer> writer(buffer);
    write(writer);
  }
  return {buffer.GetString(), buffer.GetSize()};
}

}  // namespace

std::string apis_json(const std::vector<ApiInfo>& apis, const ExampleContextOf& place,
                      bool indent) {
  return written(indent, [&](auto& writer) {
    writer.StartArray();
    for (const ApiInfo& api : apis)
      write_api(writer, api, place(api));
    writer.EndArray();
  });
}

std::string api_json(const ApiInfo& api, const ExampleContextOf& place, bool indent) {
  return written(indent, [&](auto& writer) { write_api(writer, api, place(api)); });
}

std::string integrations_json(const std::vector<IntegrationInfo>& integrations) {
  return written(false, [&](auto& writer) {
    writer.StartArray();
    for (const IntegrationInfo& integration : integrations)
      write_integration(writer, integration);
    writer.EndArray();
  });
}

std::string integration_json(const IntegrationInfo& integration) {
  return written(false, [&](auto& writer) { write_integration(writer, integration); });
}

std::string verification_json(const std::vector<ProbeResult>& checks) {
  return written(false, [&](auto& writer) {
    JsonWriter sheet(writer);
    writer.StartObject();
    if (checks.empty()) {
      writer.Key("works");
      writer.Null();
      sheet.text("message",
                 "nothing was tried: no API that the connection is complete for has a test "
                 "call (\"verify\" in the plugin's manifest)");
    } else {
      sheet.flag("works", std::ranges::all_of(checks, &ProbeResult::works));
    }
    writer.Key("checks");
    writer.StartArray();
    for (const ProbeResult& check : checks) {
      writer.StartObject();
      sheet.text("api", check.api);
      sheet.flag("works", check.works);
      if (!check.outcome.empty()) sheet.text("outcome", check.outcome);
      sheet.text("message", check.message);
      if (check.status != 0) {
        writer.Key("status");
        writer.Int(check.status);
      }
      writer.EndObject();
    }
    writer.EndArray();
    writer.EndObject();
  });
}

std::string plugins_json(const std::vector<PluginInfo>& plugins) {
  return written(false, [&](auto& writer) {
    writer.StartArray();
    for (const PluginInfo& plugin : plugins) {
      JsonWriter sheet(writer);
      writer.StartObject();
      sheet.text("name", plugin.name);
      sheet.text("version", plugin.version);
      sheet.text("file", plugin.file);
      sheet.text("sha256", plugin.sha256);
      sheet.text("abi", plugin.abi);
      sheet.texts("apis", plugin.apis);
      writer.EndObject();
    }
    writer.EndArray();
  });
}

std::string success_json(std::string_view data) {
  std::string out = R"({"status":"success","data":)";
  out += data;
  out += '}';
  return out;
}

}  // namespace penstock::server
