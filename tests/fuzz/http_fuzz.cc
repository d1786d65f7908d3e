// Whatever a client sends as a head, it is understood or refused. Each line of
// the input is a header; the first is the target.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "exporter/http/auth/basic_credentials.h"
#include "exporter/http/framing.h"
#include "exporter/http/header_list.h"
#include "exporter/http/negotiation.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace leak_exporter::http;
  std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto next_line = [&text] {
    const size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end == text.npos ? text.size() : end + 1);
    return line;
  };
  const std::string_view target = next_line();
  HeaderFields headers;
  while (!text.empty()) {
    const std::string_view line = next_line();
    const size_t colon = line.find(':');
    const std::string_view value =
        colon == line.npos ? "" : line.substr(colon + 1);
    headers.emplace_back(line.substr(0, colon), value);
    (void)NegotiateMetricsFormat(value);
    (void)AcceptsGzip(value);
    (void)ParseHeaderList(value);
    (void)ParseBasicCredentials(value);
  }
  (void)RefuseTarget(target);
  (void)RefuseHeadSize(target, headers, 32768);
  for (const std::string_view version : {"HTTP/1.0", "HTTP/1.1"}) {
    if (!RefuseFraming(version, headers)) (void)BodyLength(headers);
  }
  return 0;
}
