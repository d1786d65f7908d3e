#include "exporter/service/process_user.h"

#include <chrono>
#include <optional>
#include <string>

#include "tests/catch.h"
#include "tests/fake_proc.h"

namespace leak_exporter {
namespace {

// FakeProc's processes start a second after the boot.
constexpr std::chrono::seconds kStart{1};
constexpr MainProcess kProcess{7, 0, kStart};

std::string StatusOf(const std::string& uids) {
  return "Name:\tx\nState:\tS (sleeping)\nPid:\t7\nPPid:\t1\nUid:\t" + uids +
         "\n";
}

TEST_CASE("process user: all its uids are one") {
  const FakeProc proc;
  proc.Write(7, "status", StatusOf("1000\t1000\t1000\t1000"));
  CHECK(UserOfProcess(proc.fs(), kProcess) == 1000);
}

TEST_CASE("process user: one with the rights of others has none") {
  const FakeProc proc;
  const auto* uids = GENERATE("1000\t0\t1000\t1000", "0\t1000\t1000\t1000",
                              "1000\t1000\t0\t1000", "1000\t1000\t1000\t0");
  proc.Write(7, "status", StatusOf(uids));
  CHECK(UserOfProcess(proc.fs(), kProcess) == std::nullopt);
}

TEST_CASE("process user: another process with the pid is not asked") {
  const FakeProc proc;
  proc.Write(7, "status", StatusOf("1000\t1000\t1000\t1000"));
  CHECK(UserOfProcess(proc.fs(), {7, 0, 2 * kStart}) == std::nullopt);
  CHECK(UserOfProcess(proc.fs(), {8, 0, kStart}) == std::nullopt);
}

}  // namespace
}  // namespace leak_exporter
