#include "metrics/collectors/support/type_names.h"

#include <utility>

namespace leak_exporter {
namespace {

// What a name takes besides its characters: itself, and its place in the map.
constexpr size_t kOverhead = sizeof(std::string) + 48;

}  // namespace

TypeNames::TypeNames(size_t most_bytes) : most_bytes_(most_bytes) {
  names_.emplace_back("(other)");
  by_name_.emplace(names_.back(), kOther);
}

TypeNames::Index TypeNames::Intern(std::string_view name) {
  const auto known = by_name_.find(name);
  if (known != by_name_.end()) return known->second;
  const size_t bytes = name.size() + kOverhead;
  if (bytes_ + bytes > most_bytes_) return kOther;
  bytes_ += bytes;
  const auto index = static_cast<Index>(names_.size());
  names_.emplace_back(name);
  by_name_.emplace(names_.back(), index);
  return index;
}

std::vector<TypeNames::Index> TypeNames::Keep(const std::vector<bool>& used) {
  TypeNames kept(most_bytes_);
  std::vector<Index> moved(names_.size(), kOther);
  for (Index i = kOther + 1; i < names_.size(); ++i) {
    if (used[i]) moved[i] = kept.Intern(names_[i]);
  }
  *this = std::move(kept);
  return moved;
}

}  // namespace leak_exporter
