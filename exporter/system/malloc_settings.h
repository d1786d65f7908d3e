#pragma once

namespace leak_exporter {

/// Sets up malloc for short-lived threads and repeated scrapes (mallopt(3)).
/// All threads share one arena, and memory that a scrape has used is kept for
/// the next one. Returning megabytes to the kernel and having them zeroed again
/// would cost more than rendering into them.
///
/// Called once, before threads are started. Does nothing if the C library is
/// not glibc.
void ConfigureMalloc();

}  // namespace leak_exporter
