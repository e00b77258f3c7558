#include "cli/problem_formats.hpp"

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include "cli/problem_text.hpp"

namespace penstock::cli {
namespace {

/// Escapes like actions/toolkit; `more` are the characters that end a property.
std::string escaped(std::string_view text, std::string_view more) {
  constexpr std::string_view hex = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    if (c == '%' || c == '\r' || c == '\n' || more.find(c) != std::string_view::npos) {
      const auto byte = static_cast<unsigned char>(c);
      out += {'%', hex[byte >> 4U], hex[byte & 15U]};
    } else {
      out += c;
    }
  }
  return out;
}

std::string property(std::string_view text) { return escaped(printable(text), ":,"); }

}  // namespace

std::string problems_json(const ConfigProblems& problems, const ConfigProblems& notes) {
  rapidjson::StringBuffer buffer;
  rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
  const auto text = [&](const char* name, const std::string& value) {
    writer.Key(name);
    writer.String(printable(value));
  };
  const auto number = [&](const char* name, int value) {
    writer.Key(name);
    writer.Int(value);
  };
  const auto write = [&](const ConfigProblem& problem) {
    writer.StartObject();
    text("file", problem.file);
    if (problem.at.line > 0) {
      number("line", problem.at.line);
      number("column", problem.at.column);
      if (problem.at.length > 0) number("end_column", problem.at.column + problem.at.length);
    }
    text("message", problem.message);
    if (!problem.suggestion.empty()) text("suggestion", problem.suggestion);
    writer.EndObject();
  };
  const auto list = [&](const char* name, const ConfigProblems& found) {
    writer.Key(name);
    writer.StartArray();
    for (const ConfigProblem& problem : found)
      write(problem);
    writer.EndArray();
  };
  writer.StartObject();
  list("problems", problems);
  if (!notes.empty()) list("notes", notes);
  writer.EndObject();
  return {buffer.GetString(), buffer.GetSize()};
}

namespace {

std::string annotations(const ConfigProblems& problems, const std::string& command) {
  std::string out;
  for (const ConfigProblem& problem : problems) {
    out += "::" + command + " file=" + property(problem.file);
    if (problem.at.line > 0) {
      out +=
          ",line=" + std::to_string(problem.at.line) + ",col=" + std::to_string(problem.at.column);
      if (problem.at.length > 0)
        out += ",endColumn=" + std::to_string(problem.at.column + problem.at.length);
    }
    out += ",title=penstock check::" + escaped(printable(problem.message), "") + "\n";
  }
  return out;
}

}  // namespace

std::string problems_github(const ConfigProblems& problems) {
  return annotations(problems, "error");
}

std::string notes_github(const ConfigProblems& notes) { return annotations(notes, "notice"); }

}  // namespace penstock::cli
