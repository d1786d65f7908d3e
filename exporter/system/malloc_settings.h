#pragma once

namespace leak_exporter {

/// Has the C library share one heap among threads that come and go, and keep
/// what a scrape has used for the next one: giving megabytes back to the kernel
/// and having them zeroed anew costs more than to render into them. To be
/// called once, before threads are started. Nothing is changed where the C
/// library is not glibc (mallopt(3)).
void ConfigureMalloc();

}  // namespace leak_exporter
