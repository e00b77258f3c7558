#pragma once

namespace penstock::host {

/// Gives this thread an alternate signal stack if crash reports are enabled, so that a stack
/// overflow can be reported, too. Does nothing if the thread has one already, such as a
/// sanitizer's.
void prepare_thread_for_crash_report() noexcept;

}  // namespace penstock::host
