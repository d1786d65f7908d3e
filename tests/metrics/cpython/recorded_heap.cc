#include "tests/metrics/cpython/recorded_heap.h"

#include <libdeflate.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <memory>
#include <span>
#include <sstream>
#include <utility>

namespace leak_exporter::cpython {
namespace {

constexpr std::string_view kHeaderEnd = "\n\n";

std::string_view TakeWord(std::string_view& line) {
  const std::string_view word = line.substr(0, line.find(' '));
  line.remove_prefix(std::min(line.size(), word.size() + 1));
  return word;
}

RemoteAddr TakeAddress(std::string_view& line) {
  const std::string_view word = TakeWord(line);
  uint64_t number = 0;
  std::from_chars(word.data(), word.data() + word.size(), number, 16);
  return RemoteAddr{number};
}

uint64_t TakeNumber(std::string_view& line) {
  const std::string_view word = TakeWord(line);
  uint64_t number = 0;
  std::from_chars(word.data(), word.data() + word.size(), number);
  return number;
}

std::string Hex(RemoteAddr address) { return ToString(address).substr(2); }

/// What the header says, one line after the other.
struct Header {
  PythonVersion version;
  bool free_threaded = false;
  RemoteAddr gc{};
  Interpreter interpreter;
  std::vector<AddressRange> ranges;
  std::map<std::string, uint64_t> expected;
  std::map<std::string, RecordedObject> objects;

  void ParseLine(std::string_view line) {
    const std::string_view key = TakeWord(line);
    if (key == "version") {
      version = VersionFromHex(Value(TakeAddress(line)));
      free_threaded = line == "free_threaded";
    } else if (key == "gc") {
      gc = TakeAddress(line);
    } else if (key == "permanent") {
      interpreter.gc.permanent_generation = TakeAddress(line);
    } else if (key == "stats") {
      interpreter.gc.generation_stats = TakeAddress(line);
    } else if (key == "modules") {
      interpreter.modules = TakeAddress(line);
    } else if (key == "interpreter") {
      interpreter.address = TakeAddress(line);
    } else if (key == "obmalloc") {
      interpreter.obmalloc = TakeAddress(line);
    } else if (key == "range") {
      const RemoteAddr begin = TakeAddress(line);
      const RemoteAddr end = TakeAddress(line);
      if (begin < end) ranges.push_back({begin, end});
    } else if (key == "expect") {
      const uint64_t number = TakeNumber(line);
      expected[std::string(line)] += number;
    } else if (key == "object") {
      RecordedObject& object = objects[std::string(TakeWord(line))];
      object.address = TakeAddress(line);
      object.bytes = TakeNumber(line);
      object.references = TakeNumber(line);
      object.repr = line;
    }
  }
};

/// What the fixtures unpack to is far smaller.
constexpr size_t kMaxUnpacked = size_t{16} << 20;

Result<std::string> Gunzip(const std::string& file) {
  const std::unique_ptr<libdeflate_decompressor,
                        void (*)(libdeflate_decompressor*)>
      decompressor(libdeflate_alloc_decompressor(),
                   &libdeflate_free_decompressor);
  std::string text(kMaxUnpacked, '\0');
  size_t size = 0;
  if (libdeflate_gzip_decompress(decompressor.get(), file.data(), file.size(),
                                 text.data(), text.size(),
                                 &size) != LIBDEFLATE_SUCCESS) {
    return Failure(0, "recorded heap: not in gzip's format");
  }
  text.resize(size);
  return text;
}

}  // namespace

Result<RecordedHeap> RecordedHeap::Load(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream content;
  content << file.rdbuf();
  if (!file.good()) return Failure(0, "cannot read " + path.string());
  if (path.extension() != ".gz") return Parse(content.str());
  const auto text = Gunzip(content.str());
  if (!text) return tl::unexpected<Error>(text.error());
  return Parse(*text);
}

Result<RecordedHeap> RecordedHeap::Parse(std::string_view file) {
  const size_t end = file.find(kHeaderEnd);
  if (end == std::string_view::npos) {
    return Failure(0, "recorded heap: no header");
  }
  Header header;
  std::string_view lines = file.substr(0, end + 1);
  while (!lines.empty()) {
    const size_t length = lines.find('\n');
    header.ParseLine(lines.substr(0, length));
    lines.remove_prefix(length + 1);
  }
  auto layout = FindLayout(header.version, header.free_threaded);
  if (!layout) return tl::unexpected<Error>(layout.error());
  const std::string_view image = file.substr(end + kHeaderEnd.size());
  auto memory =
      ImageMemory::Parse(std::as_bytes(std::span(image.data(), image.size())));
  if (!memory) return tl::unexpected<Error>(memory.error());
  PythonRuntime runtime;
  runtime.layout = *std::move(layout);
  runtime.binary = "recorded";
  runtime.interpreters.push_back(std::move(header.interpreter));
  return RecordedHeap{std::move(runtime),        header.gc,
                      std::move(header.ranges),  std::move(header.expected),
                      std::move(header.objects), *std::move(memory)};
}

std::string RecordedHeap::Serialize() const {
  const PythonVersion& version = runtime.layout.version;
  std::string text = "version ";
  text += Hex(RemoteAddr{version.major << 24 | version.minor << 16 |
                         version.micro.value_or(0) << 8});
  text += runtime.layout.free_threaded ? " free_threaded\n" : "\n";
  const auto line = [&text](std::string_view key, RemoteAddr address) {
    text.append(key).append(" ").append(Hex(address)).append("\n");
  };
  const Interpreter& interpreter = runtime.interpreters.front();
  line("gc", gc);
  line("interpreter", interpreter.address);
  line("modules", interpreter.modules);
  if (interpreter.gc.permanent_generation) {
    line("permanent", *interpreter.gc.permanent_generation);
  }
  if (interpreter.gc.generation_stats) {
    line("stats", *interpreter.gc.generation_stats);
  }
  if (interpreter.obmalloc) line("obmalloc", *interpreter.obmalloc);
  for (const AddressRange& range : ranges) {
    text += "range " + Hex(range.begin) + " " + Hex(range.end) + "\n";
  }
  for (const auto& [name, count] : expected) {
    text += "expect " + std::to_string(count) + " " + name + "\n";
  }
  for (const auto& [name, object] : objects) {
    text += "object " + name + " " + Hex(object.address) + " " +
            std::to_string(object.bytes) + " " +
            std::to_string(object.references) + " " + object.repr + "\n";
  }
  return text + "\n" + memory.Serialize();
}

}  // namespace leak_exporter::cpython
