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
  /// Names are in lower case. `q` is left out. Quotes around a value are
  /// removed.
  std::vector<std::pair<std::string, std::string>> parameters;
  /// The weight in thousandths; 1000 if the client gave none.
  int q = 1000;

  /// The value of a parameter, empty if there is none.
  std::string_view Parameter(std::string_view name) const;
};

/// Splits such a header (RFC 9110, 5.6). Elements whose q is not a valid qvalue
/// are left out. Commas and semicolons within quotes are text.
std::vector<HeaderElement> ParseHeaderList(std::string_view header);

}  // namespace leak_exporter::http
