#pragma once

#include <cassert>
#include <cstddef>
#include <string>
#include <string_view>

namespace leak_exporter::render {

/// Which characters an escaped text may not hold as they are.
enum class Escaping { kBackslashAndNewline, kQuoteToo };

/// Appends to a string through a pointer, because a check of the capacity and a
/// terminating NUL for each of a line's dozen pieces cost more than the pieces.
/// Room is made first, for a line at a time; the string is whole again when the
/// buffer is destroyed.
class TextBuffer {
 public:
  explicit TextBuffer(std::string& out);
  TextBuffer(const TextBuffer&) = delete;
  TextBuffer& operator=(const TextBuffer&) = delete;
  ~TextBuffer();

  /// Makes room for what the calls until the next Reserve append. To append
  /// more is a mistake that is asserted.
  void Reserve(size_t bytes);

  void Append(char c) {
    assert(Room() > 0);
    *end_++ = c;
  }
  void Append(std::string_view text);
  /// At most twice as long as `text`.
  void AppendEscaped(std::string_view text, Escaping escaping);
  /// At most 24 bytes: an integer in full where a double holds every one, else
  /// the shortest form that reads back as the same double.
  void AppendValue(double value);

 private:
  size_t Room() const {
    return static_cast<size_t>(out_.data() + out_.size() - end_);
  }

  std::string& out_;
  char* end_;
};

}  // namespace leak_exporter::render
