#pragma once

#include <optional>
#include <string>

namespace leak_exporter::config {

/// Each says what is wrong with a text that is not empty and has no NUL, and
/// what was expected; nothing where it is right. None of them reads the system.

/// A target's name: at most 128 bytes without control characters, because it
/// stands in the BEGIN and END lines of debug blocks.
std::optional<std::string> CheckName(const std::string& text);
/// An absolute path of a file.
std::optional<std::string> CheckFilePath(const std::string& text);
/// An absolute path, maybe a glob, of directories.
std::optional<std::string> CheckDirectoryPath(const std::string& text);
/// A comm that the kernel can show: at most 15 bytes (TASK_COMM_LEN).
std::optional<std::string> CheckComm(const std::string& text);
/// A glob that an absolute path can match.
std::optional<std::string> CheckExecutableGlob(const std::string& text);
/// A pattern that RE2 compiles.
std::optional<std::string> CheckRegularExpression(const std::string& text);
/// A user name or a numeric uid.
std::optional<std::string> CheckUser(const std::string& text);
/// The name of a unit that has a cgroup, with its suffix.
std::optional<std::string> CheckSystemdUnit(const std::string& text);
/// A glob on a container id, which has no slash.
std::optional<std::string> CheckContainerGlob(const std::string& text);

}  // namespace leak_exporter::config
