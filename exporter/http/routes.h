#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "exporter/http/message.h"

namespace leak_exporter::http {

/// What is served.
class Routes {
 public:
  explicit Routes(std::vector<Route> routes);

  /// Null if nothing is served at the path.
  const Route* Find(std::string_view path) const;
  /// 404 for a path that is not served, 405 with Allow for a wrong method.
  std::optional<Response> Refuse(std::string_view path,
                                 std::string_view method) const;

 private:
  std::vector<Route> routes_;
};

}  // namespace leak_exporter::http
