#include "config/yaml_tree.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <optional>
#include <sstream>
#include <unordered_map>
#include <utility>

#include "metrics/base/quote.h"
#include "metrics/base/utf8.h"

namespace leak_exporter::config {
namespace {

// Far more than the schema has, far less than a stack holds.
constexpr size_t kDeepest = 32;
constexpr size_t kMostNodes = 50'000;

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

// Finds positions in a text by byte offset or by yaml-cpp's line and byte.
class Lines {
 public:
  explicit Lines(std::string_view text) : text_(text) {
    for (size_t i = 0; i < text.size(); ++i) {
      if (text[i] == '\n') starts_.push_back(i + 1);
    }
  }

  Position At(size_t offset) const {
    const auto after = std::upper_bound(starts_.begin(), starts_.end(), offset);
    return At(static_cast<size_t>(after - starts_.begin()) - 1,
              offset - *std::prev(after));
  }

  Position At(const YAML::Mark& mark) const {
    return mark.is_null() ? Position{1, 1}
                          : At(static_cast<size_t>(mark.line),
                               static_cast<size_t>(mark.column));
  }

 private:
  // From 0, both.
  Position At(size_t line, size_t byte) const {
    line = std::min(line, starts_.size() - 1);
    const std::string_view rest = text_.substr(starts_[line], byte);
    const auto points = std::count_if(rest.begin(), rest.end(), [](char c) {
      return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
    });
    return {static_cast<int>(line) + 1, static_cast<int>(points) + 1};
  }

  std::string_view text_;
  std::vector<size_t> starts_{0};
};

// YAML allows no control characters but tab and line ends; yaml-cpp takes one
// of them (EOT) for the end of the file.
std::optional<ConfigError> FindBadCharacter(std::string_view text,
                                            const Lines& lines) {
  for (size_t offset = 0; offset < text.size();) {
    const Utf8Sequence point = DecodeUtf8(text.substr(offset));
    if (!point.well_formed) {
      return ConfigError{lines.At(offset), "", "is not UTF-8"};
    }
    const bool allowed = point.code_point == U'\t' ||
                         point.code_point == U'\n' ||
                         point.code_point == U'\r' || point.code_point >= 0x80;
    if (!allowed && IsControl(point.code_point)) {
      return ConfigError{
          lines.At(offset), "",
          "has the control character " + Quote(text.substr(offset, 1))};
    }
    offset += point.length;
  }
  return std::nullopt;
}

// Builds the tree from yaml-cpp's events. After the first error it takes no
// more of them.
class TreeBuilder final : public YAML::EventHandler {
 public:
  explicit TreeBuilder(const Lines& lines) : lines_(lines) {}

  const std::optional<ConfigError>& error() const { return error_; }
  YamlNodePtr root() const { return root_; }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (root_ != nullptr) Fail(mark, "begins a second document; expected one");
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    Count(mark, 1);
    AddComplete(mark, anchor, YamlNode{});
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag,
                YAML::anchor_t anchor, const std::string& value) override {
    CheckTag(mark, tag);
    YamlNode node;
    node.kind = YamlNode::Kind::kScalar;
    node.text = value;
    // yaml-cpp gives a plain scalar the tag "?" and a quoted one "!".
    node.plain = tag == "?";
    Count(mark, 1);
    AddComplete(mark, anchor, std::move(node));
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    if (error_) return;
    const auto anchored = anchors_.find(anchor);
    if (anchored == anchors_.end()) {
      return Fail(mark, "is an alias within its own anchor");
    }
    Count(mark, anchored->second->nodes);
    Add(anchored->second);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag,
                       YAML::anchor_t anchor,
                       YAML::EmitterStyle::value /*style*/) override {
    Open(mark, tag, anchor, YamlNode::Kind::kList);
  }
  void OnSequenceEnd() override { Close(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag,
                  YAML::anchor_t anchor,
                  YAML::EmitterStyle::value /*style*/) override {
    Open(mark, tag, anchor, YamlNode::Kind::kMap);
  }
  void OnMapEnd() override { Close(); }

 private:
  // A list or a map that is not complete yet.
  struct OpenNode {
    YAML::Mark mark;
    YAML::anchor_t anchor;
    YamlNode node;
    // A map's key that waits for its value.
    YamlNodePtr key;
  };

  void Fail(const YAML::Mark& mark, std::string message) {
    if (!error_) error_ = ConfigError{lines_.At(mark), "", std::move(message)};
  }

  void CheckTag(const YAML::Mark& mark, const std::string& tag) {
    if (!tag.empty() && tag != "?" && tag != "!") {
      Fail(mark, "has the tag " + Quote(tag) + "; expected none");
    }
  }

  void Count(const YAML::Mark& mark, size_t nodes) {
    nodes_ += nodes;
    if (nodes_ > kMostNodes) {
      Fail(mark, "has more than " + std::to_string(kMostNodes) +
                     " values, aliases counted");
    }
  }

  void Open(const YAML::Mark& mark, const std::string& tag,
            YAML::anchor_t anchor, YamlNode::Kind kind) {
    CheckTag(mark, tag);
    if (open_.size() == kDeepest) {
      Fail(mark, "is nested deeper than " + std::to_string(kDeepest));
    }
    Count(mark, 1);
    if (error_) return;
    open_.push_back({mark, anchor, YamlNode{}, nullptr});
    open_.back().node.kind = kind;
  }

  void Close() {
    if (error_) return;
    OpenNode closed = std::move(open_.back());
    open_.pop_back();
    AddComplete(closed.mark, closed.anchor, std::move(closed.node));
  }

  void AddComplete(const YAML::Mark& mark, YAML::anchor_t anchor,
                   YamlNode node) {
    if (error_) return;
    node.position = PositionOf(mark, node.kind);
    auto shared = std::make_shared<const YamlNode>(std::move(node));
    if (anchor != YAML::NullAnchor) anchors_[anchor] = shared;
    Add(std::move(shared));
  }

  // yaml-cpp puts a value that is not there where the next one begins, so it is
  // shown at its key.
  Position PositionOf(const YAML::Mark& mark, YamlNode::Kind kind) const {
    const bool keyed = !open_.empty() && open_.back().key != nullptr;
    return kind == YamlNode::Kind::kNull && keyed ? open_.back().key->position
                                                  : lines_.At(mark);
  }

  void Add(YamlNodePtr node) {
    if (error_) return;
    if (open_.empty()) {
      root_ = std::move(node);
      return;
    }
    OpenNode& parent = open_.back();
    parent.node.nodes += node->nodes;
    if (parent.node.kind == YamlNode::Kind::kList) {
      parent.node.items.push_back(std::move(node));
    } else if (parent.key == nullptr) {
      parent.key = std::move(node);
    } else {
      parent.node.entries.push_back(
          {std::exchange(parent.key, nullptr), std::move(node)});
    }
  }

  const Lines& lines_;
  std::vector<OpenNode> open_;
  std::unordered_map<YAML::anchor_t, YamlNodePtr> anchors_;
  YamlNodePtr root_;
  size_t nodes_ = 0;
  std::optional<ConfigError> error_;
};

}  // namespace

tl::expected<YamlNodePtr, ConfigError> ParseYaml(std::string_view text) {
  if (text.starts_with(kByteOrderMark)) {
    text.remove_prefix(kByteOrderMark.size());
  }
  const Lines lines(text);
  if (auto bad = FindBadCharacter(text, lines)) return tl::unexpected(*bad);
  TreeBuilder builder(lines);
  // yaml-cpp overlooks that a quotation is not closed where a line end is last.
  const size_t end = text.find_last_not_of(" \t\r\n") + 1;
  try {
    std::istringstream stream{std::string(text.substr(0, end))};
    YAML::Parser parser(stream);
    while (!builder.error() && parser.HandleNextDocument(builder)) {
    }
  } catch (const YAML::Exception& exception) {
    if (!builder.error()) {
      return tl::unexpected(ConfigError{lines.At(exception.mark), "",
                                        "bad YAML: " + Escape(exception.msg)});
    }
  }
  if (const auto& error = builder.error()) return tl::unexpected(*error);
  if (builder.root() == nullptr) return std::make_shared<const YamlNode>();
  return builder.root();
}

}  // namespace leak_exporter::config
