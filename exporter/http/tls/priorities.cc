#include "exporter/http/tls/priorities.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>
#include <vector>

namespace leak_exporter::http {
namespace {

using config::TlsVersion;

/// What the names of suites have in them, and what GnuTLS calls it. In the
/// order of preference.
constexpr std::array<std::pair<std::string_view, std::string_view>, 5>
    kCiphers = {{{"_AES_256_GCM_", "AES-256-GCM"},
                 {"_CHACHA20_POLY1305_", "CHACHA20-POLY1305"},
                 {"_AES_128_GCM_", "AES-128-GCM"},
                 {"_AES_256_CBC_", "AES-256-CBC"},
                 {"_AES_128_CBC_", "AES-128-CBC"}}};
/// The first three, which are those of TLS 1.3.
constexpr size_t kAuthenticatedCiphers = 3;
constexpr std::array<std::pair<TlsVersion, std::string_view>, 4> kVersions = {
    {{TlsVersion::kTls13, "TLS1.3"},
     {TlsVersion::kTls12, "TLS1.2"},
     {TlsVersion::kTls11, "TLS1.1"},
     {TlsVersion::kTls10, "TLS1.0"}}};
constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kGroups =
    {{{"X25519", "X25519"},
      {"CurveP256", "SECP256R1"},
      {"CurveP384", "SECP384R1"},
      {"CurveP521", "SECP521R1"}}};

using Names = std::vector<std::string_view>;

/// The ciphers of the suites for such a key. All of them if no suite is given.
Names OlderCiphers(const std::vector<std::string>& suites, KeyKind key) {
  const std::string_view prefix =
      key == KeyKind::kRsa ? "TLS_ECDHE_RSA_" : "TLS_ECDHE_ECDSA_";
  Names ciphers;
  for (const auto& [part, cipher] : kCiphers) {
    const auto names_it = [prefix, wanted = part](const std::string& suite) {
      return suite.starts_with(prefix) && suite.find(wanted) != suite.npos;
    };
    if (suites.empty() || std::ranges::any_of(suites, names_it)) {
      ciphers.push_back(cipher);
    }
  }
  return ciphers;
}

Names Groups(const std::vector<std::string>& curves) {
  Names groups;
  for (const auto& [curve, group] : kGroups) {
    if (curves.empty()) groups.push_back(group);
  }
  for (const std::string& wanted : curves) {
    for (const auto& [curve, group] : kGroups) {
      if (curve == wanted) groups.push_back(group);
    }
  }
  return groups;
}

void Append(std::string& text, std::string_view what, const Names& names) {
  for (const std::string_view name : names) {
    text += ":+";
    text += what;
    text += name;
  }
}

std::string Priority(const Names& versions, const Names& ciphers,
                     const Names& groups) {
  std::string text = "NORMAL:-VERS-ALL";
  Append(text, "VERS-", versions);
  text += ":-KX-ALL:+ECDHE-ECDSA:+ECDHE-RSA:-CIPHER-ALL";
  Append(text, "", ciphers);
  // Suites with CBC have SHA1 as their MAC.
  text += ":-MAC-ALL:+AEAD:+SHA1:-GROUP-ALL";
  Append(text, "GROUP-", groups);
  return text + ":%SERVER_PRECEDENCE";
}

}  // namespace

std::optional<Priorities> MakePriorities(const config::TlsServerConfig& config,
                                         KeyKind key) {
  const Names older_ciphers = OlderCiphers(config.cipher_suites, key);
  Names versions;
  Names older_versions;
  for (const auto& [version, name] : kVersions) {
    if (version < config.min_version || version > config.max_version) continue;
    if (version == TlsVersion::kTls13) {
      versions.push_back(name);
    } else if (!older_ciphers.empty()) {
      versions.push_back(name);
      older_versions.push_back(name);
    }
  }
  if (versions.empty()) return std::nullopt;
  Names ciphers;
  for (size_t i = 0; i < kCiphers.size(); ++i) {
    const std::string_view cipher = kCiphers[i].second;
    const bool is_newer =
        config.max_version >= TlsVersion::kTls13 && i < kAuthenticatedCiphers;
    if (is_newer ||
        std::ranges::find(older_ciphers, cipher) != older_ciphers.end()) {
      ciphers.push_back(cipher);
    }
  }
  const Names groups = Groups(config.curves);
  Priorities priorities;
  priorities.all = Priority(versions, ciphers, groups);
  if (!older_versions.empty()) {
    priorities.older = Priority(older_versions, older_ciphers, groups);
  }
  return priorities;
}

}  // namespace leak_exporter::http
