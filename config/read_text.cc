#include "config/read_text.h"

#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <memory>
#include <system_error>
#include <utility>

namespace leak_exporter::config {
namespace {

constexpr size_t kLargestFile = size_t{1} << 20;

tl::unexpected<ConfigErrors> FileError(std::string message) {
  return tl::unexpected(ConfigErrors{ConfigError{{}, "", std::move(message)}});
}

tl::unexpected<ConfigErrors> SystemError(int code) {
  return FileError(std::generic_category().message(code));
}

}  // namespace

tl::expected<std::string, ConfigErrors> ReadText(const std::string& path) {
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  const std::unique_ptr<std::FILE, Close> file(std::fopen(path.c_str(), "re"));
  if (file == nullptr) return SystemError(errno);
  std::string text(kLargestFile + 1, '\0');
  text.resize(std::fread(text.data(), 1, text.size(), file.get()));
  if (std::ferror(file.get()) != 0) return SystemError(errno);
  if (text.size() > kLargestFile) {
    return FileError("is larger than " + std::to_string(kLargestFile) +
                     " bytes");
  }
  return text;
}

}  // namespace leak_exporter::config
