#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "metrics/cpython/runtime/interpreter.h"
#include "metrics/remote/address_range.h"
#include "metrics/remote/image_memory.h"

namespace leak_exporter::cpython {

/// What an interpreter says of an object of its own.
struct RecordedObject {
  RemoteAddr address{};
  /// sys.getsizeof()
  uint64_t bytes = 0;
  /// len(gc.get_referents())
  uint64_t references = 0;
  /// repr()[:100]
  std::string repr;
};

/// A Python heap in a file: what a walk over a living one read, and what is to
/// come out of it. Lines `key value…`, an empty line, then a memory image:
///   version HEX [free_threaded]     as sys.hexversion
///   gc ADDRESS                      the collector's state (hexadecimal)
///   permanent ADDRESS               its permanent generation's list head
///   stats ADDRESS  modules ADDRESS  interpreter ADDRESS  obmalloc ADDRESS
///   range BEGIN END                 where objects may lie
///   expect COUNT NAME               by type, as the interpreter counted
///   object NAME ADDRESS BYTES REFERENCES REPR
struct RecordedHeap {
  PythonRuntime runtime;
  RemoteAddr gc{};
  std::vector<AddressRange> ranges;
  std::map<std::string, uint64_t> expected;
  std::map<std::string, RecordedObject> objects;
  ImageMemory memory;

  /// Errors where the text is not one; hostile input is expected.
  static Result<RecordedHeap> Parse(std::string_view file);

  std::string Serialize() const;

  /// A file; one whose name ends in ".gz" is unpacked.
  static Result<RecordedHeap> Load(const std::filesystem::path& path);
};

}  // namespace leak_exporter::cpython
