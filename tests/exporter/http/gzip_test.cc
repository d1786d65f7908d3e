#include "exporter/http/gzip.h"

#include <libdeflate.h>

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "tests/catch.h"

namespace leak_exporter::http {
namespace {

std::string Decompress(const std::string& packed, size_t size) {
  const std::unique_ptr<libdeflate_decompressor,
                        decltype(&libdeflate_free_decompressor)>
      decompressor(libdeflate_alloc_decompressor(),
                   &libdeflate_free_decompressor);
  std::string text(size, '\0');
  REQUIRE(libdeflate_gzip_decompress(decompressor.get(), packed.data(),
                                     packed.size(), text.data(), text.size(),
                                     nullptr) == LIBDEFLATE_SUCCESS);
  return text;
}

std::string Lines(int count, int seed) {
  std::string text;
  for (int i = 0; i < count; ++i) {
    text += "leak_x{target=\"" + std::to_string(i * seed) + "\"} 1\n";
  }
  return text;
}

TEST_CASE("gzip: what is packed comes out again") {
  Gzip gzip;
  const std::string text = GENERATE(std::string(), std::string("x"),
                                    std::string("\0\xff", 2), Lines(10'000, 7));
  const std::string packed = gzip.Compress(text);
  CHECK(packed.substr(0, 2) == "\x1f\x8b");
  CHECK(Decompress(packed, text.size()) == text);
}

TEST_CASE("gzip: repeating text shrinks") {
  Gzip gzip;
  const std::string text = Lines(10'000, 1);
  CHECK(gzip.Compress(text).size() * 5 < text.size());
}

TEST_CASE("gzip: threads do not disturb each other") {
  Gzip gzip;
  std::vector<std::string> packed(4);
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&gzip, &packed, i] {
        for (int round = 0; round < 20; ++round) {
          packed[static_cast<size_t>(i)] = gzip.Compress(Lines(500, i + 1));
        }
      });
    }
  }
  for (int i = 0; i < 4; ++i) {
    const std::string text = Lines(500, i + 1);
    CHECK(Decompress(packed[static_cast<size_t>(i)], text.size()) == text);
  }
}

}  // namespace
}  // namespace leak_exporter::http
