#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace leak_exporter::render {

/// Values by label value: what the repair of ill-formed UTF-8 makes equal, or
/// what the outside world names like our own "(other)", is one series with the
/// sum, because a label set that comes twice makes Prometheus drop samples.
template <typename Value>
class SumByLabel {
 public:
  struct Entry {
    std::string label;
    Value value;
  };

  /// The value that belongs to a label, value-initialized the first time.
  Value& operator[](std::string label) {
    const auto known = index_.find(label);
    if (known != index_.end()) return known->second->value;
    Entry& entry = entries_.emplace_back(Entry{std::move(label), Value{}});
    index_.emplace(entry.label, &entry);
    return entry.value;
  }

  /// In the order in which the labels first came.
  const std::deque<Entry>& entries() const { return entries_; }

 private:
  // A deque, because the index refers to its elements.
  std::deque<Entry> entries_;
  std::unordered_map<std::string_view, Entry*> index_;
};

}  // namespace leak_exporter::render
