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
/// To ASCII: whatever a terminal or a log reader could take for a command leaves as \uXXXX.
using LineWriter = rapidjson::Writer<rapidjson::StringBuffer, Utf8, rapidjson::ASCII<>>;

constexpr std::size_t longest_value = 512;

/// Valid UTF-8 of `text`, cut to a sensible length; DEL, which the writer would leave alone, as its
/// symbol.
std::string loggable(std::string_view text) {
  rapidjson::StringBuffer out;
  rapidjson::MemoryStream in(text.data(), text.size());
  while (in.Tell() < text.size() && out.GetSize() < longest_value) {
    unsigned code_point = 0;
    if (!Utf8::Decode(in, &code_point)) code_point = 0xFFFD;
    Utf8::Encode(out, code_point == 0x7F ? 0x2421 : code_point);
  }
  return {out.GetString(), out.GetSize()};
}

class Line {
 public:
  Line() : writer_(buffer_) { writer_.StartObject(); }

  void text(const char* name, std::string_view value) {
    if (value.empty()) return;
    const std::string safe = loggable(value);
    writer_.Key(name);
    writer_.String(safe.data(), static_cast<rapidjson::SizeType>(safe.size()));
  }

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

std::string_view level_of(const CallRecord& record) {
  if (!record.error) return "info";
  return record.error->origin == Origin::engine || record.error->origin == Origin::plugin ? "error"
                                                                                          : "warn";
}

}  // namespace

std::string log_line(const CallRecord& record, std::chrono::system_clock::time_point now) {
  Line line;
  line.text("ts", timestamp(now));
  line.text("level", level_of(record));
  line.text("event", record.event);
  line.text("request_id", record.request_id);
  line.text("client", record.client);
  line.text("key", record.key);
  line.text("integration", record.integration);
  line.text("tool", record.tool);
  line.text("api", record.api);
  line.text("method", record.method);
  line.text("path", std::string_view(record.path).substr(0, record.path.find('?')));
  line.number("http_status", record.http_status);
  if (record.vendor_status != 0) line.number("vendor_status", record.vendor_status);
  if (record.error) {
    line.text("code", text(record.error->code));
    line.text("origin", text(record.error->origin));
    line.text("phase", text(record.error->phase));
    line.text("sent", text(record.error->sent));
  }
  line.milliseconds("total_ms", record.total);
  if (record.vendor.count() != 0) line.milliseconds("vendor_ms", record.vendor);
  line.text("plugin", record.plugin);
  return line.finish();
}

std::string log_line(std::string_view level, std::string_view event, std::string_view message,
                     std::chrono::system_clock::time_point now) {
  Line line;
  line.text("ts", timestamp(now));
  line.text("level", level);
  line.text("event", event);
  line.text("message", message);
  return line.finish();
}

}  // namespace penstock::server
