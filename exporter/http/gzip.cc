#include "exporter/http/gzip.h"

#include <libdeflate.h>

#include <memory>
#include <new>
#include <utility>

namespace leak_exporter::http {
namespace {

constexpr int kFastestLevel = 1;

}  // namespace

Gzip::Gzip() = default;
Gzip::~Gzip() = default;

void Gzip::FreeCompressor::operator()(libdeflate_compressor* compressor) const {
  libdeflate_free_compressor(compressor);
}

Gzip::Compressor Gzip::TakeCompressor() {
  {
    const std::lock_guard lock(mutex_);
    if (idle_) return std::move(idle_);
  }
  Compressor compressor(libdeflate_alloc_compressor(kFastestLevel));
  if (!compressor) throw std::bad_alloc();
  return compressor;
}

std::string Gzip::Compress(std::string_view text) {
  Compressor compressor = TakeCompressor();
  const size_t bound =
      libdeflate_gzip_compress_bound(compressor.get(), text.size());
  // A string would first be filled with as many zeros as the text is long.
  const auto room = std::make_unique_for_overwrite<char[]>(bound);
  const size_t size = libdeflate_gzip_compress(compressor.get(), text.data(),
                                               text.size(), room.get(), bound);
  const std::lock_guard lock(mutex_);
  idle_ = std::move(compressor);
  return std::string(room.get(), size);
}

}  // namespace leak_exporter::http
