#include "http_cases.hpp"

#include <algorithm>
#include <stdexcept>

#include <penstock/text.hpp>
#include <rapidjson/document.h>

#include "corpus.hpp"
#include "http_seeds.hpp"

namespace penstock::corpora {
namespace {

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  for (std::size_t at = text.find(from); at != std::string::npos;
       at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
  return text;
}

std::string with_crlf(std::string text) {
  return replaced(replaced(std::move(text), "\r\n", "\n"), "\n", "\r\n");
}

/// llhttp's notation: a backslash before a line end joins lines, \r \n \t \f and \x41 are bytes.
std::string unescaped(std::string text) {
  text.erase(std::min(text.size(), text.rfind('\n')));
  text = with_crlf(replaced(std::move(text), "\\\n", ""));
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char next = text[i] == '\\' && i + 1 < text.size() ? text[i + 1] : '\0';
    const std::size_t which = std::string_view("rntf").find(next);
    if (next != '\0' && which != std::string_view::npos) {
      out += "\r\n\t\f"[which];
      ++i;
    } else if (next == 'x') {
      const std::size_t end =
          std::min(text.find_first_not_of("0123456789abcdefABCDEF", i + 2), text.size());
      out += static_cast<char>(std::stoi(text.substr(i + 2, end - i - 2), nullptr, 16));
      i = end - 1;
    } else {
      out += text[i];
    }
  }
  return out;
}

/// The messages that llhttp's log tells of. Line ends in bodies are written as `=cr` and `=lf`.
std::vector<Message> messages_in(const std::string& log) {
  std::vector<Message> out;
  for (std::size_t at = 0; at < log.size();) {
    const std::size_t end = std::min(log.find('\n', at), log.size());
    const std::string line = log.substr(at, end - at);
    at = end + 1;
    const auto after = [&](std::string_view word) {
      const std::size_t found = line.find(word);
      return found == std::string::npos ? std::string() : line.substr(found + word.size());
    };
    if (line.ends_with("message begin")) {
      out.push_back({});
    } else if (out.empty()) {
      continue;
    } else if (line.ends_with("message complete")) {
      out.back().complete = true;
    } else if (const std::string status = after("headers complete status="); !status.empty()) {
      out.back().status = std::stoi(status);
    } else if (const std::string body = after("span[body]="); !body.empty()) {
      out.back().body += body == "cr"   ? "\r"
                         : body == "lf" ? "\n"
                                        : body.substr(1, body.size() - 2);
    }
  }
  std::erase_if(out, [](const Message& message) {
    return message.status >= 100 && message.status < 200 && message.status != 101;
  });
  return out;
}

HttpCase llhttp_case(const std::string& name, const Block& http, const std::string& log) {
  HttpCase out;
  out.name = name;
  out.raw = unescaped(http.text);
  out.messages = messages_in(log);
  out.strict = http.meta.find("lenient") == std::string::npos;
  const std::size_t error = log.find("error code=");
  // Its parser says of a pause that was asked for, or of an upgrade, as if it were an error.
  const bool paused = log.find("error code=21") != std::string::npos ||
                      log.find("error code=22") != std::string::npos ||
                      http.meta.find("pause") != std::string::npos;
  if (error != std::string::npos && !paused)
    out.error = log.substr(error, log.find('\n', error) - error);
  return out;
}

rapidjson::Document json_file(const std::filesystem::path& file) {
  const std::string text = read_file(file);
  rapidjson::Document out;
  out.Parse(text.data(), text.size());
  if (out.HasParseError()) throw std::runtime_error(file.string() + " cannot be read");
  return out;
}

bool is_request(std::string_view text) {
  const std::string_view line = text.substr(0, text.find_first_of("\r\n"));
  const bool versioned = line.ends_with(" HTTP/1.1") || line.ends_with(" HTTP/1.0");
  return versioned && line.front() >= 'A' && line.front() <= 'Z';
}

}  // namespace

int HttpCase::complete() const {
  return static_cast<int>(std::ranges::count(messages, true, &Message::complete));
}

std::vector<HttpCase> llhttp_cases(const std::string& kind) {
  std::vector<HttpCase> out;
  const std::filesystem::path folder = testdata("http1/llhttp/test") / kind;
  for (const Sample& file : files(folder)) {
    std::optional<Block> http;
    for (const Block& block : blocks(folder / file.name)) {
      if (block.language == "http") http = block;
      if (block.language != "log" || !http) continue;
      out.push_back(llhttp_case(file.name + " / " + http->heading, *http, block.text));
      http.reset();
    }
  }
  return out;
}

std::vector<HttpCase> seed_requests() {
  std::vector<HttpCase> out;
  for (const HttpSeed& seed : http_seeds("requests.tsv")) {
    HttpCase one;
    one.name = "seed " + seed.name;
    one.raw = seed.raw;
    if (seed.verdict == "valid") {
      one.messages = {{.complete = true}};
    } else {
      one.error = "it is invalid";
    }
    out.push_back(std::move(one));
  }
  return out;
}

std::vector<HttpCase> gunicorn_cases() {
  std::vector<HttpCase> out;
  const rapidjson::Document document = json_file(testdata("http1/gunicorn/cases.json"));
  for (const auto& [name, value] : document["cases"].GetObject()) {
    if (!value["cfg"].ObjectEmpty()) continue;
    HttpCase one;
    one.name = name.GetString();
    one.raw = base64_decode(value["raw_b64"].GetString()).value();
    if (value.HasMember("requests")) {
      one.messages.assign(value["requests"].Size(), {.complete = true});
    } else {
      one.error = value["error"].GetString();
    }
    out.push_back(std::move(one));
  }
  return out;
}

std::vector<HttpCase> rfc_requests() {
  std::vector<HttpCase> out;
  const rapidjson::Document document =
      json_file(testdata("http1/rfc9110/http_message_examples.json"));
  for (const auto& example : document["examples"].GetArray()) {
    const std::string text = example["text"].GetString();
    if (!is_request(text) || text.find("<x:") != std::string::npos) continue;
    HttpCase one;
    one.name = text.substr(0, text.find('\n'));
    one.raw = with_crlf(text.find("\n\n") == std::string::npos ? text + "\n\n" : text);
    one.messages = {{.complete = true}};
    out.push_back(std::move(one));
  }
  return out;
}

std::vector<HttpCase> smuggling_cases() {
  std::vector<HttpCase> out;
  const auto add = [&](const std::string& name, std::string raw) {
    HttpCase one;
    one.name = name;
    one.raw = std::move(raw);
    // Where only one length is given there is one request, whatever its body looks like.
    if (one.raw.find("Transfer-Encoding") == std::string::npos) {
      one.messages = {{.complete = true}};
    } else {
      one.error = "two readers could frame it differently";
    }
    out.push_back(std::move(one));
  };
  for (const Block& block : blocks(testdata("payloads/Request Smuggling/README.md"))) {
    if (is_request(block.text)) {
      add(block.heading, with_crlf(block.text));
    } else if (block.text.starts_with("Transfer-Encoding")) {
      std::string text = replaced(block.text, "Transfer-Encoding\n:", "Transfer-Encoding\r\n:");
      text = replaced(replaced(text, "[tab]", "\t"), "[space]", " ");
      for (std::size_t at = 0; at < text.size();) {
        std::size_t end = text.find('\n', at);
        if (end > 0 && text[end - 1] == '\r') end = text.find('\n', end + 1);
        const std::string line = text.substr(at, end - at);
        at = end + 1;
        const std::string hidden = "GET /v1/integrations/smuggled HTTP/1.1\r\nHost: x\r\n\r\n";
        for (const char* length : {"5", "0"}) {
          add("TE.TE " + line + " beside Content-Length: " + length,
              "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::string(length) + "\r\n" +
                  replaced(line, "[\\n]", "\n") + "\r\n\r\n0\r\n\r\n" + hidden);
        }
      }
    }
  }
  return out;
}

}  // namespace penstock::corpora
