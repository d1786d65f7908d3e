#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace leak_exporter {

/// Names of types by number, each name once, so that the heaps of many
/// processes can be remembered. Not thread-safe.
class TypeNames {
 public:
  using Index = uint32_t;
  /// The name of all types for whose names there is no room.
  static constexpr Index kOther = 0;

  /// `most_bytes` bounds the memory that names take.
  explicit TypeNames(size_t most_bytes);

  /// The number of a name; kOther where there is no room for it.
  Index Intern(std::string_view name);
  const std::string& operator[](Index index) const { return names_[index]; }
  size_t size() const { return names_.size(); }

  /// Keeps only the names that `used` says are used, by their numbers. Returns
  /// the new number of each old one.
  std::vector<Index> Keep(const std::vector<bool>& used);

 private:
  size_t most_bytes_;
  size_t bytes_ = 0;
  /// A deque, so that names stay where they are.
  std::deque<std::string> names_;
  std::unordered_map<std::string_view, Index> by_name_;
};

}  // namespace leak_exporter
