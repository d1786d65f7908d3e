#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "metrics/remote/remote_memory.h"

namespace leak_exporter::cpython {

/// A link of one of the collector's lists, between the heads of two objects.
struct GcLink {
  RemoteAddr from{};
  RemoteAddr to{};

  bool operator==(const GcLink&) const = default;
};

/// Finds the links of which only one end knows. Each end notes the link when a
/// walk passes it; a link that is noted twice cancels out. So the ledger needs
/// the same small memory for any number of links, and no link has to be
/// followed.
class LinkLedger {
 public:
  LinkLedger() : cells_(kCells) {}

  void Note(RemoteAddr from, RemoteAddr to) {
    Cell& cell = cells_[CellOf(Value(from), Value(to))];
    cell.from ^= Value(from);
    cell.to ^= Value(to);
  }

  /// The links that were noted an odd number of times, in no order. Where there
  /// are hundreds, those that share a cell are missing.
  std::vector<GcLink> OneSided() const;

 private:
  struct Cell {
    uint64_t from = 0;
    uint64_t to = 0;
  };
  static constexpr unsigned kCellBits = 12;
  static constexpr size_t kCells = size_t{1} << kCellBits;

  static size_t CellOf(uint64_t from, uint64_t to) {
    return static_cast<size_t>(
        (from * 0x9E3779B97F4A7C15U + to * 0xC2B2AE3D27D4EB4FU) >>
        (64 - kCellBits));
  }

  std::vector<Cell> cells_;
};

}  // namespace leak_exporter::cpython
