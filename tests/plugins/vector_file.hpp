#pragma once

#include <filesystem>
#include <iosfwd>
#include <memory>
#include <string>
#include <vector>

#include <penstock/sdk/testing.hpp>
#include <rapidjson/document.h>

namespace penstock::tests {

/// One entry of a plugin's vectors.json (sdk/README.md tells the format).
struct Vector {
  std::string plugin, name;
  std::string trouble;  ///< why the file or the entry cannot be read; empty: it can
  std::shared_ptr<const rapidjson::Document> file;
  const rapidjson::Value* entry = nullptr;
};

/// For GoogleTest's messages.
void PrintTo(const Vector& vector, std::ostream* out);

/// Where the plugins' folders are, and where their libraries: this tree and its build, or what
/// PENSTOCK_TEST_PLUGINS and PENSTOCK_TEST_LIBRARIES name.
std::filesystem::path source_folder();
std::filesystem::path library_folder();

/// All vectors of all plugins; a file that cannot be read gives one vector that says why.
std::vector<Vector> all_vectors();

/// The names of the plugins that the build made, in alphabetical order.
std::vector<std::string> all_plugins();

/// The driver of a built plugin; loaded once.
const testing::PluginDriver& driver(const std::string& plugin);

/// `given` of a vector. Throws std::runtime_error for a member that is not known.
testing::Given read_given(const rapidjson::Value& given);
testing::TestResponse read_response(const rapidjson::Value& response);

/// A member as text: a string, or an array of strings that stand one behind the other.
std::string text_of(const rapidjson::Value& value);

/// Throws std::runtime_error for the first member that is not among `known`.
void only_members(const rapidjson::Value& object, std::initializer_list<const char*> known);

}  // namespace penstock::tests
