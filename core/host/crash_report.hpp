#pragma once

namespace penstock::host {

/// Gives this thread a signal stack, once reports are asked for, so that a stack overflow can be
/// told, too. Does nothing where the thread has one already, such as a sanitizer's.
void prepare_thread_for_crash_report() noexcept;

}  // namespace penstock::host
