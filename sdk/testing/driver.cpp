#include <penstock/digest.hpp>
#include <penstock/sdk/testing.hpp>
#include <penstock/text.hpp>

#include <algorithm>
#include <array>
#include <iterator>
#include <span>
#include <stdexcept>

#include "host/invocation.hpp"
#include "loader/elf.hpp"
#include "loader/plugin.hpp"
#include "policy/request_path.hpp"

namespace penstock::testing {
namespace {

std::runtime_error wrong(const std::string& what) { return std::runtime_error(what); }

std::runtime_error wrong(const std::string& what, const std::vector<Problem>& problems) {
  std::string text = what;
  for (const Problem& problem : problems)
    text += "\n  " + problem.pointer + " " + problem.message;
  return std::runtime_error(text);
}

std::vector<Field> fields(const Values& values) {
  std::vector<Field> out;
  for (const auto& [name, value] : values)
    out.push_back({name, value});
  return out;
}

Values values(std::span<const Field> fields) {
  Values out;
  for (const Field& field : fields)
    out.emplace_back(field.name, field.value);
  return out;
}

Values values(const std::vector<host::NamedValue>& items) {
  Values out;
  for (const host::NamedValue& item : items)
    out.emplace_back(item.name, item.value.reveal());
  return out;
}

std::vector<host::NamedValue> secret_items(const Values& values) {
  std::vector<host::NamedValue> out;
  for (const auto& [name, value] : values)
    out.push_back({name, Secret(value), true});
  return out;
}

/// What the schema makes of `given`: checked, defaults filled.
schema::Validation checked(const schema::Schema& schema, const Values& given, const char* what) {
  std::vector<std::pair<std::string_view, std::string_view>> views(given.begin(), given.end());
  schema::Validation validation = schema.validate_fields(views, {});
  if (!validation.ok())
    throw wrong(std::string("the manifest refuses the ") + what, validation.problems);
  return validation;
}

void replace(std::vector<Field>& fields, const Values& unchecked) {
  for (const auto& [name, value] : unchecked) {
    const auto found = std::ranges::find(fields, name, &Field::name);
    if (found == fields.end()) {
      fields.push_back({name, value});
    } else {
      found->value = value;
    }
  }
}

/// Everything that one invocation is given. Lives as long as the invocation: the inputs point into
/// it.
struct Inputs {
  Inputs(const catalog::Manifest& manifest, const Given& given)
      : query(fields(given.call.query)), headers(fields(given.call.headers)),
        method(given.call.method), path(given.call.path), body(given.call.body) {
    const auto found = std::ranges::find(manifest.apis, given.call.api, &catalog::Api::name);
    if (found == manifest.apis.end()) throw wrong("there is no API \"" + given.call.api + "\"");
    api = &*found;
    egress = &manifest.egress;
    if (api->body_need == catalog::BodyNeed::sha256) body_sha256 = sha256(body.value_or(""));

    std::vector<Field> settings =
        checked(manifest.connection, given.connection, "connection").values;
    Values asked = given.options;
    for (const catalog::OptionDefault& fallback : api->option_defaults) {
      const auto field = std::ranges::find(settings, fallback.connection_field, &Field::name);
      if (field == settings.end() || !find(asked, fallback.option).empty()) continue;
      asked.emplace_back(fallback.option, field->value);
    }
    schema::Validation validation = checked(api->options, asked, "api_options");
    options = std::move(validation.values);
    options_json = std::move(validation.canonical);
    replace(options, given.unchecked_options);
    replace(settings, given.unchecked_connection);

    const std::vector<schema::FieldInfo> known = manifest.connection.fields();
    connection.id = manifest.tool + ":test";
    for (const Field& setting : settings) {
      const auto info = std::ranges::find(known, setting.name, &schema::FieldInfo::name);
      connection.fields.push_back(
          {setting.name, Secret(setting.value), info != known.end() && info->secret});
    }

    env.attempt = given.attempt;
    env.session_seq = given.session ? given.session_seq : 0;
    env.now_unix_ms = given.time_unix_ms;
    std::ranges::copy_n(
        given.entropy.begin(),
        static_cast<std::ptrdiff_t>(std::min(given.entropy.size(), env.entropy.size())),
        env.entropy.begin());
    if (given.session) {
      session = host::SessionState{secret_items(given.session->items), given.session->created_ms,
                                   given.session->expires_ms};
    }
  }

  /// The final URL as the engine builds it: the base URL, the path behind it unless the API is one
  /// address, and the query with `params`. None for hostile values, with which the engine would
  /// refuse the call.
  std::optional<Url> final_url(const std::vector<Field>& params) const {
    const auto base =
        api->base_url.expand([&](catalog::UrlTemplate::Source source,
                                 std::string_view name) -> std::optional<std::string_view> {
          if (source == catalog::UrlTemplate::Source::connection) {
            const host::NamedValue* field = connection.find(name);
            return field == nullptr ? std::nullopt : std::optional(field->value.reveal());
          }
          if (source == catalog::UrlTemplate::Source::session) {
            if (!session) return std::nullopt;
            const auto item = std::ranges::find(session->items, name, &host::NamedValue::name);
            return item == session->items.end() ? std::nullopt
                                                : std::optional(item->value.reveal());
          }
          const auto option = std::ranges::find(options, name, &Field::name);
          return option == options.end() ? std::nullopt
                                         : std::optional<std::string_view>(option->value);
        });
    if (!base || !egress->permits(*base) || !parse_url(base->text())) return std::nullopt;
    auto caller = policy::check_path(path);
    if (!caller) return std::nullopt;
    if (api->endpoint) caller->path.clear();
    return policy::join(*base, *caller, params);
  }

  /// `url` must outlive the result.
  host::CallInput call(const std::optional<Url>& url) {
    if (url) url_without_query = url->origin() + url->path;
    host::CallInput in;
    in.api = api->name;
    in.method = method;
    in.url = url_without_query;
    in.path = path;
    if (url && url->has_query) in.query_string = url->query;
    in.options_json = options_json;
    in.options = &options;
    in.query = &query;
    in.headers = &headers;
    if (api->body_need == catalog::BodyNeed::full)
      in.body = body ? std::string_view(*body) : std::string_view();
    in.body_length = body ? body->size() : 0;
    in.body_sha256 = body_sha256;
    return in;
  }

  const host::SessionState* old_session() const { return session ? &*session : nullptr; }

  const catalog::Api* api = nullptr;
  const Egress* egress = nullptr;
  host::Env env;
  host::Connection connection;
  std::vector<Field> options, query;
  Headers headers;
  std::string options_json, method, path, url_without_query, body_sha256;
  std::optional<std::string> body;
  std::optional<host::SessionState> session;
};

std::int32_t abi_verdict(host::Verdict verdict) {
  switch (verdict) {
  case host::Verdict::ok:
    return PST_OK;
  case host::Verdict::need_session:
    return PST_NEED_SESSION;
  case host::Verdict::fetch:
    return PST_FETCH;
  case host::Verdict::reauth:
    return PST_REAUTH;
  case host::Verdict::retry:
    return PST_RETRY;
  case host::Verdict::pass:
    return PST_PASS;
  case host::Verdict::failed:
    break;
  }
  return PST_FAILED;
}

Built built(const host::Outcome& outcome) {
  Built out;
  out.verdict = abi_verdict(outcome.verdict);
  if (outcome.verdict == host::Verdict::failed) {
    out.failure = {outcome.failure.kind, outcome.failure.vendor_code, outcome.failure.message};
  }
  out.method = outcome.method;
  out.url = outcome.url;
  out.headers = values(outcome.headers);
  out.query = values(outcome.query);
  out.body = outcome.body;
  out.session = values(outcome.session);
  out.expires_ms = outcome.session_expires_ms;
  out.credentials = values(outcome.credentials);
  out.carried = values(outcome.carried);
  out.notes = values(outcome.notes);
  for (const host::LogText& line : outcome.logs)
    out.logs.push_back(line.text);
  out.retry_after_ms = outcome.retry_after_ms;
  return out;
}

}  // namespace

struct PluginDriver::Loaded {
  std::string manifest;
  std::shared_ptr<const loader::Plugin> plugin;
};

PluginDriver::PluginDriver(const std::filesystem::path& file)
    : loaded_(std::make_unique<Loaded>()) {
  const auto bytes = loader::read_plugin_file(file, loader::Pinned::no);
  if (!bytes) throw wrong(file.string() + ": " + bytes.error());
  auto plugin = loader::Plugin::load(*bytes);
  if (!plugin) {
    std::string text = file.string();
    for (const std::string& reason : plugin.error().reasons)
      text += "\n  " + reason;
    throw wrong(text);
  }
  loaded_->plugin = *std::move(plugin);
  const auto image = loader::read_elf(bytes->bytes);
  loaded_->manifest = std::string(image->manifest.value_or(""));
}

PluginDriver::~PluginDriver() = default;
PluginDriver::PluginDriver(PluginDriver&&) noexcept = default;

Built PluginDriver::prepare(const Given& given) const {
  Inputs in(loaded_->plugin->manifest(), given);
  const std::optional<Url> url = in.final_url(in.query);
  const host::Outcome outcome =
      loaded_->plugin->instance().prepare(in.env, in.connection, in.old_session(), in.call(url));
  Built out = built(outcome);
  if (outcome.verdict != host::Verdict::ok) return out;
  if (out.method.empty()) out.method = in.method;
  if (out.url.empty() && url) out.url = in.final_url({})->text();
  out.body = host::build_body(outcome, in.body);
  Values query = given.call.query, headers = out.headers;
  query.insert(query.end(), out.query.begin(), out.query.end());
  out.query = std::move(query);
  for (const Value& field : given.call.headers) {
    if (out.header(field.first).empty()) headers.push_back(field);
  }
  out.headers = std::move(headers);
  return out;
}

Built PluginDriver::session(std::uint32_t event, const Given& given, const Values& carried,
                            const TestResponse* response) const {
  const Inputs in(loaded_->plugin->manifest(), given);
  const host::SessionState carried_state{secret_items(carried)};
  const Headers response_headers(response == nullptr ? std::vector<Field>()
                                                     : fields(response->headers));
  host::ResponseInput response_input;
  if (response != nullptr)
    response_input = {response->status, &response_headers, response->body, response->truncated};
  return built(loaded_->plugin->instance().session(
      event, in.env, in.connection, in.old_session(), carried_state,
      response == nullptr ? nullptr : &response_input, loader::session_key(*in.api, in.options)));
}

Built PluginDriver::inspect(const Given& given, const TestResponse& response) const {
  Inputs in(loaded_->plugin->manifest(), given);
  const std::optional<Url> url = in.final_url(in.query);
  const Headers response_headers(fields(response.headers));
  return built(loaded_->plugin->instance().inspect(
      in.env, in.connection, in.old_session(), in.call(url),
      {response.status, &response_headers, response.body, response.truncated}));
}

std::string PluginDriver::manifest() const { return loaded_->manifest; }

std::vector<std::string> PluginDriver::apis() const {
  std::vector<std::string> out;
  for (const catalog::Api& api : loaded_->plugin->manifest().apis)
    out.push_back(api.name);
  return out;
}

bool PluginDriver::has_session() const { return loaded_->plugin->instance().has_session(); }
bool PluginDriver::has_inspect() const { return loaded_->plugin->instance().has_inspect(); }

}  // namespace penstock::testing
