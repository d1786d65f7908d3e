#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "metrics/base/deadline.h"
#include "metrics/base/result.h"
#include "metrics/disk/file_id.h"
#include "metrics/disk/file_root.h"

namespace leak_exporter {

/// What a look concerns. Two looks that concern the same hang together.
struct LookKey {
  enum class Kind {
    /// Where `path` leads under `root`.
    kPath,
    /// Which directories the pattern `path` matches under `root`.
    kPattern,
    /// The working directory that the kernel shows as `path`.
    kWorkingDirectory,
    /// How large the directory `id` is.
    kUsage,
  };

  Kind kind = Kind::kPath;
  RootId root = {};
  FileId id = {};
  std::string path = {};

  bool operator==(const LookKey&) const = default;
};

/// A look at a directory.
struct Look {
  /// What it found. All looks of one kind return the same type.
  using Finding = std::shared_ptr<const void>;

  LookKey key;
  /// The directory's name for messages.
  std::string name;
  /// Looks with equal keys and equal questions have the same answer. Absent if
  /// nobody else may have the answer.
  std::optional<std::string> question;
  /// Runs in another thread, perhaps long after the caller has given it up: it
  /// must own whatever it uses. It is alive as long as it asks its deadline.
  std::function<Finding(const Deadline&)> work;
};

/// Looks at directories for whoever asks. A look may hang in the kernel for as
/// long as a file server is dead, and nothing can end it then. Therefore at
/// most one look with a given key is outstanding at any time, whoever asked for
/// it and however often.
class DirectoryLooks {
 public:
  virtual ~DirectoryLooks() = default;

  /// Returns what the look found, or what an outstanding one finds that answers
  /// the same question. An outstanding look that answers another question is
  /// waited for first. ETIMEDOUT past the deadline, or if an outstanding look
  /// hangs; that look stays outstanding. EFBIG where so many looks are
  /// outstanding that none is begun.
  virtual Result<Look::Finding> Await(Look look, const Deadline& deadline) = 0;
};

/// The same for work that returns a T.
template <typename T, typename Work>
Result<std::shared_ptr<const T>> AwaitLook(DirectoryLooks& looks, LookKey key,
                                           std::string name,
                                           std::optional<std::string> question,
                                           Work work,
                                           const Deadline& deadline) {
  const auto erased =
      [work = std::move(work)](const Deadline& until) -> Look::Finding {
    return std::make_shared<const T>(work(until));
  };
  return looks
      .Await({std::move(key), std::move(name), std::move(question), erased},
             deadline)
      .map([](const Look::Finding& found) {
        return std::static_pointer_cast<const T>(found);
      });
}

}  // namespace leak_exporter
