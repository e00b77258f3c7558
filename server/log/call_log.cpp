#include "log/call_log.hpp"

#include <array>
#include <cstdio>
#include <ctime>

#include <rapidjson/memorystream.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

namespace penstock::server {
namespace {

using Utf8 = rapidjson::UTF8<>;
/// Writes ASCII: anything that a terminal or a log reader could take for a command becomes \uXXXX.
using LineWriter = rapidjson::Writer<rapidjson::StringBuffer, Utf8, rapidjson::ASCII<>>;

constexpr std::size_t max_value = 512;
constexpr std::size_t max_message = 2048;

/// `text` as valid UTF-8, cut near `longest` bytes; DEL, which the writer would not escape, becomes
/// its symbol.
std::string loggable(std::string_view text, std::size_t longest) {
  rapidjson::StringBuffer out;
  rapidjson::MemoryStream in(text.data(), text.size());
  while (in.Tell() < text.size() && out.GetSize() < longest) {
    unsigned code_point = 0;
    if (!Utf8::Decode(in, &code_point)) code_point = 0xFFFD;
    Utf8::Encode(out, code_point == 0x7F ? 0x2421 : code_point);
  }
  return {out.GetString(), out.GetSize()};
}

class Line {
 public:
  /// Writes the members that every line begins with.
  Line(Level level, std::string_view event, std::chrono::system_clock::time_point now);

  void text(const char* name, std::string_view value, std::size_t longest = max_value) {
    if (value.empty()) return;
    const std::string safe = loggable(value, longest);
    writer_.Key(name);
    writer_.String(safe.data(), static_cast<rapidjson::SizeType>(safe.size()));
  }

  void message(std::string_view value) { text("message", value, max_message); }

  void number(const char* name, int value) {
    writer_.Key(name);
    writer_.Int(value);
  }

  void milliseconds(const char* name, std::chrono::microseconds value) {
    writer_.Key(name);
    writer_.Double(static_cast<double>(value.count()) / 1000.0);
  }

  std::string finish() {
    writer_.EndObject();
    return {buffer_.GetString(), buffer_.GetSize()};
  }

 private:
  rapidjson::StringBuffer buffer_;
  LineWriter writer_;
};

std::string timestamp(std::chrono::system_clock::time_point now) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(now);
  const auto millis =
      std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count() % 1000;
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  std::array<char, 32> text{};
  const std::size_t length = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &utc);
  std::snprintf(text.data() + length, text.size() - length, ".%03dZ", static_cast<int>(millis));
  return text.data();
}

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

Line::Line(Level level, std::string_view event, std::chrono::system_clock::time_point now)
    : writer_(buffer_) {
  writer_.StartObject();
  text("ts", timestamp(now));
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
  return line.finish();
}

std::string slow_client_line(const CallRecord& request, std::string_view message,
                             std::chrono::system_clock::time_point now) {
  Line line(Level::warn, "slow_client", now);
  append_request(line, request);
  line.message(message);
  return line.finish();
}

std::string log_line(Level level, std::string_view event, std::string_view message,
                     std::chrono::system_clock::time_point now) {
  Line line(level, event, now);
  line.message(message);
  return line.finish();
}

}  // namespace penstock::server
