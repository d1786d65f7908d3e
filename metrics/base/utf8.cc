#include "metrics/base/utf8.h"

#include <cstdint>
#include <cstring>

namespace leak_exporter {
namespace {

constexpr std::string_view kReplacementCharacter = "\xEF\xBF\xBD";

/// What a lead byte asks for: how many bytes follow, and the bounds of the
/// first of them, which rule out overlong forms and surrogates.
struct LeadByte {
  size_t following = 0;
  unsigned char first_low = 0x80;
  unsigned char first_high = 0xBF;
};

LeadByte ClassifyLead(unsigned char lead) {
  if (lead >= 0xC2 && lead <= 0xDF) return {1};
  if (lead == 0xE0) return {2, 0xA0};
  if (lead == 0xED) return {2, 0x80, 0x9F};
  if (lead >= 0xE1 && lead <= 0xEF) return {2};
  if (lead == 0xF0) return {3, 0x90};
  if (lead >= 0xF1 && lead <= 0xF3) return {3};
  if (lead == 0xF4) return {3, 0x80, 0x8F};
  return {0};
}

size_t AsciiPrefixLength(std::string_view bytes) {
  constexpr uint64_t kHighBits = 0x8080808080808080U;
  size_t length = 0;
  while (length + sizeof(uint64_t) <= bytes.size()) {
    uint64_t word;
    std::memcpy(&word, bytes.data() + length, sizeof(word));
    if ((word & kHighBits) != 0) break;
    length += sizeof(word);
  }
  while (length < bytes.size() &&
         static_cast<unsigned char>(bytes[length]) < 0x80) {
    ++length;
  }
  return length;
}

}  // namespace

Utf8Sequence DecodeUtf8(std::string_view bytes) {
  const auto lead = static_cast<unsigned char>(bytes.front());
  if (lead < 0x80) return {1, true, lead};
  const LeadByte expected = ClassifyLead(lead);
  if (expected.following == 0) return {1, false, 0};

  char32_t code_point = lead & (0x3FU >> expected.following);
  for (size_t i = 1; i <= expected.following; ++i) {
    const unsigned char low = i == 1 ? expected.first_low : 0x80;
    const unsigned char high = i == 1 ? expected.first_high : 0xBF;
    if (i >= bytes.size()) return {i, false, 0};
    const auto byte = static_cast<unsigned char>(bytes[i]);
    if (byte < low || byte > high) return {i, false, 0};
    code_point = (code_point << 6) | (byte & 0x3FU);
  }
  return {expected.following + 1, true, code_point};
}

std::string RepairUtf8(std::string_view bytes) {
  const size_t ascii = AsciiPrefixLength(bytes);
  std::string repaired(bytes.substr(0, ascii));
  bytes.remove_prefix(ascii);
  while (!bytes.empty()) {
    const Utf8Sequence sequence = DecodeUtf8(bytes);
    repaired += sequence.well_formed ? bytes.substr(0, sequence.length)
                                     : kReplacementCharacter;
    bytes.remove_prefix(sequence.length);
  }
  return repaired;
}

void AppendUtf8(std::string& out, uint32_t code_point) {
  constexpr uint32_t kLastCodePoint = 0x10FFFF;
  constexpr uint32_t kReplacement = 0xFFFD;
  if (code_point > kLastCodePoint) code_point = kReplacement;
  const auto put = [&out](uint32_t byte) {
    out.push_back(static_cast<char>(byte));
  };
  const auto put_tail = [&](uint32_t shift) {
    put(0x80 | (code_point >> shift & 0x3F));
  };
  if (code_point < 0x80) {
    put(code_point);
  } else if (code_point < 0x800) {
    put(0xC0 | code_point >> 6);
    put_tail(0);
  } else if (code_point < 0x10000) {
    put(0xE0 | code_point >> 12);
    put_tail(6);
    put_tail(0);
  } else {
    put(0xF0 | code_point >> 18);
    put_tail(12);
    put_tail(6);
    put_tail(0);
  }
}

bool IsControl(char32_t code_point) {
  return code_point < 0x20 || (code_point >= 0x7F && code_point < 0xA0) ||
         code_point == 0x2028 || code_point == 0x2029;
}

}  // namespace leak_exporter
