#pragma once

namespace penstock {

/// From now on a crash inside a plugin writes one line to standard error before it ends the process
/// as it would have: which plugin, version, API and function, and which signal (SIGSEGV, SIGBUS,
/// SIGFPE, SIGILL, SIGABRT), a stack overflow included. The line is JSON, of the same form as the
/// log of `penstock serve`. What was set for these signals before, be it a sanitizer or the
/// embedder's own handler, gets the signal afterwards; nothing else of theirs is changed. Crashes
/// outside of plugins are not reported.
///
/// For programs that own their process: signal handlers are the process's, so a library that embeds
/// the engine leaves this to its host. Idempotent. [any-thread; once, early in main()]
void report_plugin_crashes();

}  // namespace penstock
