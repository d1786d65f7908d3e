#include "metrics/targets/process_facts.h"

#include <string_view>

#include "metrics/procfs/cgroup.h"
#include "metrics/procfs/cmdline.h"
#include "metrics/procfs/status.h"

namespace leak_exporter {
namespace {

/// What the kernel adds to the path of an executable that was replaced.
constexpr std::string_view kDeleted = " (deleted)";

}  // namespace

const Result<uid_t>& ProcessFacts::EffectiveUid() {
  if (!effective_uid_) {
    effective_uid_ = procfs::ReadStatus(process_, buffer_)
                         .map([](const procfs::Status& status) {
                           return status.effective_uid;
                         });
  }
  return *effective_uid_;
}

const Result<std::vector<std::string>>& ProcessFacts::CgroupPaths() {
  if (!cgroup_paths_) cgroup_paths_ = procfs::ReadCgroup(process_, buffer_);
  return *cgroup_paths_;
}

const Result<std::string>& ProcessFacts::Exe() {
  if (!exe_) {
    exe_ = process_.ReadLink("exe").map([](std::string path) {
      if (path.ends_with(kDeleted)) path.resize(path.size() - kDeleted.size());
      return path;
    });
  }
  return *exe_;
}

const Result<std::string>& ProcessFacts::Arguments() {
  if (!arguments_) arguments_ = procfs::ReadArguments(process_, buffer_);
  return *arguments_;
}

}  // namespace leak_exporter
