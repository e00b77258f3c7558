#include "log/call_log.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include <penstock/text.hpp>
#include <penstock/utf8.hpp>

namespace penstock::server {
namespace {

constexpr std::size_t max_value = 512;
constexpr std::size_t max_message = 2048;

void append_code_unit(std::string& out, unsigned unit) {
  constexpr std::string_view hex = "0123456789ABCDEF";
  out += {'\\',           'u', hex[unit >> 12U], hex[(unit >> 8U) & 15U], hex[(unit >> 4U) & 15U],
          hex[unit & 15U]};
}

void append_escape(std::string& out, char32_t c) {
  constexpr std::string_view plain = "\"\\\b\f\n\r\t", letters = "\"\\bfnrt";
  const std::size_t known = c < 0x80 ? plain.find(static_cast<char>(c)) : std::string_view::npos;
  if (known != std::string_view::npos) {
    out += {'\\', letters[known]};
  } else if (c >= 0x10000) {
    append_code_unit(out, 0xD800 + ((c - 0x10000) >> 10U));
    append_code_unit(out, 0xDC00 + ((c - 0x10000) & 0x3FFU));
  } else {
    append_code_unit(out, c == 0x7F ? 0x2421 : c);  // DEL is not to be seen: its symbol
  }
}

bool is_plain(char c) { return c >= ' ' && c < 0x7F && c != '"' && c != '\\'; }

/// Appends a JSON string in printable ASCII, without its quotes: anything that a terminal or a log
/// reader could take for a command becomes \uXXXX, a byte that is not UTF-8 becomes U+FFFD.
void append_ascii(std::string& out, std::string_view text) {
  for (;;) {
    const auto run =
        static_cast<std::size_t>(std::ranges::find_if_not(text, is_plain) - text.begin());
    out.append(text, 0, run);
    text.remove_prefix(run);
    if (text.empty()) return;
    const Utf8Character read = decode_utf8(text);
    append_escape(out, read.length == 0 ? 0xFFFD : read.code_point);
    text.remove_prefix(std::max<std::size_t>(read.length, 1));
  }
}

class Line {
 public:
  /// Writes the members that every line begins with.
  Line(Level level, std::string_view event, std::chrono::system_clock::time_point now);

  /// Cut near `longest` bytes; if empty, the member is omitted.
  void text(std::string_view name, std::string_view value, std::size_t longest = max_value) {
    if (value.empty()) return;
    start(name) += '"';
    append_ascii(out_, utf8_prefix(value, longest));
    out_ += '"';
  }

  void message(std::string_view value) { text("message", value, max_message); }

  void number(std::string_view name, int value) { start(name) += std::to_string(value); }

  /// With up to three decimals: 12.0, 0.25.
  void milliseconds(std::string_view name, std::chrono::microseconds value) {
    std::string decimals = std::to_string(1000 + value.count() % 1000);
    decimals.erase(std::max<std::size_t>(decimals.find_last_not_of('0') + 1, 2));
    start(name).append(std::to_string(value.count() / 1000)).append(".").append(decimals, 1);
  }

  std::string finish() && { return std::move(out_ += '}'); }

 private:
  /// Begins a member; names are plain ASCII.
  std::string& start(std::string_view name) {
    out_ += out_.empty() ? "{\"" : ",\"";
    return out_.append(name).append("\":");
  }

  std::string out_;
};

const char* name_of(Level level) {
  switch (level) {
  case Level::debug:
    return "debug";
  case Level::info:
    return "info";
  case Level::warn:
    return "warn";
  case Level::error:
    break;
  }
  return "error";
}

Line::Line(Level level, std::string_view event, std::chrono::system_clock::time_point now) {
  out_.reserve(512);
  const auto since_epoch =
      std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch());
  text("ts", rfc_3339_with_ms(since_epoch.count()));
  text("level", name_of(level));
  text("event", event);
}

/// Info without an error, whatever the vendor's status. Error for failures of the engine or a
/// plugin, but not for the engine's own rejections with 503, such as a shutdown.
Level level_of(const CallRecord& record) {
  if (!record.error) return Level::info;
  const bool is_ours =
      record.error->origin == Origin::engine || record.error->origin == Origin::plugin;
  return is_ours && record.http_status != 503 ? Level::error : Level::warn;
}

/// Writes the members that identify the request and its caller.
void append_request(Line& line, const CallRecord& record) {
  line.text("request_id", record.request_id);
  line.text("client", record.client);
  line.text("key", record.key);
  line.text("integration", record.integration);
  line.text("tool", record.tool);
  line.text("api", record.api);
  line.text("method", record.method);
  line.text("path", std::string_view(record.path).substr(0, record.path.find('?')));
}

}  // namespace

std::string log_line(const CallRecord& record, std::chrono::system_clock::time_point now) {
  Line line(level_of(record), record.event, now);
  append_request(line, record);
  line.number("http_status", record.http_status);
  if (record.vendor_status != 0) line.number("vendor_status", record.vendor_status);
  if (record.error) {
    line.text("code", text(record.error->code));
    line.text("origin", text(record.error->origin));
    line.text("phase", text(record.error->phase));
    line.text("sent", text(record.error->sent));
    line.message(record.error->message);
  }
  line.milliseconds("total_ms", record.total);
  if (record.vendor.count() != 0) line.milliseconds("vendor_ms", record.vendor);
  line.text("plugin", record.plugin);
  return std::move(line).finish();
}

std::string slow_client_line(const CallRecord& request, std::string_view message,
                             std::chrono::system_clock::time_point now) {
  Line line(Level::warn, "slow_client", now);
  append_request(line, request);
  line.message(message);
  return std::move(line).finish();
}

std::string log_line(Level level, std::string_view event, std::string_view message,
                     std::chrono::system_clock::time_point now) {
  Line line(level, event, now);
  line.message(message);
  return std::move(line).finish();
}

}  // namespace penstock::server
