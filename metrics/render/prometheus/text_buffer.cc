#include "metrics/render/prometheus/text_buffer.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <system_error>

namespace leak_exporter::render {
namespace {

constexpr uint64_t kOnes = 0x0101010101010101U;
constexpr uint64_t kHighBits = 0x8080808080808080U;

/// Whether one of a word's bytes is `c`: a borrow reaches a byte's high bit
/// only where the byte was 0.
constexpr bool Holds(uint64_t word, char c) {
  const uint64_t difference = word ^ (kOnes * static_cast<unsigned char>(c));
  return ((difference - kOnes) & ~difference & kHighBits) != 0;
}

}  // namespace

TextBuffer::TextBuffer(std::string& out)
    : out_(out), end_(out.data() + out.size()) {}

TextBuffer::~TextBuffer() {
  out_.resize(static_cast<size_t>(end_ - out_.data()));
}

void TextBuffer::Reserve(size_t bytes) {
  if (Room() >= bytes) return;
  const auto size = static_cast<size_t>(end_ - out_.data());
  out_.resize(std::max(size + bytes, std::max(2 * size, out_.capacity())));
  end_ = out_.data() + size;
}

void TextBuffer::Append(std::string_view text) {
  assert(text.size() <= Room());
  std::memcpy(end_, text.data(), text.size());
  end_ += text.size();
}

void TextBuffer::AppendEscaped(std::string_view text, Escaping escaping) {
  const char quote = escaping == Escaping::kQuoteToo ? '"' : '\\';
  const char* from = text.data();
  const char* const limit = from + text.size();
  while (static_cast<size_t>(limit - from) >= sizeof(uint64_t)) {
    uint64_t word;
    std::memcpy(&word, from, sizeof(word));
    if (Holds(word, '\\') || Holds(word, '\n') || Holds(word, quote)) {
      break;
    }
    assert(sizeof(word) <= Room());
    std::memcpy(end_, &word, sizeof(word));
    from += sizeof(word);
    end_ += sizeof(word);
  }
  for (; from != limit; ++from) {
    const bool is_special = *from == '\\' || *from == '\n' || *from == quote;
    if (is_special) Append('\\');
    Append(*from == '\n' ? 'n' : *from);
  }
}

void TextBuffer::AppendValue(double value) {
  constexpr double kLargestExactInteger = 9007199254740992.0;
  const auto append = [this](auto number) {
    const auto [end, code] = std::to_chars(end_, end_ + Room(), number);
    assert(code == std::errc());
    static_cast<void>(code);
    end_ = end;
  };
  if (std::abs(value) <= kLargestExactInteger &&
      value == static_cast<double>(static_cast<int64_t>(value))) {
    append(static_cast<int64_t>(value));
  } else if (std::isnan(value)) {
    Append("NaN");
  } else if (std::isinf(value)) {
    Append(value > 0 ? "+Inf" : "-Inf");
  } else {
    append(value);
  }
}

}  // namespace leak_exporter::render
