#pragma once

#include <string>

namespace leak_exporter::http {

/// The first message of a client that accepts every version, by which it can
/// be asked whether a server answers. Empty if the library has no memory.
std::string ClientHello();

}  // namespace leak_exporter::http
