#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace leak_exporter::render {

/// Sums values by label value. Two names can have the same label value: the
/// repair of ill-formed UTF-8 can make them equal, and the outside world can
/// name something "(other)". They become one series with the sum, because
/// Prometheus drops samples if a label set comes twice.
template <typename Value>
class SumByLabel {
 public:
  struct Entry {
    std::string label;
    Value value;
  };

  /// The sum for a label value. It is value-initialized at the first call.
  Value& operator[](std::string label) {
    const auto known = index_.find(label);
    if (known != index_.end()) return known->second->value;
    Entry& entry = entries_.emplace_back(Entry{std::move(label), Value{}});
    index_.emplace(entry.label, &entry);
    return entry.value;
  }

  /// The sums, in the order in which their labels first came.
  const std::deque<Entry>& entries() const { return entries_; }

 private:
  // A deque, because the index refers to its elements.
  std::deque<Entry> entries_;
  std::unordered_map<std::string_view, Entry*> index_;
};

}  // namespace leak_exporter::render
