#include "vector_file.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <ostream>
#include <stdexcept>

namespace penstock::tests {
namespace {

namespace fs = std::filesystem;

testing::Values read_values(const rapidjson::Value& object) {
  testing::Values out;
  for (const auto& member : object.GetObject()) {
    out.emplace_back(member.name.GetString(), text_of(member.value));
  }
  return out;
}

std::string bytes_of_hex(const std::string& hex) {
  std::string out;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    out += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  }
  return out;
}

/// A private key below the source folder, for "private_key_file": no vector holds one itself. What
/// stands before the key is a remark.
std::string read_key(const std::string& path) {
  std::ifstream stream(PENSTOCK_SOURCE_DIR "/" + path);
  const std::string text(std::istreambuf_iterator<char>(stream), {});
  const std::size_t start = text.find("-----BEGIN");
  if (start == text.npos) throw std::runtime_error("there is no key in " + path);
  return text.substr(start);
}

testing::Values read_connection(const rapidjson::Value& object) {
  testing::Values fields = read_values(object);
  for (auto& [name, value] : fields) {
    if (name != "private_key_file") continue;
    name = "private_key";
    value = read_key(value);
  }
  return fields;
}

testing::TestCall read_call(const rapidjson::Value& object) {
  only_members(object, {"method", "path", "headers", "query", "body"});
  testing::TestCall call;
  if (object.HasMember("method")) call.method = object["method"].GetString();
  if (object.HasMember("path")) call.path = object["path"].GetString();
  if (object.HasMember("headers")) call.headers = read_values(object["headers"]);
  if (object.HasMember("query")) call.query = read_values(object["query"]);
  if (object.HasMember("body")) call.body = text_of(object["body"]);
  return call;
}

testing::State read_state(const rapidjson::Value& object) {
  only_members(object, {"items", "created_ms", "expires_ms"});
  testing::State state;
  state.items = read_values(object["items"]);
  if (object.HasMember("created_ms")) state.created_ms = object["created_ms"].GetInt64();
  if (object.HasMember("expires_ms")) state.expires_ms = object["expires_ms"].GetInt64();
  return state;
}

}  // namespace

fs::path source_folder() {
  const char* named = std::getenv("PENSTOCK_TEST_PLUGINS");
  return named != nullptr ? named : PENSTOCK_SOURCE_DIR "/plugins";
}

fs::path library_folder() {
  const char* named = std::getenv("PENSTOCK_TEST_LIBRARIES");
  return named != nullptr ? named : PENSTOCK_BINARY_DIR "/plugins";
}

void PrintTo(const Vector& vector, std::ostream* out) {
  *out << vector.plugin << ": " << vector.name;
}

std::string text_of(const rapidjson::Value& value) {
  if (value.IsString()) return {value.GetString(), value.GetStringLength()};
  if (!value.IsArray()) throw std::runtime_error("a text is neither a string nor an array of them");
  std::string out;
  for (const auto& part : value.GetArray())
    out += text_of(part);
  return out;
}

void only_members(const rapidjson::Value& object, std::initializer_list<const char*> known) {
  if (!object.IsObject()) throw std::runtime_error("an object is expected");
  for (const auto& member : object.GetObject()) {
    const std::string name = member.name.GetString();
    if (std::ranges::find(known, name) == known.end()) {
      throw std::runtime_error("the member \"" + name + "\" is not known here");
    }
  }
}

testing::Given read_given(const rapidjson::Value& object) {
  only_members(object, {"api", "connection", "options", "call", "time_unix_ms", "entropy_hex",
                        "attempt", "session"});
  testing::Given given;
  if (object.HasMember("connection")) given.connection = read_connection(object["connection"]);
  if (object.HasMember("options")) given.options = read_values(object["options"]);
  if (object.HasMember("call")) given.call = read_call(object["call"]);
  given.call.api = object["api"].GetString();
  if (object.HasMember("time_unix_ms")) given.time_unix_ms = object["time_unix_ms"].GetInt64();
  if (object.HasMember("entropy_hex")) given.entropy = bytes_of_hex(text_of(object["entropy_hex"]));
  if (object.HasMember("attempt")) given.attempt = object["attempt"].GetUint();
  if (object.HasMember("session")) given.session = read_state(object["session"]);
  return given;
}

testing::TestResponse read_response(const rapidjson::Value& object) {
  only_members(object, {"status", "headers", "body", "truncated"});
  testing::TestResponse response;
  if (object.HasMember("status")) response.status = object["status"].GetInt();
  if (object.HasMember("headers")) response.headers = read_values(object["headers"]);
  if (object.HasMember("body")) response.body = text_of(object["body"]);
  if (object.HasMember("truncated")) response.truncated = object["truncated"].GetBool();
  return response;
}

std::vector<std::string> all_plugins() {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(source_folder())) {
    if (fs::exists(entry.path() / "manifest.json")) names.push_back(entry.path().filename());
  }
  std::ranges::sort(names);
  return names;
}

std::vector<Vector> all_vectors() {
  std::vector<Vector> vectors;
  for (const std::string& plugin : all_plugins()) {
    std::ifstream stream(source_folder() / plugin / "vectors.json");
    const std::string text(std::istreambuf_iterator<char>(stream), {});
    auto document = std::make_shared<rapidjson::Document>();
    document->Parse(text.data(), text.size());
    if (!stream || document->HasParseError() || !document->IsArray() || document->Empty()) {
      vectors.push_back({plugin, "vectors_json",
                         "vectors.json is missing, empty or no JSON array; offset " +
                             std::to_string(document->GetErrorOffset())});
      continue;
    }
    for (const auto& entry : document->GetArray()) {
      const bool named = entry.IsObject() && entry.HasMember("name") && entry["name"].IsString();
      vectors.push_back({plugin, named ? entry["name"].GetString() : "unnamed",
                         named ? "" : "the entry has no name", document, &entry});
    }
  }
  return vectors;
}

const testing::PluginDriver& driver(const std::string& plugin) {
  static std::map<std::string, testing::PluginDriver> drivers;
  const auto found = drivers.find(plugin);
  if (found != drivers.end()) return found->second;
  const fs::path file = library_folder() / (plugin + ".so");
  return drivers.emplace(plugin, testing::PluginDriver(file)).first->second;
}

}  // namespace penstock::tests
