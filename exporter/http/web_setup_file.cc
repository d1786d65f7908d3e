#include "exporter/http/web_setup_file.h"

#include <optional>
#include <utility>

#include "config/load_web_config.h"

namespace leak_exporter::http {
namespace {

/// Why a setup may not take the place of the one before, if so.
std::optional<std::string> RefuseChange(const WebSetup& before,
                                        const WebSetup& after) {
  if (before.Encrypts() != after.Encrypts()) {
    return "tls_server_config: comes and goes only by a restart";
  }
  if (before.IdentifiesClients() && !after.IdentifiesClients()) {
    return "basic_auth_users: authentication ends only by a restart";
  }
  return std::nullopt;
}

void AddFiles(const config::TlsServerConfig& tls,
              std::vector<std::string>& files) {
  for (const config::PemSource* source :
       {&tls.certificate, &tls.key, &tls.client_authorities}) {
    if (!source->file.empty()) files.push_back(source->file);
  }
}

}  // namespace

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

void WebSetupFile::Renew(Logger& logger) {
  const std::lock_guard lock(loading_);
  if (StampsOf(files_) == stamps_) return;
  const auto before = Current();
  auto loaded = Load(before.get());
  if (loaded) {
    if (auto refusal = RefuseChange(*before, **loaded)) {
      loaded = tl::unexpected(Mistakes{path_ + ": " + *refusal});
    }
  }
  if (!loaded) {
    for (const std::string& mistake : loaded.error()) {
      logger.Error(
          "the web configuration is wrong; the one before stays in force",
          {{"error", mistake}});
    }
    return;
  }
  {
    const std::lock_guard current_lock(mutex_);
    current_ = std::move(*loaded);
  }
  logger.Info("web configuration loaded again", {{"file", path_}});
}

/// Takes the stamps of files before it reads them, so that a change meanwhile
/// is seen later.
WebSetupFile::Loaded WebSetupFile::Load(const WebSetup* before) {
  const FileStamp own = StampsOf({path_}).front();
  auto config = config::LoadWebConfig(path_);
  files_ = {path_};
  if (config && config->tls) AddFiles(*config->tls, files_);
  stamps_ = StampsOf(files_);
  stamps_.front() = own;
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
