#include "config/map_reader.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <set>
#include <system_error>
#include <utility>

#include "config/duration.h"
#include "config/nearest.h"
#include "config/size.h"
#include "metrics/base/quote.h"

namespace leak_exporter::config {
namespace {

using Kind = YamlNode::Kind;

constexpr size_t kMostErrors = 1000;
// The longest text that a setting may have; paths end at 4096.
constexpr size_t kLongestText = 4096;
constexpr uint64_t kLargestCount = 10'000;
// The kernel's PID_MAX_LIMIT (include/linux/threads.h).
constexpr uint64_t kLargestPid = uint64_t{4} << 20;

// Keys are shown as they are where they are words, else escaped in quotes.
std::string ShowKey(const std::string& key) {
  const bool word = !key.empty() && key.size() <= 40 &&
                    std::all_of(key.begin(), key.end(), [](char c) {
                      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                             (c >= '0' && c <= '9') || c == '_' || c == '-';
                    });
  return word ? key : Quote(key);
}

std::optional<uint64_t> WholeNumber(const YamlNode& node) {
  uint64_t number = 0;
  const char* const end = node.text.data() + node.text.size();
  const auto [parsed, error] = std::from_chars(node.text.data(), end, number);
  // YAML 1.1 takes a leading zero for octal, 1.2 does not: neither is guessed.
  const bool leading_zero = node.text.size() > 1 && node.text[0] == '0';
  if (!node.plain || leading_zero || error != std::errc() || parsed != end) {
    return std::nullopt;
  }
  return number;
}

std::optional<bool> TruthValue(const YamlNode& node) {
  if (node.plain && node.text == "true") return true;
  if (node.plain && node.text == "false") return false;
  return std::nullopt;
}

// What is wrong with a text whatever it is for.
std::optional<std::string> CheckText(const std::string& text) {
  if (text.empty()) return "is empty";
  if (text.size() > kLongestText) {
    return "is longer than " + std::to_string(kLongestText) + " bytes";
  }
  if (text.find('\0') != std::string::npos) return "has a NUL in it";
  if (text.back() == '\n') return "ends with a line end";
  return std::nullopt;
}

}  // namespace

void ErrorList::Add(Position position, std::string key, std::string message) {
  if (errors_.size() < kMostErrors) {
    errors_.push_back({position, std::move(key), std::move(message)});
  } else {
    full_ = true;
  }
}

ConfigErrors ErrorList::Take() {
  std::stable_sort(errors_.begin(), errors_.end(),
                   [](const ConfigError& a, const ConfigError& b) {
                     return a.position < b.position;
                   });
  if (full_) {
    errors_.push_back({{}, "", "there are more errors than these"});
  }
  return std::move(errors_);
}

std::string SayWhatItIs(const YamlNode& node) {
  switch (node.kind) {
    case Kind::kNull:
      return "has no value";
    case Kind::kScalar:
      return "is " + Quote(node.text);
    case Kind::kList:
      return "is a list";
    case Kind::kMap:
      return "is a map";
  }
  return {};
}

MapReader::MapReader(const YamlNode& node, std::string path, ErrorList& errors)
    : node_(node), path_(std::move(path)), errors_(errors) {
  if (node.kind != Kind::kMap && node.kind != Kind::kNull) {
    errors_.Add(node.position, path_,
                SayWhatItIs(node) + "; expected keys with values");
  }
  std::map<std::string_view, Position> seen;
  for (const YamlEntry& entry : node.entries) {
    const YamlNode& key = *entry.key;
    if (key.kind != Kind::kScalar) {
      errors_.Add(key.position, path_,
                  "has a key that " + SayWhatItIs(key) + "; expected a word");
      continue;
    }
    const auto [first, inserted] = seen.emplace(key.text, key.position);
    if (inserted) continue;
    errors_.Add(key.position, PathOf(key.text),
                "is given twice; the first is in line " +
                    std::to_string(first->second.line));
  }
}

std::string MapReader::PathOf(std::string_view key) const {
  const std::string shown = ShowKey(std::string(key));
  return path_.empty() ? shown : path_ + "." + shown;
}

const YamlNode* MapReader::Find(std::string_view key) {
  if (std::find(asked_.begin(), asked_.end(), key) == asked_.end()) {
    asked_.emplace_back(key);
  }
  for (const YamlEntry& entry : node_.entries) {
    if (entry.key->kind == Kind::kScalar && entry.key->text == key) {
      return entry.value.get();
    }
  }
  return nullptr;
}

void MapReader::RejectOthers() {
  for (const YamlEntry& entry : node_.entries) {
    const YamlNode& key = *entry.key;
    if (key.kind != Kind::kScalar ||
        std::find(asked_.begin(), asked_.end(), key.text) != asked_.end()) {
      continue;
    }
    std::string known;
    for (const std::string& name : asked_) {
      known += (known.empty() ? "" : ", ") + name;
    }
    errors_.Add(key.position, PathOf(key.text),
                "is an unknown key" + DidYouMean(key.text, asked_) +
                    "; expected one of " + known);
  }
}

void MapReader::Missing(std::string_view key, std::string_view expected) {
  if (node_.kind != Kind::kMap && node_.kind != Kind::kNull) return;
  errors_.Add(node_.position, PathOf(key),
              "is missing; expected " + std::string(expected));
}

const YamlNode* MapReader::Scalar(std::string_view key,
                                  std::string_view expected) {
  const YamlNode* const node = Find(key);
  if (node == nullptr || node->kind == Kind::kScalar) return node;
  errors_.Add(node->position, PathOf(key),
              SayWhatItIs(*node) + "; expected " + std::string(expected));
  return nullptr;
}

void MapReader::Bool(std::string_view key, bool& value) {
  constexpr std::string_view kExpected = "true or false";
  const YamlNode* const node = Scalar(key, kExpected);
  if (node == nullptr) return;
  if (const auto truth = TruthValue(*node)) {
    value = *truth;
  } else {
    errors_.Add(node->position, PathOf(key),
                Quote(node->text) + " is not valid; expected " +
                    std::string(kExpected));
  }
}

void MapReader::Count(std::string_view key, size_t& value) {
  const std::string expected =
      "a whole number from 0 to " + std::to_string(kLargestCount);
  const YamlNode* const node = Scalar(key, expected);
  if (node == nullptr) return;
  const auto number = WholeNumber(*node);
  if (number && *number <= kLargestCount) {
    value = static_cast<size_t>(*number);
  } else {
    errors_.Add(node->position, PathOf(key),
                Quote(node->text) + " is not valid; expected " + expected);
  }
}

template <typename T>
void MapReader::Parsed(std::string_view key, std::string_view expected,
                       tl::expected<T, std::string> (*parse)(std::string_view),
                       T& value) {
  const YamlNode* const node = Scalar(key, expected);
  if (node == nullptr) return;
  const auto parsed = parse(node->text);
  if (parsed) {
    value = *parsed;
  } else {
    errors_.Add(node->position, PathOf(key), parsed.error());
  }
}

void MapReader::Share(std::string_view key, double& value) {
  constexpr std::string_view kExpected = "a number above 0, at most 1";
  const YamlNode* const node = Scalar(key, kExpected);
  if (node == nullptr) return;
  double number = 0;
  const char* const end = node->text.data() + node->text.size();
  const auto [stop, error] =
      std::from_chars(node->text.data(), end, number, std::chars_format::fixed);
  if (error == std::errc() && stop == end && number > 0 && number <= 1) {
    value = number;
  } else {
    errors_.Add(node->position, PathOf(key),
                Quote(node->text) + " is not valid; expected " +
                    std::string(kExpected));
  }
}

void MapReader::Duration(std::string_view key,
                         std::chrono::nanoseconds& value) {
  Parsed(key, "a duration such as 5 minutes", ParseDuration, value);
}

void MapReader::Size(std::string_view key, uint64_t& value) {
  Parsed(key, "a size such as 512MB or 4GiB", ParseSize, value);
}

bool MapReader::IsRight(const YamlNode& node, const std::string& path,
                        const Check& check) {
  auto wrong = CheckText(node.text);
  if (!wrong) wrong = check(node.text);
  if (wrong) errors_.Add(node.position, path, Quote(node.text) + " " + *wrong);
  return !wrong;
}

void MapReader::String(std::string_view key, const Check& check,
                       std::string& value) {
  const YamlNode* const node = Scalar(key, "a text");
  if (node == nullptr) return;
  if (IsRight(*node, PathOf(key), check)) value = node->text;
}

void MapReader::Scalars(
    std::string_view key, std::string_view expected,
    const std::function<void(const YamlNode&, const std::string&)>& use) {
  const YamlNode* const node = Find(key);
  if (node == nullptr) return;
  const std::string path = PathOf(key);
  if (node->kind == Kind::kScalar) return use(*node, path);
  const std::string message =
      "; expected " + std::string(expected) + ", or a list of them";
  if (node->kind != Kind::kList) {
    errors_.Add(node->position, path, SayWhatItIs(*node) + message);
    return;
  }
  if (node->items.empty()) {
    errors_.Add(node->position, path, "is an empty list" + message);
  }
  std::set<std::string_view> seen;
  for (size_t i = 0; i < node->items.size(); ++i) {
    const YamlNode& item = *node->items[i];
    const std::string item_path = path + "[" + std::to_string(i) + "]";
    if (item.kind != Kind::kScalar) {
      errors_.Add(item.position, item_path,
                  SayWhatItIs(item) + "; expected " + std::string(expected));
    } else if (!seen.insert(item.text).second) {
      errors_.Add(item.position, item_path,
                  Quote(item.text) + " is given twice");
    } else {
      use(item, item_path);
    }
  }
}

void MapReader::Strings(std::string_view key, const Check& check,
                        std::vector<std::string>& values) {
  Scalars(key, "a text", [&](const YamlNode& node, const std::string& path) {
    if (IsRight(node, path, check)) values.push_back(node.text);
  });
}

void MapReader::Pids(std::string_view key, std::vector<pid_t>& values) {
  const std::string expected =
      "a process id from 1 to " + std::to_string(kLargestPid);
  Scalars(key, expected, [&](const YamlNode& node, const std::string& path) {
    const auto number = WholeNumber(node);
    if (number && *number >= 1 && *number <= kLargestPid) {
      values.push_back(static_cast<pid_t>(*number));
    } else {
      errors_.Add(node.position, path,
                  Quote(node.text) + " is not valid; expected " + expected);
    }
  });
}

}  // namespace leak_exporter::config
