#include "exporter/http/web_setup_file.h"

#include <utility>

#include "config/load_web_config.h"

namespace leak_exporter::http {

WebSetupFile::WebSetupFile(std::string path, const Clock& clock)
    : path_(std::move(path)), clock_(clock) {}

tl::expected<std::shared_ptr<WebSetupFile>, WebSetupFile::Mistakes>
WebSetupFile::Open(const std::string& path, const Clock& clock) {
  std::shared_ptr<WebSetupFile> file(new WebSetupFile(path, clock));
  auto loaded = file->Load(nullptr);
  if (!loaded) return tl::unexpected(std::move(loaded.error()));
  file->current_ = std::move(*loaded);
  return file;
}

std::shared_ptr<const WebSetup> WebSetupFile::Current() const {
  const std::lock_guard lock(mutex_);
  return current_;
}

WebSetupFile::Loaded WebSetupFile::Load(const WebSetup* before) const {
  auto config = config::LoadWebConfig(path_);
  if (!config) {
    return tl::unexpected(config::ToStrings(path_, config.error()));
  }
  std::shared_ptr<const TlsCredentials> tls;
  if (config->tls) {
    auto loaded = TlsCredentials::Load(*config->tls);
    if (!loaded) {
      return tl::unexpected(config::ToStrings(path_, loaded.error()));
    }
    tls = std::move(*loaded);
  }
  return std::make_shared<const WebSetup>(std::move(*config), std::move(tls),
                                          clock_, before);
}

}  // namespace leak_exporter::http
