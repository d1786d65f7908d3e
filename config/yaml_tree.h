#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "config/config_error.h"

namespace leak_exporter::config {

struct YamlNode;
/// A shared pointer, because an alias stands for the same node as its anchor.
using YamlNodePtr = std::shared_ptr<const YamlNode>;

struct YamlEntry {
  YamlNodePtr key;
  YamlNodePtr value;
};

/// A value of a YAML document, and where it stands. Plain data. A map keeps
/// every entry, also where several have the same key.
struct YamlNode {
  enum class Kind { kNull, kScalar, kList, kMap };

  Kind kind = Kind::kNull;
  Position position;
  /// The text of a scalar.
  std::string text;
  /// Whether the scalar was written without quotes and without a tag, so that
  /// it may be a number or a truth value.
  bool plain = false;
  std::vector<YamlNodePtr> items;
  std::vector<YamlEntry> entries;
  /// The number of nodes from this one on down, itself included. An alias
  /// counts as what it stands for.
  size_t nodes = 1;
};

/// Parses a text that holds one YAML document. An empty text is a null. The
/// error is the first thing that stands in the way: text that is not UTF-8, a
/// control character, bad syntax, a second document, a tag, an alias within its
/// own anchor, or a document that is too deep or too large.
tl::expected<YamlNodePtr, ConfigError> ParseYaml(std::string_view text);

}  // namespace leak_exporter::config
