#include "exporter/http/connection_table.h"

#include <algorithm>
#include <numeric>
#include <tuple>
#include <utility>

namespace leak_exporter::http {
namespace {

constexpr bool WaitsForClient(Phase phase) {
  return phase != Phase::kQueued && phase != Phase::kHandled;
}

}  // namespace

size_t ConnectionLimits::PerClient() const {
  return std::max<size_t>(1, connections / 2);
}

size_t ConnectionLimits::Most() const { return 4 * connections; }

size_t ConnectionLimits::Handled() const {
  return std::max<size_t>(1, connections / 2);
}

size_t ConnectionLimits::HandledPerClient() const {
  return std::max<size_t>(1, connections / 4);
}

ConnectionTable::Entry* ConnectionTable::Find(int id) {
  const auto found = entries_.find(id);
  if (found == entries_.end() || found->second.given_up) return nullptr;
  return &found->second;
}

std::vector<std::pair<int, Phase>> ConnectionTable::Open() const {
  std::vector<std::pair<int, Phase>> open;
  for (const auto& [id, entry] : entries_) {
    if (!entry.given_up) open.emplace_back(id, entry.phase);
  }
  return open;
}

std::optional<Phase> ConnectionTable::PhaseOf(int id) const {
  const auto found = entries_.find(id);
  if (found == entries_.end() || found->second.given_up) return std::nullopt;
  return found->second.phase;
}

ConnectionTable::Counts ConnectionTable::Count(bool handled_only) const {
  Counts counts;
  for (const auto& [id, entry] : entries_) {
    if (entry.given_up) continue;
    if (handled_only && entry.phase != Phase::kHandled) continue;
    ++counts[entry.client];
  }
  return counts;
}

size_t ConnectionTable::Total(const Counts& counts) {
  return std::accumulate(
      counts.begin(), counts.end(), size_t{0},
      [](size_t sum, const auto& count) { return sum + count.second; });
}

ConnectionTable::TimePoint ConnectionTable::GraceEnds(
    const Entry& entry) const {
  return entry.progress +
         (entry.phase == Phase::kNew ? limits_.silent_grace : limits_.grace);
}

bool ConnectionTable::GoesBefore(const Entry& left, const Entry& right) {
  const auto key = [](const Entry& entry) {
    return std::tuple(!WaitsForClient(entry.phase), entry.progress,
                      entry.order);
  };
  return key(left) < key(right);
}

ConnectionTable::GivenUp ConnectionTable::GiveUp(
    Entries::value_type& connection) {
  connection.second.given_up = true;
  return {connection.first, connection.second.phase};
}

/// Of the connections of `client`, or of everybody if that is null.
ConnectionTable::Entries::value_type* ConnectionTable::FirstToGo(
    const std::string* client) {
  Entries::value_type* first = nullptr;
  for (auto& connection : entries_) {
    const Entry& entry = connection.second;
    if (entry.given_up || entry.phase == Phase::kHandled) continue;
    if (client != nullptr && entry.client != *client) continue;
    if (first == nullptr || GoesBefore(entry, first->second)) {
      first = &connection;
    }
  }
  return first;
}

/// Null if there are not too many connections.
ConnectionTable::Entries::value_type* ConnectionTable::FirstInExcess() {
  const Counts counts = Count(/*handled_only=*/false);
  if (counts.empty()) return nullptr;
  const auto most = std::max_element(
      counts.begin(), counts.end(),
      [](const auto& a, const auto& b) { return a.second < b.second; });
  if (most->second <= limits_.PerClient() &&
      Total(counts) <= limits_.connections) {
    return nullptr;
  }
  Entries::value_type* first = FirstToGo(&most->first);
  return first != nullptr ? first : FirstToGo(nullptr);
}

void ConnectionTable::Admit(int id, std::string client, TimePoint now) {
  Entry entry;
  entry.client = std::move(client);
  entry.order = ++admitted_;
  entry.entered = entry.progress = now;
  entries_.insert_or_assign(id, std::move(entry));
}

std::optional<ConnectionTable::GivenUp> ConnectionTable::GiveUpOne() {
  Entries::value_type* const first = FirstToGo(nullptr);
  if (first == nullptr) return std::nullopt;
  return GiveUp(*first);
}

std::optional<ConnectionTable::TimePoint> ConnectionTable::OverdueAt(
    const Entry& entry) const {
  if (entry.given_up) return std::nullopt;
  switch (entry.phase) {
    case Phase::kNew:
    case Phase::kHead:
      return entry.entered + limits_.head;
    case Phase::kBody:
      return entry.entered + limits_.body;
    case Phase::kQueued:
    case Phase::kIdle:
      return entry.entered + limits_.idle;
    case Phase::kResponse:
      return std::min(entry.entered + limits_.response,
                      entry.progress + limits_.response_part);
    case Phase::kHandled:
      break;
  }
  return std::nullopt;
}

std::vector<ConnectionTable::GivenUp> ConnectionTable::GiveUpOverdue(
    TimePoint now, const std::function<bool(int id)>& has_unread) {
  std::vector<GivenUp> given_up;
  for (auto& connection : entries_) {
    const auto at = OverdueAt(connection.second);
    if (at && *at <= now) given_up.push_back(GiveUp(connection));
  }
  while (Entries::value_type* const first = FirstInExcess()) {
    Entry& entry = first->second;
    const bool young = GraceEnds(entry) > now;
    if (young && Total(Count(/*handled_only=*/false)) <= limits_.Most()) break;
    const bool sends =
        entry.phase == Phase::kNew || entry.phase == Phase::kHead;
    if (sends && has_unread && entry.progress < now &&
        has_unread(first->first)) {
      entry.progress = now;
    } else {
      given_up.push_back(GiveUp(*first));
    }
  }
  return given_up;
}

std::optional<ConnectionTable::TimePoint> ConnectionTable::NextOverdue() {
  std::optional<TimePoint> next;
  for (const auto& [id, entry] : entries_) {
    const auto at = OverdueAt(entry);
    if (at && (!next || *at < *next)) next = at;
  }
  if (const Entries::value_type* const first = FirstInExcess()) {
    const TimePoint at = GraceEnds(first->second);
    if (!next || at < *next) next = at;
  }
  return next;
}

void ConnectionTable::Enter(int id, Phase phase, TimePoint now) {
  Entry* entry = Find(id);
  if (entry == nullptr || entry->phase == phase) return;
  if (entry->phase != Phase::kNew || phase != Phase::kHead) {
    entry->entered = now;
  }
  entry->phase = phase;
  entry->progress = now;
  entry->moved_bytes = 0;
}

void ConnectionTable::Moved(int id, uint64_t bytes, TimePoint now) {
  Entry* entry = Find(id);
  if (entry == nullptr) return;
  if (bytes < entry->moved_bytes + limits_.response_part_bytes) return;
  entry->moved_bytes = bytes;
  entry->progress = now;
}

std::optional<int> ConnectionTable::HandleNext(TimePoint now) {
  const Counts handled = Count(/*handled_only=*/true);
  if (Total(handled) >= limits_.Handled()) return std::nullopt;
  const auto served = [&handled](const Entry& entry) {
    const auto found = handled.find(entry.client);
    return found == handled.end() ? 0 : found->second;
  };
  auto chosen = entries_.end();
  for (auto it = entries_.begin(); it != entries_.end(); ++it) {
    const Entry& entry = it->second;
    if (entry.given_up || entry.phase != Phase::kQueued ||
        served(entry) >= limits_.HandledPerClient()) {
      continue;
    }
    const auto key = [&](const Entry& e) {
      return std::tuple(served(e), e.entered, e.order);
    };
    if (chosen == entries_.end() || key(entry) < key(chosen->second)) {
      chosen = it;
    }
  }
  if (chosen == entries_.end()) return std::nullopt;
  Enter(chosen->first, Phase::kHandled, now);
  return chosen->first;
}

}  // namespace leak_exporter::http
