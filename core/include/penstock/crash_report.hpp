#pragma once

namespace penstock {

/// Installs signal handlers that write one line to standard error when a plugin crashes, naming the
/// plugin, its version, the API, the function and the signal (SIGSEGV, SIGBUS, SIGFPE, SIGILL or
/// SIGABRT; stack overflow included). The process then dies as it would have without the handlers.
/// The line is JSON in the format of the `penstock serve` log. The previous handlers, such as a
/// sanitizer's or the embedder's own, receive the signal afterwards and are not changed otherwise.
/// Crashes outside plugins are not reported.
///
/// Call it only in programs that own their process: signal handlers are process-wide, so a library
/// that embeds the engine must leave this to its host. Idempotent. [any-thread; once, early in
/// main()]
void report_plugin_crashes();

}  // namespace penstock
