#pragma once

#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace penstock::corpora {

/// A line of seeds/http/requests.tsv or answers.tsv.
struct HttpSeed {
  std::string verdict;  ///< "valid", "invalid"; of answers "whole", "last", "odd", "refused"
  std::string name;
  std::string raw;
  int status = 0;    ///< of an answer
  std::string body;  ///< of an answer
};

/// \r, \n, \t, \\ and \x41 as the bytes that they stand for.
inline std::string unescaped_seed(const std::string& text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      out += text[i];
      continue;
    }
    switch (const char kind = text.at(++i); kind) {
    case 'r':
      out += '\r';
      break;
    case 'n':
      out += '\n';
      break;
    case 't':
      out += '\t';
      break;
    case 'x':
      out += static_cast<char>(std::stoi(text.substr(i + 1, 2), nullptr, 16));
      i += 2;
      break;
    default:
      out += kind;
    }
  }
  return out;
}

/// All of `file`, "requests.tsv" or "answers.tsv", but for its first line, which names the columns.
inline std::vector<HttpSeed> http_seeds(const std::string& file) {
  std::ifstream stream(PENSTOCK_SOURCE_DIR "/tests/corpora/seeds/http/" + file, std::ios::binary);
  std::vector<HttpSeed> out;
  std::string line;
  for (std::getline(stream, line); std::getline(stream, line);) {
    std::vector<std::string> columns(1);
    for (const char c : line)
      c == '\t' ? void(columns.emplace_back()) : columns.back().push_back(c);
    if (columns.size() < 3) throw std::runtime_error(file + " has a line without three columns");
    columns.resize(5);
    out.push_back({columns[0], columns[1], unescaped_seed(columns[2]),
                   columns[3].empty() ? 0 : std::stoi(columns[3]), unescaped_seed(columns[4])});
  }
  if (out.empty()) throw std::runtime_error(file + " has no seeds");
  return out;
}

}  // namespace penstock::corpora
