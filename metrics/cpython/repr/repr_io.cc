#include "metrics/cpython/repr/repr_context.h"

namespace leak_exporter::cpython {
namespace {

// buffered.raw, textio.buffer and .encoding, fileio.fd and its flags
// (Modules/_io); the same in all versions.
constexpr uint64_t kRaw = 16;
constexpr uint64_t kBuffer = 32;
constexpr uint64_t kEncoding = 40;
constexpr uint64_t kFd = 16;
constexpr uint64_t kFileFlags = 20;
/// A TextIOWrapper, a buffer and a raw file are three.
constexpr int kMaxLayers = 4;

/// The attribute `name`, which the layers above a raw file take from it.
RemoteAddr FindName(ReprContext& context, RemoteAddr stream) {
  for (int i = 0; i < kMaxLayers && stream != RemoteAddr{}; ++i) {
    const TypeIndex type = context.types.Find(context.TypeOf(stream));
    if (type == kNoType) return {};
    const std::string kind = TpName(context, type);
    if (kind == "_io.TextIOWrapper") {
      stream = context.Pointer(stream + kBuffer);
    } else if (kind.starts_with("_io.Buffered")) {
      stream = context.Pointer(stream + kRaw);
    } else {
      return FindAttribute(context, stream, "name");
    }
  }
  return {};
}

struct FileFlags {
  bool created;
  bool readable;
  bool writable;
  bool appending;
  bool closefd;
};

FileFlags ParseFlags(const ReprContext& context, uint32_t bits) {
  // 2.7 knows no exclusive creation.
  const bool python2 = context.python2();
  if (python2) bits <<= 1;
  const auto bit = [bits](Offset n) { return (bits >> n & 1) != 0; };
  return {!python2 && bit(0), bit(1), bit(2), bit(3),
          bit(context.layout.internal.closefd_bit)};
}

std::string_view ModeOf(const FileFlags& flags) {
  if (flags.created) return flags.readable ? "xb+" : "xb";
  if (flags.appending) return flags.readable ? "ab+" : "ab";
  if (flags.readable) return flags.writable ? "rb+" : "rb";
  return "wb";
}

}  // namespace

bool WriteFileIo(ReprContext& context, const ReprSubject& subject) {
  const auto fd = context.memory.Read<int32_t>(subject.address + kFd);
  const auto bits = context.memory.Read<uint32_t>(subject.address + kFileFlags);
  if (!fd || !bits) return false;
  if (*fd < 0) {
    context.out.Put("<_io.FileIO [closed]>");
    return true;
  }
  const FileFlags flags = ParseFlags(context, *bits);
  const RemoteAddr name = FindName(context, subject.address);
  context.out.Put("<_io.FileIO ");
  if (name == RemoteAddr{}) {
    context.out.Put("fd=" + std::to_string(*fd));
  } else {
    context.out.Put("name=");
    WriteRepr(context, name);
  }
  context.out.Put(" mode='");
  context.out.Put(ModeOf(flags));
  context.out.Put("'");
  if (!context.python2())
    context.out.Put(flags.closefd ? " closefd=True" : " closefd=False");
  context.out.Put(">");
  return true;
}

bool WriteBuffered(ReprContext& context, const ReprSubject& subject) {
  const RemoteAddr name = FindName(context, subject.address);
  context.out.Put("<" + TpName(context, subject.type));
  if (name != RemoteAddr{}) {
    context.out.Put(" name=");
    WriteRepr(context, name);
  }
  context.out.Put(">");
  return true;
}

bool WriteTextIo(ReprContext& context, const ReprSubject& subject) {
  const RemoteAddr name = FindName(context, subject.address);
  const RemoteAddr mode = FindAttribute(context, subject.address, "mode");
  context.out.Put("<_io.TextIOWrapper");
  if (name != RemoteAddr{}) {
    context.out.Put(" name=");
    WriteRepr(context, name);
  }
  // 2.7 does not show it.
  if (mode != RemoteAddr{} && !context.python2()) {
    context.out.Put(" mode=");
    WriteRepr(context, mode);
  }
  context.out.Put(" encoding=");
  WriteRepr(context, context.Pointer(subject.address + kEncoding));
  context.out.Put(">");
  return true;
}

}  // namespace leak_exporter::cpython
