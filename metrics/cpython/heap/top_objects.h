#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "metrics/cpython/objects/type_table.h"

namespace leak_exporter::cpython {

/// An object in a ranking.
struct RankedObject {
  uint64_t number = 0;
  RemoteAddr address{};
  TypeIndex type = kNoType;
};

/// Keeps the objects with the largest numbers, the largest first. Among objects
/// with equal numbers those that came first are kept.
class TopObjects {
 public:
  explicit TopObjects(size_t limit) : limit_(limit) {
    objects_.reserve(limit + 1);
  }

  void Add(uint64_t number, RemoteAddr address, TypeIndex type) {
    if (objects_.size() == limit_ && number <= least_) return;
    Insert({number, address, type});
  }
  /// Takes an object back. The one that it displaced does not return.
  void Remove(RemoteAddr address) {
    std::erase_if(objects_, [&](const RankedObject& object) {
      return object.address == address;
    });
  }
  const std::vector<RankedObject>& objects() const { return objects_; }

 private:
  void Insert(const RankedObject& object) {
    if (limit_ == 0) return;
    const auto place =
        std::upper_bound(objects_.begin(), objects_.end(), object,
                         [](const RankedObject& a, const RankedObject& b) {
                           return a.number > b.number;
                         });
    objects_.insert(place, object);
    if (objects_.size() > limit_) objects_.pop_back();
    least_ = objects_.back().number;
  }

  size_t limit_;
  uint64_t least_ = 0;
  std::vector<RankedObject> objects_;
};

}  // namespace leak_exporter::cpython
