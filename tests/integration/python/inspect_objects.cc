// Measures and shows objects of another process by their addresses, for
// comparison with what the process says of them itself.
//
// usage: inspect_objects PID MAJOR.MINOR.MICRO [repr] < ADDRESSES
// One line an address: address TAB bytes TAB references (or `-`); with `repr`
// address TAB repr, at most 100 characters.

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <span>
#include <string>
#include <string_view>

#include "metrics/cpython/layout/layout.h"
#include "metrics/cpython/repr/repr.h"
#include "metrics/cpython/sizes/object_measure.h"
#include "metrics/remote/process_memory.h"

namespace leak_exporter::cpython {
namespace {

constexpr size_t kBefore = 64;
constexpr size_t kBehind = 4096;

class Inspector {
 public:
  Inspector(const RemoteMemory& memory, const Layout& layout)
      : memory_(memory),
        layout_(layout),
        types_(memory, layout),
        cache_(memory),
        shapes_(types_, cache_),
        repr_(types_) {}

  void PrintRepr(RemoteAddr address) {
    std::cout << Value(address) << '\t' << repr_.Print(address) << '\n';
  }

  void Print(RemoteAddr address) {
    std::array<std::byte, kBefore + kBehind> bytes{};
    const auto got = memory_.ReadSome(address - kBefore, bytes);
    if (!got) {
      std::cout << Value(address) << "\t-\t-\n";
      return;
    }
    const ObjectView view(address, std::span(bytes).first(*got), kBefore);
    const TypeIndex type = types_.Find(view.Pointer(layout_.object.ob_type));
    if (type == kNoType) {
      std::cout << Value(address) << "\t-\t-\n";
      return;
    }
    if (general_lookup_ == RemoteAddr{})
      general_lookup_ = FindGeneralLookup(types_, type);
    const TypeShape& shape = shapes_[type];
    const ObjectMeasure measure =
        MeasureObject({layout_, cache_, general_lookup_}, shape, view);
    std::cout << Value(address) << '\t' << measure.bytes << '\t';
    if (shape.references_known) {
      std::cout << measure.references << '\n';
    } else {
      std::cout << "-\n";
    }
  }

 private:
  const RemoteMemory& memory_;
  const Layout& layout_;
  TypeTable types_;
  ReadCache cache_;
  TypeShapes shapes_;
  ReprPrinter repr_;
  RemoteAddr general_lookup_{};
};

int Main(int argc, char** argv) {
  PythonVersion version;
  uint32_t micro = 0;
  const bool repr = argc == 4 && std::string_view(argv[3]) == "repr";
  if ((argc != 3 && !repr) || std::sscanf(argv[2], "%u.%u.%u", &version.major,
                                          &version.minor, &micro) != 3) {
    std::cerr << "usage: inspect_objects PID MAJOR.MINOR.MICRO [repr]\n";
    return 2;
  }
  version.micro = micro;
  const auto layout = FindLayout(version, false);
  if (!layout) {
    std::cerr << layout.error().message << '\n';
    return 1;
  }
  const ProcessMemory memory(static_cast<pid_t>(std::atoi(argv[1])));
  Inspector inspector(memory, *layout);
  uint64_t address = 0;
  while (std::cin >> address) {
    if (repr) {
      inspector.PrintRepr(RemoteAddr{address});
    } else {
      inspector.Print(RemoteAddr{address});
    }
  }
  return 0;
}

}  // namespace
}  // namespace leak_exporter::cpython

int main(int argc, char** argv) {
  return leak_exporter::cpython::Main(argc, argv);
}
