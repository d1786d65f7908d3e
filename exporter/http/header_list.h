#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace leak_exporter::http {

/// One element of a comma separated header with parameters, as Accept and
/// Accept-Encoding have them: `value;name=parameter;q=0.5`.
struct HeaderElement {
  /// In lower case.
  std::string value;
  /// Names in lower case, without q; quotes around a value removed.
  std::vector<std::pair<std::string, std::string>> parameters;
  /// In thousandths, 1000 where the client gave none.
  int q = 1000;

  /// A parameter's value, empty where there is none.
  std::string_view Parameter(std::string_view name) const;
};

/// Splits such a header (RFC 9110, 5.6). Elements with a q that is no qvalue
/// are left out. Commas and semicolons within quotes are text.
std::vector<HeaderElement> ParseHeaderList(std::string_view header);

}  // namespace leak_exporter::http
