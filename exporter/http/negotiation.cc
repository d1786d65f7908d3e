#include "exporter/http/negotiation.h"

#include <array>
#include <optional>
#include <vector>

#include "exporter/http/header_list.h"

namespace leak_exporter::http {
namespace {

struct Offer {
  std::string_view type;
  std::string_view version;
  bool openmetrics;
  /// The answer to a client that names the type but no version.
  bool default_version;
};

constexpr std::string_view kOpenMetricsType = "application/openmetrics-text";
constexpr std::string_view kTextType = "text/plain";

// In the order of our preference among formats of equal weight.
constexpr std::array kOffers = {
    Offer{kOpenMetricsType, "1.0.0", true, true},
    Offer{kOpenMetricsType, "0.0.1", true, false},
    Offer{kTextType, "1.0.0", false, false},
    Offer{kTextType, "0.0.4", false, true},
};
constexpr const Offer& kPlainText = kOffers.back();

/// How specifically an element names an offer; higher is more specific.
enum Specificity { kAnything = 1, kAnySubtype, kType, kVersion };

std::optional<Specificity> Match(const HeaderElement& range,
                                 const Offer& offer) {
  if (range.value == "*/*") {
    return &offer == &kPlainText ? std::optional(kAnything) : std::nullopt;
  }
  if (range.value == "text/*") {
    return &offer == &kPlainText ? std::optional(kAnySubtype) : std::nullopt;
  }
  if (range.value == "application/*") {
    return &offer == &kOffers.front() ? std::optional(kAnySubtype)
                                      : std::nullopt;
  }
  if (range.value != offer.type) return std::nullopt;
  const std::string_view version = range.Parameter("version");
  if (version.empty()) {
    return offer.default_version ? std::optional(kType) : std::nullopt;
  }
  return version == offer.version ? std::optional(kVersion) : std::nullopt;
}

/// The element that decides about an offer: the most specific one, the first
/// of equals.
struct Verdict {
  const HeaderElement* range = nullptr;
  int specificity = 0;
};

Verdict Judge(const std::vector<HeaderElement>& ranges, const Offer& offer) {
  Verdict verdict;
  for (const HeaderElement& range : ranges) {
    const auto specificity = Match(range, offer);
    if (specificity && *specificity > verdict.specificity) {
      verdict = {&range, *specificity};
    }
  }
  return verdict;
}

MetricsFormat Describe(const Offer& offer, bool with_escaping) {
  MetricsFormat format{offer.openmetrics, std::string(offer.type)};
  format.content_type += "; version=";
  format.content_type += offer.version;
  format.content_type += "; charset=utf-8";
  if (with_escaping) format.content_type += "; escaping=underscores";
  return format;
}

}  // namespace

MetricsFormat NegotiateMetricsFormat(std::string_view accept) {
  const std::vector<HeaderElement> ranges = ParseHeaderList(accept);
  const Offer* best_offer = &kPlainText;
  Verdict best;
  int best_q = 0;
  for (const Offer& offer : kOffers) {
    const Verdict verdict = Judge(ranges, offer);
    if (verdict.range == nullptr || verdict.range->q == 0) continue;
    const bool named = verdict.specificity >= kType;
    const bool best_named = best.specificity >= kType;
    if (verdict.range->q > best_q ||
        (verdict.range->q == best_q && named && !best_named)) {
      best_offer = &offer;
      best = verdict;
      best_q = verdict.range->q;
    }
  }
  return Describe(*best_offer, best.range != nullptr &&
                                   !best.range->Parameter("escaping").empty());
}

bool AcceptsGzip(std::string_view accept_encoding) {
  std::optional<int> gzip;
  std::optional<int> identity;
  std::optional<int> anything;
  for (const HeaderElement& element : ParseHeaderList(accept_encoding)) {
    if (element.value == "gzip" || element.value == "x-gzip") {
      gzip = element.q;
    } else if (element.value == "identity") {
      identity = element.q;
    } else if (element.value == "*") {
      anything = element.q;
    }
  }
  const int gzip_q = gzip.value_or(anything.value_or(0));
  return gzip_q > 0 && gzip_q >= identity.value_or(0);
}

}  // namespace leak_exporter::http
