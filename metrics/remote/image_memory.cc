#include "metrics/remote/image_memory.h"

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace leak_exporter {
namespace {

constexpr std::string_view kMagic = "LEAKIMG1";
constexpr size_t kHeaderBytes = 2 * sizeof(uint64_t);

void AppendNumber(std::string& out, uint64_t number) {
  for (unsigned shift = 0; shift < 64; shift += 8) {
    out.push_back(static_cast<char>(number >> shift & 0xff));
  }
}

uint64_t ParseNumber(std::span<const std::byte> bytes) {
  uint64_t number = 0;
  for (size_t i = 0; i < sizeof(number); ++i) {
    number |= std::to_integer<uint64_t>(bytes[i]) << (8 * i);
  }
  return number;
}

}  // namespace

Result<ImageMemory> ImageMemory::FromSegments(
    std::vector<MemorySegment> segments) {
  std::sort(segments.begin(), segments.end(),
            [](const MemorySegment& a, const MemorySegment& b) {
              return a.address < b.address;
            });
  uint64_t end = 0;
  for (const MemorySegment& segment : segments) {
    const uint64_t start = Value(segment.address);
    if (segment.bytes.empty() || start < end ||
        segment.bytes.size() > UINT64_MAX - start) {
      return Failure(0, "memory image: bad segment of " +
                            std::to_string(segment.bytes.size()) +
                            " bytes at " + ToString(segment.address));
    }
    end = start + segment.bytes.size();
  }
  return ImageMemory(std::move(segments));
}

Result<ImageMemory> ImageMemory::Parse(std::span<const std::byte> image) {
  if (image.size() < kMagic.size() ||
      std::memcmp(image.data(), kMagic.data(), kMagic.size()) != 0) {
    return Failure(0, "memory image: does not begin with LEAKIMG1");
  }
  image = image.subspan(kMagic.size());
  std::vector<MemorySegment> segments;
  while (!image.empty()) {
    if (image.size() < kHeaderBytes) {
      return Failure(0, "memory image: a segment's header is cut");
    }
    const RemoteAddr address{ParseNumber(image)};
    const uint64_t size = ParseNumber(image.subspan(sizeof(uint64_t)));
    image = image.subspan(kHeaderBytes);
    if (size > image.size()) {
      return Failure(
          0, "memory image: the segment at " + ToString(address) + " is cut");
    }
    const auto bytes = image.first(static_cast<size_t>(size));
    segments.push_back({address, {bytes.begin(), bytes.end()}});
    image = image.subspan(bytes.size());
  }
  return FromSegments(std::move(segments));
}

std::string ImageMemory::Serialize() const {
  std::string image(kMagic);
  for (const MemorySegment& segment : segments_) {
    AppendNumber(image, Value(segment.address));
    AppendNumber(image, segment.bytes.size());
    image.append(reinterpret_cast<const char*>(segment.bytes.data()),
                 segment.bytes.size());
  }
  return image;
}

Result<size_t> ImageMemory::ReadSome(RemoteAddr address,
                                     std::span<std::byte> into) const {
  auto next = std::upper_bound(
      segments_.begin(), segments_.end(), address,
      [](RemoteAddr a, const MemorySegment& s) { return a < s.address; });
  size_t got = 0;
  // Segments that touch are read as one, as mappings are.
  while (next != segments_.begin() && got < into.size()) {
    const MemorySegment& segment = *std::prev(next);
    const uint64_t offset = Value(address + got) - Value(segment.address);
    if (offset >= segment.bytes.size()) break;
    const size_t step =
        std::min<size_t>(into.size() - got, segment.bytes.size() - offset);
    std::memcpy(into.data() + got, segment.bytes.data() + offset, step);
    got += step;
    if (next == segments_.end()) break;
    ++next;
  }
  if (got > 0 || into.empty()) return got;
  return Failure(EFAULT, "memory image: nothing at " + ToString(address));
}

}  // namespace leak_exporter
