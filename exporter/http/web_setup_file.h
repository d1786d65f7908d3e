#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "exporter/http/web_setup.h"
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

  /// What is in force.
  std::shared_ptr<const WebSetup> Current() const;

 private:
  using Loaded = tl::expected<std::shared_ptr<const WebSetup>, Mistakes>;

  WebSetupFile(std::string path, const Clock& clock);
  Loaded Load(const WebSetup* before) const;

  const std::string path_;
  const Clock& clock_;
  mutable std::mutex mutex_;
  std::shared_ptr<const WebSetup> current_;
};

}  // namespace leak_exporter::http
