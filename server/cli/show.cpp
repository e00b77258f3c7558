#include <algorithm>
#include <iomanip>
#include <iostream>
#include <sstream>

#include <rapidjson/document.h>

#include "base/text.hpp"
#include "cli/commands.hpp"
#include "http/catalog_json.hpp"

namespace penstock::cli {
namespace {

using Row = std::vector<std::string>;

/// Columns as wide as their widest cell; the last one is not padded.
void print_table(const std::vector<Row>& rows) {
  std::vector<std::size_t> widths;
  for (const Row& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i)
      widths[i] = std::max(widths[i], row[i].size());
  }
  for (const Row& row : rows) {
    for (std::size_t i = 0; i + 1 < row.size(); ++i) {
      std::cout << std::left << std::setw(static_cast<int>(widths[i]) + 2) << row[i];
    }
    std::cout << (row.empty() ? "" : row.back()) << '\n';
  }
}

std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words)
    out += (out.empty() ? "" : " ") + word;
  return out;
}

std::string member(const rapidjson::Value& value, const char* name) {
  const auto found = value.FindMember(name);
  return found != value.MemberEnd() && found->value.IsString() ? found->value.GetString() : "";
}

/// One property of an object schema, as people need it.
struct Property {
  std::string name;
  std::string about;  ///< "required", "default 38.2", its values, its description
  bool required = false;
};

std::string about(const rapidjson::Value& schema, bool required) {
  std::string out = required ? "required" : "";
  const auto add = [&](const std::string& text) { out += (out.empty() ? "" : "; ") + text; };
  if (const std::string fallback = member(schema, "default"); !fallback.empty())
    add("default " + fallback);
  if (const auto values = schema.FindMember("enum");
      values != schema.MemberEnd() && values->value.IsArray()) {
    std::vector<std::string> words;
    for (const auto& value : values->value.GetArray()) {
      if (value.IsString()) words.emplace_back(value.GetString());
    }
    add("one of " + joined(words));
  }
  if (const std::string text = member(schema, "description"); !text.empty()) add(text);
  return out;
}

std::vector<Property> properties(const std::string& schema,
                                 const std::vector<std::string>& also_required) {
  std::vector<Property> out;
  rapidjson::Document document;
  document.Parse(schema.data(), schema.size());
  if (!document.IsObject() || !document.HasMember("properties") ||
      !document["properties"].IsObject())
    return out;
  std::vector<std::string> required = also_required;
  if (document.HasMember("required") && document["required"].IsArray()) {
    for (const auto& name : document["required"].GetArray()) {
      if (name.IsString()) required.emplace_back(name.GetString());
    }
  }
  for (const auto& property : document["properties"].GetObject()) {
    const std::string name = property.name.GetString();
    const bool needed = std::ranges::find(required, name) != required.end();
    out.push_back({name, property.value.IsObject() ? about(property.value, needed) : "", needed});
  }
  return out;
}

std::string names(const std::vector<Property>& list) {
  std::vector<std::string> words;
  for (const Property& property : list)
    words.push_back(property.required ? property.name : "[" + property.name + "]");
  return words.empty() ? "-" : joined(words);
}

/// A word for a POSIX shell.
std::string shell_word(const std::string& word) {
  constexpr std::string_view plain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:=@,+%";
  if (!word.empty() && word.find_first_not_of(plain) == std::string::npos) return word;
  std::string out = "'";
  for (const char c : word)
    out += c == '\'' ? "'\\''" : std::string(1, c);
  return out + "'";
}

std::string example_command(const ApiInfo& api, const ExampleCall& example) {
  std::string out = "penstock call " + api.tool + "/" + api.api + " " + example.method + " " +
                    shell_word(example.path);
  out += " -i " + shell_word(api.tool + ":…");
  rapidjson::Document options;
  options.Parse(example.api_options.data(), example.api_options.size());
  if (options.IsObject()) {
    for (const auto& option : options.GetObject()) {
      if (option.value.IsString()) {
        out += " -o " +
               shell_word(std::string(option.name.GetString()) + "=" + option.value.GetString());
      }
    }
  }
  for (const Field& param : example.params)
    out += " -q " + shell_word(param.name + "=" + param.value);
  if (!example.data.empty()) {
    rapidjson::Document data;
    data.Parse(example.data.data(), example.data.size());
    out +=
        " -d " + shell_word(data.IsString() ? std::string(data.GetString(), data.GetStringLength())
                                            : example.data);
  }
  return out;
}

void print_properties(std::string_view title, const std::vector<Property>& list) {
  std::cout << '\n' << title << (list.empty() ? " none\n" : "\n");
  std::vector<Row> rows;
  for (const Property& property : list)
    rows.push_back({"  " + property.name, property.about});
  print_table(rows);
}

void explain(const ApiInfo& api) {
  std::cout << api.tool << '/' << api.api << "  " << api.title << '\n';
  std::vector<Row> rows{
      {"docs", api.docs_url}, {"methods", joined(api.methods)}, {"plugin", api.plugin}};
  for (const std::string& url : api.base_urls)
    rows.push_back({"base URL", url});
  if (api.soap) rows.push_back({"kind", "SOAP: data is the XML inside the Body"});
  print_table(rows);
  print_properties("api_options:", properties(api.options_schema, {}));
  print_properties("connection fields:", properties(api.connection_schema, api.required_fields));
  if (!api.examples.empty()) std::cout << "\nexamples:\n";
  for (const ExampleCall& example : api.examples) {
    std::cout << "  # " << example.title << "\n  " << example_command(api, example) << '\n';
  }
}

}  // namespace

int apis(const CommandLine& line) {
  const auto engine = open_engine(line, false);
  if (!engine) return exit_failed;
  const std::vector<ApiInfo> catalog = engine->catalog();
  if (line.target.empty()) {
    if (line.json) {
      std::cout << server::apis_json(catalog, true) << '\n';
      return exit_done;
    }
    std::vector<Row> rows{{"API", "TITLE", "OPTIONS", "CONNECTION"}};
    for (const ApiInfo& api : catalog) {
      rows.push_back({api.tool + "/" + api.api, api.title,
                      names(properties(api.options_schema, {})),
                      api.required_fields.empty() ? "-" : joined(api.required_fields)});
    }
    print_table(rows);
    return exit_done;
  }
  std::vector<std::string> known;
  for (const ApiInfo& api : catalog) {
    known.push_back(api.tool + "/" + api.api);
    if (known.back() != line.target) continue;
    if (line.json) {
      std::cout << server::api_json(api, true) << '\n';
    } else {
      explain(api);
    }
    return exit_done;
  }
  std::cerr << "penstock apis: there is no API of that name" << did_you_mean(line.target, known)
            << '\n';
  return exit_failed;
}

int plugins(const CommandLine& line) {
  const auto engine = open_engine(line, false);
  if (!engine) return exit_failed;
  const std::vector<PluginInfo> loaded = engine->plugins();
  if (line.json) {
    std::cout << server::plugins_json(loaded) << '\n';
    return exit_done;
  }
  std::vector<Row> rows{{"PLUGIN", "VERSION", "ABI", "APIS", "SHA256", "FILE"}};
  for (const PluginInfo& plugin : loaded) {
    rows.push_back({plugin.name, plugin.version, plugin.abi, joined(plugin.apis),
                    plugin.sha256.substr(0, 12), plugin.file});
  }
  print_table(rows);
  return exit_done;
}

int check(const CommandLine& line) {
  const auto engine = open_engine(line, false);
  if (!engine) return exit_failed;
  std::cout << line.config.string() << ": fine; " << engine->plugins().size() << " plugins, "
            << engine->catalog().size() << " APIs, " << engine->integrations().size()
            << " integrations\n";
  return exit_done;
}

}  // namespace penstock::cli
