#pragma once

#include <cassert>
#include <cstddef>
#include <string>
#include <string_view>

namespace leak_exporter::render {

/// The characters that are escaped in a text.
enum class Escaping { kBackslashAndNewline, kQuoteToo };

/// Appends to a string through a pointer, because a check of the capacity and a
/// terminating NUL for each of a line's dozen pieces cost more than the pieces.
/// The caller makes room first, for one line at a time. The string has its
/// final length when the buffer is destroyed.
class TextBuffer {
 public:
  explicit TextBuffer(std::string& out);
  TextBuffer(const TextBuffer&) = delete;
  TextBuffer& operator=(const TextBuffer&) = delete;
  ~TextBuffer();

  /// Makes room for everything that is appended before the next Reserve().
  /// Appending more fails an assertion.
  void Reserve(size_t bytes);

  void Append(char c) {
    assert(Room() > 0);
    *end_++ = c;
  }
  void Append(std::string_view text);
  /// Appends at most twice as many bytes as `text` has.
  void AppendEscaped(std::string_view text, Escaping escaping);
  /// Appends at most 24 bytes. An integer is written in full if a double can
  /// hold every integer of that size. Every other number has the shortest form
  /// that reads back as the same double.
  void AppendValue(double value);

 private:
  size_t Room() const {
    return static_cast<size_t>(out_.data() + out_.size() - end_);
  }

  std::string& out_;
  char* end_;
};

}  // namespace leak_exporter::render
