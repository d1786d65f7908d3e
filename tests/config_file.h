#pragma once

#include <fstream>
#include <string>

#include "tests/scratch_directory.h"

namespace leak_exporter {

/// A configuration file with this text, for as long as the object lives.
class ConfigFile {
 public:
  explicit ConfigFile(const std::string& text)
      : path_(directory_.path() + "/c.yml") {
    std::ofstream(path_) << text;
  }
  const std::string& path() const { return path_; }

 private:
  ScratchDirectory directory_;
  std::string path_;
};

}  // namespace leak_exporter
