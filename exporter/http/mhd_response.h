#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "exporter/http/message.h"

struct MHD_Response;

namespace leak_exporter::http {

struct DestroyResponse {
  void operator()(MHD_Response* response) const;
};
using ResponseHandle = std::unique_ptr<MHD_Response, DestroyResponse>;

/// Makes the HTTP library's response, with the headers that every response has.
/// The library asks for the body piece by piece. `sent` is then called with the
/// number of bytes of it that the client's socket has taken. Throws
/// std::bad_alloc, and std::invalid_argument for a header that is none.
ResponseHandle MakeResponse(Response&& response,
                            std::function<void(uint64_t bytes)> sent);

}  // namespace leak_exporter::http
