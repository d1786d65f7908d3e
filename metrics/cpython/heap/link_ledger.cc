#include "metrics/cpython/heap/link_ledger.h"

namespace leak_exporter::cpython {

std::vector<GcLink> LinkLedger::OneSided() const {
  std::vector<GcLink> links;
  for (size_t i = 0; i < cells_.size(); ++i) {
    const Cell& cell = cells_[i];
    if (cell.from == 0 && cell.to == 0) continue;
    // The sum of several links belongs to another cell.
    if (CellOf(cell.from, cell.to) != i) continue;
    links.push_back({RemoteAddr{cell.from}, RemoteAddr{cell.to}});
  }
  return links;
}

}  // namespace leak_exporter::cpython
