#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "exporter/http/message.h"

namespace leak_exporter::http {

/// The headers of a request, in its order; a name may come twice.
using HeaderFields = std::vector<std::pair<std::string_view, std::string_view>>;

/// Finds a request that another server, such as a proxy in front, might divide
/// from the next one in another way (RFC 9112, 6 and 11.2): the length given
/// twice, with Transfer-Encoding, or not as a number; a coding other than
/// `chunked`; a name or a value with characters that do not belong there; no
/// Host, or two. The answer is a 400. Absent if the request is well framed.
///
/// The HTTP library has taken the lines apart. It hides only that a line ended
/// in a bare LF, and what followed a NUL.
std::optional<Response> RefuseFraming(std::string_view version,
                                      const HeaderFields& headers);

/// Refuses the target of a request as it was sent: 400 for an escaped NUL, a
/// space or a control character.
std::optional<Response> RefuseTarget(std::string_view target);

/// Refuses a head that takes too much memory: 431 if its lines and the
/// library's record of each header and cookie exceed `most`.
std::optional<Response> RefuseHeadSize(std::string_view target,
                                       const HeaderFields& headers,
                                       size_t most);

/// The length of the body, 0 if there is none; absent if it is chunked. For a
/// request that RefuseFraming lets pass. A length over the type's range is its
/// greatest value.
std::optional<size_t> BodyLength(const HeaderFields& headers);

}  // namespace leak_exporter::http
