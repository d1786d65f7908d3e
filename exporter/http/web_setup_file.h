#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "exporter/http/file_stamps.h"
#include "exporter/http/web_setup.h"
#include "exporter/log/log.h"
#include "metrics/base/clock.h"

namespace leak_exporter::http {

/// The setup that a web configuration file asks for. Thread-safe.
class WebSetupFile {
 public:
  using Mistakes = std::vector<std::string>;

  /// Loads the file and the certificates that it names, or returns a line for
  /// each mistake in it. `clock` must outlive the result.
  static tl::expected<std::shared_ptr<WebSetupFile>, Mistakes> Open(
      const std::string& path, const Clock& clock);

  /// Loads again what has changed on disk. If that is wrong, logs why and keeps
  /// what is in force. Also refused is what would have TLS come or go, or would
  /// let in clients that nobody knows: an editor may have emptied the file for
  /// a moment. May wait for the filesystem.
  void Renew(Logger& logger);

  /// What is in force.
  std::shared_ptr<const WebSetup> Current() const;

 private:
  using Loaded = tl::expected<std::shared_ptr<const WebSetup>, Mistakes>;

  WebSetupFile(std::string path, const Clock& clock);
  Loaded Load(const WebSetup* before);

  const std::string path_;
  const Clock& clock_;
  /// Held while files are read.
  std::mutex loading_;
  /// The file, and those that it named when it was read last.
  std::vector<std::string> files_;
  std::vector<FileStamp> stamps_;
  mutable std::mutex mutex_;
  std::shared_ptr<const WebSetup> current_;
};

}  // namespace leak_exporter::http
