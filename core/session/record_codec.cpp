#include "session/record_codec.hpp"

#include <penstock/digest.hpp>
#include <penstock/json_writer.hpp>
#include <penstock/text.hpp>

#include "base/json.hpp"

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

bool read_fields(const rapidjson::Value& root, const char* name, std::vector<SecretField>& out) {
  const auto found = root.FindMember(name);
  if (found == root.MemberEnd() || !found->value.IsArray()) return false;
  for (const auto& entry : found->value.GetArray()) {
    if (!entry.IsArray() || entry.Size() != 3 || !entry[0].IsString() || !entry[1].IsString() ||
        !entry[2].IsBool()) {
      return false;
    }
    const auto value = base64_decode({entry[1].GetString(), entry[1].GetStringLength()});
    if (!value) return false;
    out.push_back(
        {{entry[0].GetString(), entry[0].GetStringLength()}, Secret(*value), entry[2].GetBool()});
  }
  return true;
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
  const auto document = parse_json(bytes);
  if (!document || !(*document)->IsObject()) return failure(malformed);
  const rapidjson::Value& root = **document;
  StoredState state;
  const auto integer = [&](const char* name) -> std::int64_t {
    const auto found = root.FindMember(name);
    return found != root.MemberEnd() && found->value.IsInt64() ? found->value.GetInt64() : 0;
  };
  const auto digest = root.FindMember("connection_digest");
  if (!read_fields(root, "credentials", state.credentials) ||
      !read_fields(root, "session", state.session) || digest == root.MemberEnd() ||
      !digest->value.IsString()) {
    return failure(malformed);
  }
  const auto formats = root.FindMember("session_formats");
  if (formats != root.MemberEnd() && formats->value.IsArray()) {
    for (const auto& format : formats->value.GetArray()) {
      if (format.IsInt()) state.session_formats.push_back(format.GetInt());
    }
  } else if (const auto format = static_cast<int>(integer("session_format")); format != 0) {
    state.session_formats = {format};  // a record of an earlier release
  }
  state.session_created_ms = integer("session_created_ms");
  state.session_expires_ms = integer("session_expires_ms");
  state.connection_digest = {digest->value.GetString(), digest->value.GetStringLength()};
  state.renewal_began_ms = integer("renewal_began_ms");
  state.refused_ms = integer("refused_ms");
  const auto refusal = root.FindMember("refusal");
  if (refusal != root.MemberEnd() && refusal->value.IsString())
    state.refusal = {refusal->value.GetString(), refusal->value.GetStringLength()};
  const auto refused_digest = root.FindMember("refused_digest");
  if (refused_digest != root.MemberEnd() && refused_digest->value.IsString())
    state.refused_digest = {refused_digest->value.GetString(),
                            refused_digest->value.GetStringLength()};
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
