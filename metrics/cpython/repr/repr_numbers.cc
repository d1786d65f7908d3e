#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstring>
#include <string>

#include "metrics/cpython/objects/long.h"
#include "metrics/cpython/repr/repr_context.h"

namespace leak_exporter::cpython {
namespace {

/// Python itself refuses to show ints of more than 4300 decimal digits. This
/// many digits of 30 bits are more.
constexpr size_t kMaxDigits = 600;
constexpr uint32_t kDecimalBase = 1'000'000'000;
constexpr int kDecimalDigits = 9;
/// Shortest representations use an exponent from here on, and below 1e-4.
constexpr int kLargestPlainExponent = 16;
constexpr int kSmallestPlainExponent = -4;

/// Decimal text of a number in base 2^30, the lowest digit first.
std::string ToDecimal(const std::vector<uint32_t>& digits) {
  std::vector<uint32_t> parts;
  for (auto digit = digits.rbegin(); digit != digits.rend(); ++digit) {
    uint64_t carry = *digit;
    for (uint32_t& part : parts) {
      carry += uint64_t{part} << PythonLong::kDigitBits;
      part = static_cast<uint32_t>(carry % kDecimalBase);
      carry /= kDecimalBase;
    }
    for (; carry != 0; carry /= kDecimalBase)
      parts.push_back(static_cast<uint32_t>(carry % kDecimalBase));
  }
  if (parts.empty()) return "0";
  std::string text = std::to_string(parts.back());
  for (auto part = parts.rbegin() + 1; part != parts.rend(); ++part) {
    const std::string digits9 = std::to_string(*part);
    text.append(static_cast<size_t>(kDecimalDigits) - digits9.size(), '0');
    text += digits9;
  }
  return text;
}

/// Shows an int. Absent where it cannot be read or is too large to be shown.
std::optional<std::string> LongText(ReprContext& context, RemoteAddr object) {
  const auto number =
      ReadLong(context.memory, context.layout, object, kMaxDigits);
  if (!number) return std::nullopt;
  return (number->negative ? "-" : "") + ToDecimal(number->digits);
}

/// Shows a float as Python does, by the shortest digits that read back as the
/// same number. `always_point` asks for ".0" where nothing else tells a float
/// from an int.
std::string FloatText(double value, bool always_point) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value < 0 ? "-inf" : "inf";
  std::array<char, 64> buffer{};
  const auto end =
      std::to_chars(buffer.data(), buffer.data() + buffer.size(),
                    std::fabs(value), std::chars_format::scientific)
          .ptr;
  const std::string_view text(buffer.data(),
                              static_cast<size_t>(end - buffer.data()));
  const size_t e = text.find('e');
  std::string digits(text.substr(0, e));
  digits.erase(std::remove(digits.begin(), digits.end(), '.'), digits.end());
  int exponent = 0;
  const std::string_view exponent_text = text.substr(e + 1);
  const size_t sign_bytes = exponent_text.front() == '+' ? 1 : 0;
  std::from_chars(exponent_text.data() + sign_bytes, end, exponent);

  std::string out = std::signbit(value) ? "-" : "";
  const int count = static_cast<int>(digits.size());
  if (exponent < kSmallestPlainExponent || exponent >= kLargestPlainExponent) {
    out += digits.substr(0, 1);
    if (count > 1) out += "." + digits.substr(1);
    const std::string shown = std::to_string(std::abs(exponent));
    return out + (exponent < 0 ? "e-" : "e+") + (shown.size() < 2 ? "0" : "") +
           shown;
  }
  if (exponent < 0)
    return out + "0." + std::string(static_cast<size_t>(-exponent - 1), '0') +
           digits;
  if (count > exponent + 1) {
    const auto whole = static_cast<size_t>(exponent) + 1;
    return out + digits.substr(0, whole) + "." + digits.substr(whole);
  }
  return out + digits +
         std::string(static_cast<size_t>(exponent + 1 - count), '0') +
         (always_point ? ".0" : "");
}

}  // namespace

bool WriteLong(ReprContext& context, const ReprSubject& subject) {
  const auto text = LongText(context, subject.address);
  if (!text) return false;
  context.out.Put(*text);
  if (context.python2()) context.out.Put("L");
  return true;
}

bool WriteInt2(ReprContext& context, const ReprSubject& subject) {
  const auto value = context.memory.Read<int64_t>(
      subject.address + context.layout.int_object.ob_ival);
  if (!value) return false;
  context.out.Put(std::to_string(*value));
  return true;
}

bool WriteBool(ReprContext& context, const ReprSubject& subject) {
  const auto value =
      ReadSmallInt(context.memory, context.layout, subject.address);
  if (!value) return false;
  context.out.Put(*value != 0 ? "True" : "False");
  return true;
}

bool WriteFloat(ReprContext& context, const ReprSubject& subject) {
  const auto value = context.memory.Read<double>(
      subject.address + context.layout.float_object.ob_fval);
  if (!value) return false;
  context.out.Put(FloatText(*value, true));
  return true;
}

bool WriteComplex(ReprContext& context, const ReprSubject& subject) {
  const RemoteAddr cval = subject.address + context.layout.complex_object.cval;
  const auto real = context.memory.Read<double>(cval);
  const auto imag = context.memory.Read<double>(cval + sizeof(double));
  if (!real || !imag) return false;
  const std::string imag_text = FloatText(*imag, false);
  if (*real == 0 && !std::signbit(*real)) {
    context.out.Put(imag_text + "j");
    return true;
  }
  const std::string sign = imag_text.front() == '-' ? "" : "+";
  context.out.Put("(" + FloatText(*real, false) + sign + imag_text + "j)");
  return true;
}

bool WriteRange(ReprContext& context, const ReprSubject& subject) {
  constexpr uint64_t kStart = 16;
  constexpr uint64_t kWord = 8;
  if (context.python2()) {
    // start, step, len: C longs.
    const auto start = context.memory.Read<int64_t>(subject.address + kStart);
    const auto step =
        context.memory.Read<int64_t>(subject.address + kStart + kWord);
    const auto length =
        context.memory.Read<int64_t>(subject.address + kStart + 2 * kWord);
    if (!start || !step || !length) return false;
    const int64_t stop = static_cast<int64_t>(static_cast<uint64_t>(*start) +
                                              static_cast<uint64_t>(*length) *
                                                  static_cast<uint64_t>(*step));
    context.out.Put("xrange(");
    if (*start != 0 || *step != 1)
      context.out.Put(std::to_string(*start) + ", ");
    context.out.Put(std::to_string(stop));
    if (*step != 1) context.out.Put(", " + std::to_string(*step));
    context.out.Put(")");
    return true;
  }
  const RemoteAddr step = context.Pointer(subject.address + kStart + 2 * kWord);
  context.out.Put("range(");
  WriteRepr(context, context.Pointer(subject.address + kStart));
  context.out.Put(", ");
  WriteRepr(context, context.Pointer(subject.address + kStart + kWord));
  if (LongText(context, step) != "1") {
    context.out.Put(", ");
    WriteRepr(context, step);
  }
  context.out.Put(")");
  return true;
}

bool WriteSlice(ReprContext& context, const ReprSubject& subject) {
  constexpr uint64_t kWord = 8;
  const RemoteAddr start = subject.address + context.layout.slice.start;
  context.out.Put("slice(");
  WriteRepr(context, context.Pointer(start));
  context.out.Put(", ");
  WriteRepr(context, context.Pointer(start + kWord));
  context.out.Put(", ");
  WriteRepr(context, context.Pointer(start + 2 * kWord));
  context.out.Put(")");
  return true;
}

}  // namespace leak_exporter::cpython
