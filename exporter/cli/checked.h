#pragma once

#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>

namespace leak_exporter {

/// Nothing, or what is wrong with the command line, in one line.
using Checked = tl::expected<void, std::string>;

inline Checked Wrong(std::string message) {
  return tl::unexpected(std::move(message));
}

}  // namespace leak_exporter
