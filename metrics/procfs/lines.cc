#include "metrics/procfs/lines.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "metrics/base/uninterrupted.h"
#include "metrics/procfs/text.h"

namespace leak_exporter::procfs {

PieceReader::PieceReader(UniqueFd file, std::string path,
                         const Deadline& deadline)
    : file_(std::move(file)), path_(std::move(path)), deadline_(&deadline) {}

Result<PieceReader> PieceReader::Open(const ProcessHandle& process,
                                      const char* name,
                                      const Deadline& deadline) {
  auto file = process.OpenAt(name, O_RDONLY);
  if (!file) return tl::unexpected<Error>(std::move(file).error());
  return PieceReader(std::move(*file), process.Path(name), deadline);
}

Result<size_t> PieceReader::Read(char* to, size_t size) {
  if (deadline_->Expired()) {
    return Failure(ETIMEDOUT, path_ + ": not read to its end in time");
  }
  const ssize_t count =
      Uninterrupted([&] { return ::read(file_.get(), to, size); });
  if (count >= 0) return static_cast<size_t>(count);
  const int code = errno;
  return Failure(code, path_ + ": " + std::strerror(code));
}

tl::unexpected<Error> PieceReader::Located(Error error) const {
  return tl::unexpected<Error>(AtPath(path_, std::move(error)));
}

Result<uint64_t> ForEachLine(
    PieceReader& reader, std::string& buffer,
    const std::function<Result<void>(std::string_view, size_t)>& visit) {
  if (buffer.size() < kLineBufferBytes) buffer.resize(kLineBufferBytes);
  uint64_t lines = 0;
  size_t held = 0;
  for (;;) {
    if (held == buffer.size()) {
      return reader.Located(Malformed(lines + 1, "line too long", buffer));
    }
    const auto count = reader.Read(buffer.data() + held, buffer.size() - held);
    if (!count) return tl::unexpected<Error>(count.error());
    std::string_view text(buffer.data(), held + *count);
    if (*count == 0) {
      if (held == 0) return lines;
      return reader.Located(Malformed(lines + 1, "torn last line", text));
    }
    for (size_t end; (end = text.find('\n')) != std::string_view::npos;) {
      ++lines;
      auto visited = visit(text.substr(0, end), lines);
      if (!visited) return reader.Located(std::move(visited).error());
      text.remove_prefix(end + 1);
    }
    held = text.size();
    std::memmove(buffer.data(), text.data(), held);
  }
}

}  // namespace leak_exporter::procfs
