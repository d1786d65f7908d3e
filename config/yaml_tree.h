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
/// Shared, because an alias stands for the same node as its anchor.
using YamlNodePtr = std::shared_ptr<const YamlNode>;

struct YamlEntry {
  YamlNodePtr key;
  YamlNodePtr value;
};

/// A value of a YAML document and where it stands. Plain data; a map keeps
/// every entry, those with the same key too.
struct YamlNode {
  enum class Kind { kNull, kScalar, kList, kMap };

  Kind kind = Kind::kNull;
  Position position;
  /// Scalars: the text, and whether it was written without quotes and without a
  /// tag, so that it may be a number or a truth value.
  std::string text;
  bool plain = false;
  std::vector<YamlNodePtr> items;
  std::vector<YamlEntry> entries;
  /// This node and all below it, an alias counted as what it stands for.
  size_t nodes = 1;
};

/// Parses a text of one YAML document (an empty one is a null). The error is
/// the first that stands in the way: not UTF-8, a control character, bad
/// syntax, more than one document, a tag, an alias within its own anchor, or a
/// document too deep or too large.
tl::expected<YamlNodePtr, ConfigError> ParseYaml(std::string_view text);

}  // namespace leak_exporter::config
