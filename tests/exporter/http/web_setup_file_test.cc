#include "exporter/http/web_setup_file.h"

#include <cstdio>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "tests/catch.h"
#include "tests/exporter/http/tls/certificates.h"
#include "tests/exporter/log/captured_log.h"
#include "tests/scratch_directory.h"

namespace leak_exporter::http {
namespace {

const SystemClock kClock;
constexpr const char* kUsers =
    "basic_auth_users: {alice: "
    "$2y$04$abcdefghijklmnopqrstuu/LVz6MZlItEy42I2juLihZ66HnQx/cy}\n";
constexpr const char* kTls =
    "tls_server_config: {cert_file: a.pem, key_file: a.key}\n";

class Directory {
 public:
  std::string web() const { return directory_.path() + "/web.yml"; }

  /// Puts another file in its place, as tools that renew certificates do.
  void Write(const std::string& name, const std::string& text) const {
    const std::string path = directory_.path() + "/" + name;
    std::ofstream(path + ".new") << text;
    REQUIRE(std::rename((path + ".new").c_str(), path.c_str()) == 0);
  }

  std::shared_ptr<WebSetupFile> Open() const {
    auto opened = WebSetupFile::Open(web(), kClock);
    REQUIRE(opened);
    return *opened;
  }

 private:
  ScratchDirectory directory_;
};

/// The setup of a directory's file, as it was first, and what Renew() logs.
struct Loaded {
  explicit Loaded(const Directory& directory)
      : file(directory.Open()), first(file->Current()) {}

  void Renew() { file->Renew(log.logger()); }
  bool IsFirst() const { return file->Current() == first; }

  const std::shared_ptr<WebSetupFile> file;
  const std::shared_ptr<const WebSetup> first;
  CapturedLog log;
};

/// A file that asks for TLS, with its certificate and key.
void WriteCertificate(const Directory& directory) {
  directory.Write("web.yml", kTls);
  directory.Write("a.pem", kCertificate);
  directory.Write("a.key", kKey);
}

size_t Count(const std::string& text, const std::string& part) {
  size_t count = 0;
  for (size_t at = text.find(part); at != text.npos;
       at = text.find(part, at + 1)) {
    ++count;
  }
  return count;
}

constexpr const char* kRefused =
    "the web configuration is wrong; the one before stays in force";

TEST_CASE("web setup file: a change on disk is taken, once") {
  const Directory directory;
  directory.Write("web.yml", kUsers);
  Loaded loaded(directory);
  loaded.Renew();
  CHECK(loaded.IsFirst());
  directory.Write("web.yml", std::string(kUsers) +
                                 "http_server_config: {headers: "
                                 "{X-Frame-Options: deny}}\n");
  loaded.Renew();
  const auto second = loaded.file->Current();
  CHECK(second->headers() == Headers{{"X-Frame-Options", "deny"}});
  loaded.Renew();
  CHECK(loaded.file->Current() == second);
  CHECK(Count(loaded.log.text(), "web configuration loaded again") == 1);
}

TEST_CASE("web setup file: a wrong change is refused, and said once") {
  const Directory directory;
  directory.Write("web.yml", kUsers);
  Loaded loaded(directory);
  directory.Write("web.yml", "nonsense: 1\nmore: 2\n");
  loaded.Renew();
  loaded.Renew();
  CHECK(loaded.IsFirst());
  CHECK(Count(loaded.log.text(), kRefused) == 2);
  CHECK_THAT(loaded.log.text(), ContainsSubstring("web.yml:1:1: nonsense"));
  CHECK_THAT(loaded.log.text(), ContainsSubstring("web.yml:2:1: more"));
  REQUIRE(std::remove(directory.web().c_str()) == 0);
  loaded.Renew();
  CHECK(loaded.IsFirst());
  directory.Write("web.yml", std::string(kUsers) + kUsers[0] + "\n");
  loaded.Renew();
  directory.Write("web.yml", std::string(kUsers) + "\n");
  loaded.Renew();
  CHECK_FALSE(loaded.IsFirst());
}

TEST_CASE("web setup file: certificates are renewed as a pair") {
  const Directory directory;
  WriteCertificate(directory);
  Loaded loaded(directory);
  directory.Write("a.pem", kOtherCertificate);
  loaded.Renew();
  CHECK(loaded.IsFirst());
  CHECK_THAT(loaded.log.text(),
             ContainsSubstring("is not the key of the certificate"));
  directory.Write("a.key", kOtherKey);
  loaded.Renew();
  CHECK_FALSE(loaded.IsFirst());
  CHECK(loaded.file->Current()->tls() != loaded.first->tls());
  CHECK(loaded.file->Current()->tls() != nullptr);
}

TEST_CASE("web setup file: a certificate that comes late is seen") {
  const Directory directory;
  WriteCertificate(directory);
  Loaded loaded(directory);
  directory.Write("web.yml",
                  "tls_server_config: {cert_file: b.pem, key_file: b.key}\n");
  loaded.Renew();
  CHECK(loaded.IsFirst());
  directory.Write("b.key", kOtherKey);
  directory.Write("b.pem", kOtherCertificate);
  loaded.Renew();
  CHECK_FALSE(loaded.IsFirst());
}

TEST_CASE("web setup file: protection ends only by a restart") {
  const Directory directory;
  directory.Write("a.pem", kCertificate);
  directory.Write("a.key", kKey);
  const std::string both = std::string(kTls) + kUsers;
  struct Case {
    std::string before;
    std::string after;
    const char* refusal;
  };
  for (const Case& change : std::vector<Case>{
           {both, "", "tls_server_config: comes and goes only by a restart"},
           {both, kUsers, "tls_server_config: comes and goes only by"},
           {kUsers, both, "tls_server_config: comes and goes only by"},
           {both, kTls, "basic_auth_users: authentication ends only by a"},
           {kUsers, "", "basic_auth_users: authentication ends only by a"}}) {
    directory.Write("web.yml", change.before);
    Loaded loaded(directory);
    directory.Write("web.yml", change.after);
    loaded.Renew();
    CHECK(loaded.IsFirst());
    CHECK_THAT(loaded.log.text(), ContainsSubstring(change.refusal));
  }
}

}  // namespace
}  // namespace leak_exporter::http
