#include "metrics/render/debug/debug_text.h"

#include <string_view>

#include "metrics/render/debug/block_content.h"
#include "metrics/render/debug/plain_text.h"

namespace leak_exporter::render {
namespace {

std::string_view Title(DebugBlock profile) {
  switch (profile) {
    case DebugBlock::kMemory:
      return "MEMORY";
    case DebugBlock::kPid:
      return "PID";
    case DebugBlock::kDisk:
      return "DISK";
    case DebugBlock::kMapping:
      return "MAPPING";
  }
  return {};
}

void AppendMark(std::string_view word, DebugBlock profile,
                std::string_view name, std::string& out) {
  out += "### DEBUG: ";
  out += word;
  out += ' ';
  out += Title(profile);
  out += " PROFILE ";
  if (!name.empty()) {
    out += '(';
    AppendPlainText(name, out);
    out += ") ";
  }
  out += "###\n";
}

void AppendNoProcess(const TargetSnapshot& target, std::string& out) {
  if (AreMainProcessesKnown(target)) {
    out += "No process matches the target ";
    AppendPlainText(target.target, out);
    out += ".\n";
    return;
  }
  for (const CollectorRun& run : target.runs) {
    if (run.collector != CollectorId::kTargets) continue;
    for (const CollectorError& error : run.errors) {
      out += "The processes of the target ";
      AppendPlainText(target.target, out);
      out += " are not known: ";
      AppendPlainText(error.message, out);
      out += '\n';
    }
  }
}

std::string NameOf(const TargetSnapshot& target, pid_t pid) {
  return target.target + ", pid " + std::to_string(pid);
}

void AppendBlocks(DebugBlock profile, const TargetSnapshot& target,
                  bool several_targets, std::string& out) {
  const bool is_named = several_targets || target.main_processes.size() > 1;
  if (target.main_processes.empty()) {
    const std::string name = is_named ? target.target : "";
    AppendMark("BEGIN", profile, name, out);
    out += '\n';
    AppendNoProcess(target, out);
    out += '\n';
    AppendMark("END", profile, name, out);
  }
  for (const MainProcess& process : target.main_processes) {
    const std::string name = is_named ? NameOf(target, process.pid) : "";
    AppendMark("BEGIN", profile, name, out);
    out += '\n';
    AppendBlockContent(profile, target, process.pid, out);
    out += '\n';
    AppendMark("END", profile, name, out);
  }
}

void AppendChild(const TargetSnapshot& target, const ShownChildren& shown,
                 std::string& out) {
  const auto child = shown.find(target.target);
  if (child == shown.end() || !target.python_heap) return;
  for (const PythonProcess& process : target.python_heap->children) {
    if (process.pid != child->second) continue;
    const std::string name = NameOf(target, process.pid);
    AppendMark("BEGIN", DebugBlock::kMemory, name, out);
    out += '\n';
    AppendHeap(process, out);
    out += '\n';
    AppendMark("END", DebugBlock::kMemory, name, out);
  }
}

}  // namespace

std::string DebugBlocks(const Snapshot& snapshot,
                        std::span<const DebugBlock> profiles,
                        bool several_targets, const ShownChildren& shown) {
  std::string out;
  for (const TargetSnapshot& target : snapshot.targets) {
    for (const DebugBlock profile : profiles) {
      AppendBlocks(profile, target, several_targets, out);
      if (profile == DebugBlock::kMemory) AppendChild(target, shown, out);
    }
  }
  return out;
}

}  // namespace leak_exporter::render
