#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "config/config_error.h"
#include "config/yaml_tree.h"

namespace leak_exporter::config {

/// A check that says what is wrong with a text, or nothing where it is right.
using Check = std::function<std::optional<std::string>(const std::string&)>;

/// Collects errors up to a bound. Further errors are left out, and a last error
/// says so.
class ErrorList {
 public:
  void Add(Position position, std::string key, std::string message);
  /// Hands over the errors, sorted by position.
  ConfigErrors Take();

 private:
  ConfigErrors errors_;
  bool full_ = false;
};

/// Reads the entries of a map by their keys and types. A key that is absent
/// leaves its value as it is. So does one that is wrong, which also adds an
/// error. A null in place of the map counts as a map without entries. Anything
/// else in its place is an error. The node and the list of errors must outlive
/// the reader.
class MapReader {
 public:
  /// `path` is the path of keys that leads to the map, empty for the document.
  MapReader(const YamlNode& node, std::string path, ErrorList& errors);

  void Bool(std::string_view key, bool& value);
  /// A whole number from 0 to 10000.
  void Count(std::string_view key, size_t& value);
  /// A number above 0, at most 1, as it is written without an exponent.
  void Share(std::string_view key, double& value);
  void Duration(std::string_view key, std::chrono::nanoseconds& value);
  void Size(std::string_view key, uint64_t& value);
  void String(std::string_view key, const Check& check, std::string& value);
  /// Reads one text or a list of texts, of which none may be given twice.
  void Strings(std::string_view key, const Check& check,
               std::vector<std::string>& values);
  /// The same for process ids.
  void Pids(std::string_view key, std::vector<pid_t>& values);
  /// The value of a key, for the caller to read. Null where the key is absent.
  const YamlNode* Find(std::string_view key);

  /// Adds an error for each key that none of the calls before asked for.
  void RejectOthers();

  /// Adds an error, at the map's position, for a key that is missing. Adds none
  /// where the node is no map, since that is an error already.
  void Missing(std::string_view key, std::string_view expected);
  /// The path of keys that leads to the value of `key`.
  std::string PathOf(std::string_view key) const;
  ErrorList& errors() { return errors_; }

 private:
  void Scalars(
      std::string_view key, std::string_view expected,
      const std::function<void(const YamlNode&, const std::string&)>& use);
  const YamlNode* Scalar(std::string_view key, std::string_view expected);
  template <typename T>
  void Parsed(std::string_view key, std::string_view expected,
              tl::expected<T, std::string> (*parse)(std::string_view),
              T& value);
  bool IsRight(const YamlNode& node, const std::string& path,
               const Check& check);

  const YamlNode& node_;
  std::string path_;
  ErrorList& errors_;
  std::vector<std::string> asked_;
};

/// Says for a message what a node is: "is a list", "is 'x'", "has no value".
std::string SayWhatItIs(const YamlNode& node);

}  // namespace leak_exporter::config
