#include "session/record_codec.hpp"

#include <cstring>

#include <penstock/digest.hpp>
#include <penstock/json.hpp>
#include <penstock/json_writer.hpp>
#include <penstock/text.hpp>

namespace penstock::session {
namespace {

// Values are in Base64: a credential may hold bytes that are not UTF-8.
std::string fields_json(const std::vector<SecretField>& fields) {
  std::string out = "[";
  for (const SecretField& field : fields) {
    out += out.size() > 1 ? ",[" : "[";
    append_json_string(out, field.name);
    out += ',';
    append_json_string(out, base64_encode(field.value.reveal()));
    out += field.secret ? ",true]" : ",false]";
  }
  return out + ']';
}

std::string formats_json(const std::vector<int>& formats) {
  std::vector<std::string> out;
  for (const int format : formats)
    out.push_back(std::to_string(format));
  return json_array(out);
}

bool read_fields(const JsonValue& root, std::string_view name, std::vector<SecretField>& out) {
  const JsonValue* const fields = root.find(name);
  if (fields == nullptr || !fields->is_array()) return false;
  for (const JsonValue& field : fields->items) {
    const std::vector<JsonValue>& parts = field.items;
    if (parts.size() != 3 || !parts[0].is_string() || !parts[1].is_string() ||
        parts[2].kind != JsonValue::Kind::boolean) {
      return false;
    }
    const auto value = base64_decode(parts[1].text);
    if (!value) return false;
    out.push_back({parts[0].text, Secret(*value), parts[2].boolean});
  }
  return true;
}

std::int64_t integer_of(const JsonValue& root, std::string_view name) {
  const JsonValue* const found = root.find(name);
  return found == nullptr ? 0 : found->integer().value_or(0);
}

std::string text_of(const JsonValue& root, std::string_view name) {
  const JsonValue* const found = root.find(name);
  return found != nullptr && found->is_string() ? found->text : std::string();
}

}  // namespace

std::vector<host::NamedValue> items_of(const std::vector<SecretField>& fields) {
  std::vector<host::NamedValue> out;
  for (const SecretField& field : fields)
    out.push_back({field.name, field.value, field.secret});
  return out;
}

std::vector<SecretField> fields_of(const std::vector<host::NamedValue>& items) {
  std::vector<SecretField> out;
  for (const host::NamedValue& item : items)
    out.push_back({item.name, item.value, item.secret});
  return out;
}

std::string digest_of(const host::Connection& configured,
                      const std::vector<SecretField>& credentials) {
  std::string text;
  for (const SecretField& credential : credentials) {
    const host::NamedValue* field = configured.find(credential.name);
    const std::string_view value = field == nullptr ? std::string_view() : field->value.reveal();
    text += std::to_string(credential.name.size()) + ":" + credential.name +
            std::to_string(value.size()) + ":";
    text += value;
  }
  const std::string digest = sha256(text);
  explicit_bzero(text.data(), text.size());
  return base64_encode(digest);
}

bool still_refused(const StoredState& state, const host::Connection& configured) {
  return !state.refusal.empty() &&
         state.refused_digest == digest_of(configured, fields_of(configured.fields));
}

std::string to_record(const StoredState& state) {
  return JsonObject()
      .json("credentials", fields_json(state.credentials))
      .json("session", fields_json(state.session))
      .json("session_formats", formats_json(state.session_formats))
      .number("session_created_ms", state.session_created_ms)
      .number("session_expires_ms", state.session_expires_ms)
      .text("connection_digest", state.connection_digest)
      .number("renewal_began_ms", state.renewal_began_ms)
      .text("refusal", state.refusal)
      .number("refused_ms", state.refused_ms)
      .text("refused_digest", state.refused_digest)
      .done();
}

Result<StoredState, std::string> from_record(std::string_view bytes) {
  const std::string malformed = "the stored state is malformed";
  const auto root = parse_json(bytes);
  if (!root) return failure(malformed);
  const JsonValue* const digest = root->find("connection_digest");
  StoredState state;
  if (!read_fields(*root, "credentials", state.credentials) ||
      !read_fields(*root, "session", state.session) || digest == nullptr || !digest->is_string()) {
    return failure(malformed);
  }
  const JsonValue* const formats = root->find("session_formats");
  if (formats != nullptr && formats->is_array()) {
    for (const JsonValue& format : formats->items) {
      if (const auto number = format.integer())
        state.session_formats.push_back(static_cast<int>(*number));
    }
  } else if (const std::int64_t format = integer_of(*root, "session_format"); format != 0) {
    state.session_formats = {static_cast<int>(format)};  // a record of an earlier release
  }
  state.session_created_ms = integer_of(*root, "session_created_ms");
  state.session_expires_ms = integer_of(*root, "session_expires_ms");
  state.connection_digest = digest->text;
  state.renewal_began_ms = integer_of(*root, "renewal_began_ms");
  state.refusal = text_of(*root, "refusal");
  state.refused_ms = integer_of(*root, "refused_ms");
  state.refused_digest = text_of(*root, "refused_digest");
  return state;
}

std::string encrypt_record(RecordCipher& cipher, const StoredState& state, const std::string& key,
                           std::uint64_t version) {
  std::string plain = to_record(state);
  std::string encrypted = cipher.encrypt(plain, {key, version});
  explicit_bzero(plain.data(), plain.size());
  return encrypted;
}

Result<std::optional<StoredState>> decrypt_record(RecordCipher& cipher, std::string_view encrypted,
                                                  const std::string& key, std::uint64_t version) {
  const auto refused = [&](const std::string& why) {
    return failure(
        engine_failed("the stored state of " + key + " " + why, Phase::session, Sent::no));
  };
  const auto plain = cipher.decrypt(encrypted, {key, version});
  if (!plain) return refused(plain.error());
  auto state = from_record(plain->reveal());
  if (!state) return refused("cannot be read: " + state.error());
  state->version = version;
  return std::optional<StoredState>(*std::move(state));
}

Result<bool> reencrypt(
    RecordCipher& cipher, const std::vector<OutdatedRecord>& records,
    const std::function<Result<Ok>(const OutdatedRecord&, const std::string& encrypted)>& replace) {
  bool all = true;
  for (const OutdatedRecord& record : records) {
    const Binding binding{record.key, record.version};
    const auto plain = cipher.decrypt(record.encrypted, binding);
    if (!plain) {
      all = false;
      continue;
    }
    auto replaced = replace(record, cipher.encrypt(plain->reveal(), binding));
    if (!replaced) return failure(std::move(replaced).error());
  }
  return all;
}

}  // namespace penstock::session
