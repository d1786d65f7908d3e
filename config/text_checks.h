#pragma once

#include <optional>
#include <string>

namespace leak_exporter::config {

/// Each of these checks says what is wrong with a text and what was expected,
/// or nothing where the text is right. The text must not be empty or have a NUL
/// in it. No check looks at the system.

/// A target's name: at most 128 bytes. It has no control characters, because it
/// stands in the BEGIN and END lines of debug blocks.
std::optional<std::string> CheckName(const std::string& text);
/// An absolute path of a file.
std::optional<std::string> CheckFilePath(const std::string& text);
/// An absolute path of a directory, or a glob of several.
std::optional<std::string> CheckDirectoryPath(const std::string& text);
/// A comm that the kernel can show: at most 15 bytes (TASK_COMM_LEN).
std::optional<std::string> CheckComm(const std::string& text);
/// A glob that an absolute path can match.
std::optional<std::string> CheckExecutableGlob(const std::string& text);
/// A pattern that RE2 compiles.
std::optional<std::string> CheckRegularExpression(const std::string& text);
/// A user name or a numeric uid.
std::optional<std::string> CheckUser(const std::string& text);
/// The name, with its suffix, of a unit that has a cgroup.
std::optional<std::string> CheckSystemdUnit(const std::string& text);
/// A glob on a container id. It has no slash, because no id has one.
std::optional<std::string> CheckContainerGlob(const std::string& text);

}  // namespace leak_exporter::config
