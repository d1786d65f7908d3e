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

ResponseHandle MakeResponse(std::string&& body_text, const Headers& headers,
                            std::function<void(uint64_t bytes)> sent) {
  auto body = std::make_unique<Body>();
  body->text = std::move(body_text);
  body->sent = std::move(sent);
  const size_t size = body->text.size();
  ResponseHandle handle(MHD_create_response_from_callback(
      size, std::clamp<size_t>(size, 1, kPieceBytes), &ReadBody, body.get(),
      &FreeBody));
  if (!handle) throw std::bad_alloc();
  body.release();
  for (const auto& [name, value] : headers) {
    if (MHD_add_response_header(handle.get(), name.c_str(), value.c_str()) ==
        MHD_NO) {
      throw std::invalid_argument("bad response header " + name);
    }
  }
  return handle;
}

}  // namespace leak_exporter::http
