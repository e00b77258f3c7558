#include "cli/problem_formats.hpp"

#include <penstock/hex.hpp>
#include <penstock/json_writer.hpp>

#include "cli/problem_text.hpp"

namespace penstock::cli {
namespace {

/// Escapes like actions/toolkit; `more` are the characters that end a property.
std::string escaped(std::string_view text, std::string_view more) {
  std::string out;
  for (const char c : text) {
    if (c == '%' || c == '\r' || c == '\n' || more.find(c) != std::string_view::npos) {
      out += '%';
      append_hex(out, c, upper_hex_digits);
    } else {
      out += c;
    }
  }
  return out;
}

std::string property(std::string_view text) { return escaped(printable(text), ":,"); }

std::string problem_json(const ConfigProblem& problem) {
  JsonObject out;
  out.text("file", printable(problem.file));
  if (problem.at.line > 0) {
    out.number("line", problem.at.line).number("column", problem.at.column);
    if (problem.at.length > 0) out.number("end_column", problem.at.column + problem.at.length);
  }
  out.text("message", printable(problem.message));
  if (!problem.suggestion.empty()) out.text("suggestion", printable(problem.suggestion));
  return out.done();
}

std::string list_json(const ConfigProblems& problems) {
  std::vector<std::string> out;
  for (const ConfigProblem& problem : problems)
    out.push_back(problem_json(problem));
  return json_array(out);
}

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

std::string problems_json(const ConfigProblems& problems, const ConfigProblems& notes) {
  JsonObject out;
  out.json("problems", list_json(problems));
  if (!notes.empty()) out.json("notes", list_json(notes));
  return out.done();
}

std::string problems_github(const ConfigProblems& problems) {
  return annotations(problems, "error");
}

std::string notes_github(const ConfigProblems& notes) { return annotations(notes, "notice"); }

}  // namespace penstock::cli
