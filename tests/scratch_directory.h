#pragma once

#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>

namespace leak_exporter {

/// A directory for one test, removed with all that is in it. Its path is
/// canonical, as /proc shows it.
class ScratchDirectory {
 public:
  explicit ScratchDirectory(const std::filesystem::path& parent =
                                std::filesystem::temp_directory_path()) {
    std::string pattern = (parent / "leak_exporter_test.XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) {
      throw std::runtime_error("mkdtemp failed for " + pattern);
    }
    path_ = std::filesystem::canonical(pattern).string();
  }
  ScratchDirectory(const ScratchDirectory&) = delete;
  ScratchDirectory& operator=(const ScratchDirectory&) = delete;
  ~ScratchDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace leak_exporter
