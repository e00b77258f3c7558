#include "attack_lists.hpp"

#include <algorithm>
#include <stdexcept>
#include <unordered_set>

#include <rapidjson/document.h>

#include "corpus.hpp"

namespace penstock::corpora {
namespace {

const char* const payload_folders[] = {"Open Redirect",
                                       "Directory Traversal",
                                       "CRLF Injection",
                                       "Server Side Request Forgery",
                                       "HTTP Parameter Pollution",
                                       "Reverse Proxy Misconfigurations",
                                       "DNS Rebinding"};

/// In order, each once.
class Lines {
 public:
  void add(std::string line) {
    if (!line.empty() && seen_.insert(line).second) all_.push_back(std::move(line));
  }
  std::vector<std::string> take() { return std::move(all_); }

 private:
  std::unordered_set<std::string> seen_;
  std::vector<std::string> all_;
};

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  for (std::size_t at = text.find(from); at != std::string::npos;
       at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
  return text;
}

void add_line(Lines& out, const std::string& line) {
  out.add(replaced(line, "{FILE}", "etc/passwd"));
  out.add(replaced(replaced(line, "\\r", "\r"), "\\n", "\n"));
}

/// What stands between backquotes, in code blocks and in the text.
void add_markdown(Lines& out, const std::filesystem::path& file) {
  for (const Block& block : blocks(file)) {
    out.add(block.text);
    for (std::size_t at = 0; at < block.text.size();) {
      const std::size_t end = std::min(block.text.find('\n', at), block.text.size());
      add_line(out, block.text.substr(at, end - at));
      at = end + 1;
    }
  }
  for (const std::string& line : lines(file)) {
    for (std::size_t open = line.find('`'); open != std::string::npos;) {
      const std::size_t close = line.find('`', open + 1);
      if (close == std::string::npos) break;
      add_line(out, line.substr(open + 1, close - open - 1));
      open = line.find('`', close + 1);
    }
  }
}

/// The text of a JSON file in which half a surrogate pair, which no UTF-8 has, became U+FFFD.
std::string with_whole_surrogates(std::string text) {
  const auto is_half = [&](std::size_t at, std::string_view letters) {
    return at + 6 <= text.size() && text[at] == '\\' && text[at + 1] == 'u' &&
           (text[at + 2] == 'd' || text[at + 2] == 'D') &&
           letters.find(text[at + 3]) != std::string_view::npos;
  };
  for (std::size_t at = text.find('\\'); at < text.size(); at = text.find('\\', at)) {
    if (is_half(at, "89abAB") && is_half(at + 6, "cdefCDEF")) {
      at += 12;
    } else if (is_half(at, "89abAB") || is_half(at, "cdefCDEF")) {
      text.replace(at + 2, 4, "fffd");
      at += 6;
    } else {
      at += 2;
    }
  }
  return text;
}

/// The `input` members of a file of the URL standard's tests.
std::vector<std::string> wpt_inputs(const char* file) {
  if (!has_public_lists()) return {};
  const std::string text = with_whole_surrogates(read_file(testdata("url-wpt/tests/wpt") / file));
  rapidjson::Document document;
  document.Parse(text.data(), text.size());
  if (document.HasParseError() || !document.IsArray())
    throw std::runtime_error(std::string(file) + " cannot be read");
  std::vector<std::string> out;
  for (const auto& one : document.GetArray()) {
    if (!one.IsObject()) continue;  // a comment
    const auto& input = one["input"];
    out.emplace_back(input.GetString(), input.GetStringLength());
  }
  return out;
}

/// What a naive reader takes for the host: between "//" (or the start) and the next delimiter.
std::string host_in(std::string_view url) {
  const std::size_t slashes = url.find("//");
  if (slashes != std::string_view::npos) url.remove_prefix(slashes + 2);
  url = url.substr(0, url.find_first_of("/?#\\"));
  const std::size_t at = url.rfind('@');
  if (at != std::string_view::npos) url.remove_prefix(at + 1);
  if (url.starts_with('[')) return std::string(url.substr(0, url.find(']') + 1));
  return std::string(url.substr(0, url.find(':')));
}

}  // namespace

bool has_public_lists() {
  return std::filesystem::exists(testdata("payloads")) &&
         std::filesystem::exists(testdata("ssrf/patt/ssrf_urls.txt")) &&
         std::filesystem::exists(testdata("url-wpt/tests/wpt/urltestdata.json"));
}

std::vector<std::string> ssrf_urls() {
  std::vector<std::string> out = lines(seeds("ssrf_urls.txt"));
  std::ranges::move(lines(testdata("ssrf/patt/ssrf_urls.txt")), std::back_inserter(out));
  std::ranges::move(lines(testdata("ssrf/seclists/SSRF_hacktricks.txt")), std::back_inserter(out));
  return out;
}

std::vector<std::string> ssrf_hosts() {
  Lines out;
  for (const std::string& url : ssrf_urls())
    out.add(host_in(url));
  for (const char* file : {"urltestdata.json", "ada_extra_urltestdata.json"}) {
    for (const std::string& url : wpt_inputs(file))
      out.add(host_in(url));
  }
  for (const std::string& host : wpt_inputs("toascii.json"))
    out.add(host);
  return out.take();
}

std::vector<std::string> attack_lines() {
  Lines out;
  for (const std::string& line : lines(seeds("attack_lines.txt")))
    add_line(out, line);
  for (const char* folder : payload_folders) {
    for (const Sample& file : files(testdata("payloads") / folder)) {
      const std::filesystem::path path = testdata("payloads") / folder / file.name;
      if (path.extension() == ".md") {
        add_markdown(out, path);
      } else {
        for (const std::string& line : lines(path))
          add_line(out, line);
      }
    }
  }
  for (const std::string& url : ssrf_urls())
    add_line(out, url);
  for (const char* file : {"urltestdata.json", "ada_extra_urltestdata.json",
                           "urltestdata-javascript-only.json", "percent-encoding.json"}) {
    for (const std::string& input : wpt_inputs(file))
      out.add(input);
  }
  return out.take();
}

}  // namespace penstock::corpora
