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

/// Makes the HTTP library's response with `headers`, which are all that it has.
/// The library asks for the body piece by piece. `sent` is then called with the
/// number of bytes of it that the client's socket has taken. Throws
/// std::bad_alloc, and std::invalid_argument for a header that is none.
ResponseHandle MakeResponse(std::string&& body_text, const Headers& headers,
                            std::function<void(uint64_t bytes)> sent);

}  // namespace leak_exporter::http
