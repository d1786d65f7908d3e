#include "exporter/http/mhd_response.h"

#include <microhttpd.h>

#include <algorithm>
#include <cstddef>
#include <new>
#include <stdexcept>
#include <string>
#include <utility>

namespace leak_exporter::http {
namespace {

constexpr size_t kPieceBytes = size_t{32} << 10;

struct Body {
  std::string text;
  std::function<void(uint64_t)> sent;
};

ssize_t ReadBody(void* cls, uint64_t position, char* buffer, size_t most) {
  const auto& body = *static_cast<const Body*>(cls);
  body.sent(position);
  const size_t size = body.text.copy(buffer, most, position);
  return size > 0 ? static_cast<ssize_t>(size)
                  : MHD_CONTENT_READER_END_OF_STREAM;
}

void FreeBody(void* cls) { delete static_cast<Body*>(cls); }

}  // namespace

void DestroyResponse::operator()(MHD_Response* response) const {
  MHD_destroy_response(response);
}

ResponseHandle MakeResponse(Response&& response,
                            std::function<void(uint64_t bytes)> sent) {
  auto body = std::make_unique<Body>();
  body->text = std::move(response.body);
  body->sent = std::move(sent);
  const size_t size = body->text.size();
  ResponseHandle handle(MHD_create_response_from_callback(
      size, std::clamp<size_t>(size, 1, kPieceBytes), &ReadBody, body.get(),
      &FreeBody));
  if (!handle) throw std::bad_alloc();
  body.release();
  const auto add = [&handle](const char* name, const std::string& value) {
    if (MHD_add_response_header(handle.get(), name, value.c_str()) == MHD_NO) {
      throw std::invalid_argument(std::string("bad response header ") + name);
    }
  };
  add("Content-Type", response.content_type);
  add("Cache-Control", "no-store");
  add("X-Content-Type-Options", "nosniff");
  add("X-Frame-Options", "DENY");
  add("Referrer-Policy", "no-referrer");
  for (const auto& [name, value] : response.headers) add(name.c_str(), value);
  return handle;
}

}  // namespace leak_exporter::http
