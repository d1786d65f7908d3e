// Writes a recorded heap (tests/metrics/cpython/recorded_heap.h) of a CPython
// that waits: what measuring and showing some of its objects reads.
// usage: record_objects PID FILE
// Standard input: what fixtures/cpython/objects/samples.py prints.
#include <array>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <span>
#include <string>

#include "metrics/cpython/repr/repr.h"
#include "metrics/cpython/sizes/object_measure.h"
#include "metrics/remote/process_memory.h"
#include "tests/metrics/cpython/recorded_heap.h"
#include "tests/metrics/remote/recording_memory.h"

namespace leak_exporter::cpython {
namespace {

constexpr size_t kBefore = 64;
constexpr size_t kBehind = 4096;

int Fail(const Error& error) {
  std::cerr << error.message << '\n';
  return 1;
}

/// Says what differs from the interpreter's own numbers.
void Inspect(const RemoteMemory& memory, const RecordedHeap& heap) {
  const Layout& layout = heap.runtime.layout;
  TypeTable types(memory, layout);
  ReadCache cache(memory);
  TypeShapes shapes(types, cache);
  ReprPrinter printer(types);
  for (const auto& [name, object] : heap.objects) {
    std::array<std::byte, kBefore + kBehind> bytes{};
    const auto got = memory.ReadSome(object.address - kBefore, bytes);
    const ObjectView view(object.address,
                          std::span(bytes).first(got.value_or(0)), kBefore);
    const TypeIndex type = types.Find(view.Pointer(layout.object.ob_type));
    if (type == kNoType) {
      std::cerr << name << ": no object\n";
      continue;
    }
    (void)types.ReadName(type);
    const ObjectMeasure measure = MeasureObject(
        {layout, cache, FindGeneralLookup(types, type)}, shapes[type], view);
    const std::string shown = printer.Print(object.address);
    if (measure.bytes != object.bytes)
      std::cerr << name << ": " << measure.bytes << " bytes, not "
                << object.bytes << '\n';
    if (measure.references != object.references)
      std::cerr << name << ": " << measure.references << " references, not "
                << object.references << '\n';
    if (shown != object.repr)
      std::cerr << name << ": " << shown << ", not " << object.repr << '\n';
  }
}

int Record(pid_t pid, const std::string& path) {
  std::string said(std::istreambuf_iterator<char>(std::cin), {});
  const auto empty = ImageMemory::FromSegments({});
  if (!empty) return Fail(empty.error());
  auto heap = RecordedHeap::Parse(said + "\n" + empty->Serialize());
  if (!heap) return Fail(heap.error());
  const ProcessMemory live(pid);
  const RecordingMemory memory(live);
  Inspect(memory, *heap);
  auto image = memory.Recorded();
  if (!image) return Fail(image.error());
  heap->memory = *std::move(image);
  std::ofstream(path, std::ios::binary) << heap->Serialize();
  return 0;
}

}  // namespace
}  // namespace leak_exporter::cpython

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: record_objects PID FILE\n";
    return 2;
  }
  return leak_exporter::cpython::Record(std::atoi(argv[1]), argv[2]);
}
