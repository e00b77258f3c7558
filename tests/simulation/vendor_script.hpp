#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace penstock::simulation {

/// A seed's stream of choices.
class Random {
 public:
  explicit Random(std::uint64_t seed) : engine_(seed) {}

  /// 0 to n - 1.
  std::size_t pick(std::size_t n) { return static_cast<std::size_t>(engine_() % n); }
  bool chance(double p) { return static_cast<double>(engine_() % 1'000'000) < p * 1'000'000; }

 private:
  std::mt19937_64 engine_;
};

/// What a vendor may do with a request, with a connection that nobody uses, or with a new one.
enum class Trick : std::uint8_t {
  honest,
  announced_close,
  interim_answers,
  excess_in_record,
  excess_in_segment,
  poison_in_record,
  poison_in_segment,
  poison_later,
  content_without_body,
  close_with_answer,
  close_after_answer,
  reset_after_answer,
  cut_by_close_notify,
  cut_by_fin,
  cut_by_reset,
  cut_by_garbage,
  unframed_cut_by_fin,
  bad_chunks,
  two_lengths,
  no_answer,
  close_unanswered,
  half_close_unanswered,
  reset_unanswered,
  close_unanswered_and_refuse,
  part_read_then_closed,
  part_read_then_reset,
  part_read_then_silence,
  early_answer_drained,
  early_answer_unread,
  early_answer_then_reset,

  idle_poison,
  idle_excess,
  idle_408,
  idle_close_notify,
  idle_fin,
  idle_reset,
  idle_garbage,
  idle_key_update,

  refused_connections,
};
inline constexpr auto first_idle_trick = Trick::idle_poison;
inline constexpr auto first_connection_trick = Trick::refused_connections;
inline constexpr std::size_t tricks = static_cast<std::size_t>(Trick::refused_connections) + 1;

std::string_view name(Trick trick);

/// One thing that a connection does.
struct Step {
  enum class Kind : std::uint8_t {
    record,        ///< `bytes` in TLS records, which wait to be sent
    close_notify,  ///< the TLS alert, which waits to be sent
    garbage,       ///< a TLS record that cannot be decrypted, which waits to be sent
    key_update,    ///< TLS 1.3 renews its keys: nothing for the reader
    send,          ///< all that waits leaves in one system call
    send_some,     ///< the first `number` bytes of it
    wait,          ///< `number` ms
    extra,         ///< from here on the bytes belong to no request; `number` 0: they may race
    last,          ///< the answer said that no other follows on this connection
    fin,           ///< end of the TCP stream
    reset,         ///< TCP RST
    refuse,        ///< new connections are refused until the phase ends
    silence,       ///< nothing more, until the client goes
  };
  Kind kind;
  std::string bytes = {};
  int number = 0;
};

/// What the answer that a script gives may become at the caller.
enum class Fate : std::uint8_t {
  none,    ///< there is none
  cut,     ///< a part of one, or one that cannot be read: never a success
  whole,   ///< must be delivered
  either,  ///< it was sent whole, and what follows may destroy it on its way
};

struct Script {
  Trick trick = Trick::honest;
  std::optional<std::size_t> read_limit;  ///< so many bytes of the request are read; none: all
  bool early = false;                     ///< begins when the request's head was read
  std::vector<Step> steps;

  Fate fate = Fate::whole;
  bool races = false;    ///< its end may meet the next request on this connection
  bool refuses = false;  ///< new connections are refused after it
  int status = 0;
  std::string body;
};

/// The body of an answer to no request: its mark is -1.
inline constexpr std::string_view poison_body = "{\"mark\":-1,\"poison\":1}";

/// The script of one request. `mark` and `attempt` are in the answer.
Script make_script(Random& random, Trick trick, int mark, int attempt, std::string_view method,
                   std::size_t request_body);

/// What is done to a connection that no request uses.
std::vector<Step> idle_steps(Random& random, Trick trick);

}  // namespace penstock::simulation
