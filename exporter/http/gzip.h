#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <string_view>

struct libdeflate_compressor;

namespace leak_exporter::http {

/// Compresses whole bodies to the gzip format (RFC 1952) at libdeflate's
/// fastest level: a scrape is compressed once and read once, and compressing it
/// takes longer than rendering it. Keeps the tables of one compressor for the
/// next call, from whichever thread that comes. Thread-safe.
class Gzip {
 public:
  Gzip();
  ~Gzip();

  std::string Compress(std::string_view text);

 private:
  struct FreeCompressor {
    void operator()(libdeflate_compressor* compressor) const;
  };
  using Compressor = std::unique_ptr<libdeflate_compressor, FreeCompressor>;

  Compressor TakeCompressor();

  std::mutex mutex_;
  Compressor idle_;
};

}  // namespace leak_exporter::http
