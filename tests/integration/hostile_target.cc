/// A process that makes much of one thing, as long-named as it can be. Prints a
/// line of JSON once it stands; ends, with its children, when its standard
/// input closes. usage: hostile_target KIND COUNT [DIRECTORY]

#include <fcntl.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <iterator>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace {

constexpr size_t kNameBytes = 250;
constexpr size_t kPathBytes = 3800;
constexpr size_t kLargeBytes = size_t{2} << 20;

void Check(bool done, const char* what) {
  if (done) return;
  std::perror(what);
  std::exit(1);
}

std::string LongName(int number) {
  std::string name = std::to_string(number);
  return name + std::string(kNameBytes - name.size(), 'x');
}

/// A directory below `top` whose path is as long as one can be that still takes
/// a name.
std::string MakeLongPath(std::string path) {
  while (path.size() + 1 + kNameBytes <= kPathBytes) {
    path += "/" + LongName(0);
    Check(::mkdir(path.c_str(), 0755) == 0 || errno == EEXIST, "mkdir");
  }
  return path;
}

std::string MakeFile(const std::string& path, off_t size) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  Check(fd >= 0 && ::ftruncate(fd, size) == 0, "file");
  ::close(fd);
  return path;
}

/// The children, if any.
std::vector<pid_t> children;

/// Starts a child that does `work` and then waits. Returns once it waits.
void StartChild(const std::function<void()>& work) {
  int ready[2];
  Check(::pipe2(ready, O_CLOEXEC) == 0, "pipe");
  const pid_t child = ::fork();
  Check(child >= 0, "fork");
  if (child == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    work();
    ::close(ready[0]);
    ::close(ready[1]);
    for (;;) ::pause();
  }
  children.push_back(child);
  ::close(ready[1]);
  char ignored = 0;
  while (::read(ready[0], &ignored, 1) > 0) {
  }
  ::close(ready[0]);
}

void Children(int count, const std::string&) {
  for (int i = 0; i < count; ++i) StartChild([] {});
}

void Zombies(int count, const std::string&) {
  for (int i = 0; i < count; ++i) {
    const pid_t child = ::fork();
    Check(child >= 0, "fork");
    if (child == 0) ::_exit(0);
    children.push_back(child);
  }
}

/// Each child has as many files open as it may, and its own large mappings.
void BusyChildren(int count, const std::string& directory) {
  const std::string path = MakeLongPath(directory);
  for (int i = 0; i < count; ++i) {
    StartChild([&] {
      for (int file = 0; file < 200; ++file) {
        Check(::open(MakeFile(path + "/" + LongName(file), 1).c_str(),
                     O_RDONLY) >= 0,
              "open");
      }
    });
  }
}

/// Large mappings of files, each of which has a name of its own.
void Mappings(int count, const std::string& directory) {
  const std::string path = MakeLongPath(directory);
  for (int i = 0; i < count; ++i) {
    const std::string file =
        MakeFile(path + "/" + LongName(i), static_cast<off_t>(kLargeBytes));
    const int fd = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
    Check(fd >= 0, "open");
    Check(::mmap(nullptr, kLargeBytes, PROT_READ, MAP_SHARED, fd, 0) !=
              MAP_FAILED,
          "mmap");
    ::close(fd);
  }
}

/// Files with names of their own, each open as often as makes `count`.
void Files(int count, const std::string& directory) {
  rlimit limit{static_cast<rlim_t>(count) + 100,
               static_cast<rlim_t>(count) + 100};
  Check(::setrlimit(RLIMIT_NOFILE, &limit) == 0, "setrlimit");
  constexpr int kDistinct = 60'000;
  const std::string path = MakeLongPath(directory);
  for (int i = 0; i < count; ++i) {
    const int fd =
        i < kDistinct
            ? ::open(MakeFile(path + "/" + LongName(i), 1).c_str(), O_RDONLY)
            : ::dup(3 + i % kDistinct);
    Check(fd >= 0, "open");
  }
}

/// Mounts in a namespace of its own, at a long path and from one.
void Mounts(int count, const std::string& directory) {
  Check(::unshare(CLONE_NEWNS) == 0, "unshare");
  Check(::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0,
        "mount private");
  Check(::mount("x", directory.c_str(), "tmpfs", 0, nullptr) == 0, "tmpfs");
  const std::string path = MakeLongPath(directory);
  for (int i = 0; i < count; ++i) {
    Check(::mount(path.c_str(), path.c_str(), nullptr, MS_BIND, nullptr) == 0,
          "bind");
  }
}

/// A child in each of many directories with long paths.
void Directories(int count, const std::string& directory) {
  const std::string path = MakeLongPath(directory);
  for (int i = 0; i < count; ++i) {
    const std::string own = path + "/" + LongName(i);
    Check(::mkdir(own.c_str(), 0755) == 0 || errno == EEXIST, "mkdir");
    StartChild([&] { Check(::chdir(own.c_str()) == 0, "chdir"); });
  }
}

/// A child in a directory of many files with two names each.
void HardLinks(int count, const std::string& directory) {
  for (int i = 0; i < count; ++i) {
    const std::string file = MakeFile(directory + "/" + std::to_string(i), 1);
    Check(::link(file.c_str(), (file + "b").c_str()) == 0, "link");
  }
  StartChild([&] { Check(::chdir(directory.c_str()) == 0, "chdir"); });
}

/// Directories nested in each other.
void Nested(int count, const std::string& directory) {
  StartChild([&] {
    Check(::chdir(directory.c_str()) == 0, "chdir");
    const std::string name = LongName(0);
    for (int i = 0; i < count; ++i) {
      Check(::mkdir(name.c_str(), 0755) == 0, "mkdir");
      Check(::chdir(name.c_str()) == 0, "chdir");
    }
    Check(::chdir(directory.c_str()) == 0, "chdir");
  });
}

/// A large mapping of which every second page is there.
void SparsePages(int count, const std::string&) {
  constexpr size_t kPage = 4096;
  constexpr size_t kStride = 32 * kPage;
  const size_t size = static_cast<size_t>(count) * kStride;
  auto* const memory = static_cast<char*>(
      ::mmap(nullptr, size, PROT_READ | PROT_WRITE,
             MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
  Check(memory != MAP_FAILED, "mmap");
  ::madvise(memory, size, MADV_NOHUGEPAGE);
  for (size_t at = 0; at < size; at += kStride) memory[at] = 1;
}

using Kind = void (*)(int count, const std::string& directory);
const std::map<std::string_view, Kind> kKinds = {
    {"children", Children},
    {"zombies", Zombies},
    {"busy_children", BusyChildren},
    {"mappings", Mappings},
    {"files", Files},
    {"mounts", Mounts},
    {"directories", Directories},
    {"hard_links", HardLinks},
    {"nested", Nested},
    {"sparse_pages", SparsePages},
};

}  // namespace

int main(int argc, char** argv) {
  const auto kind = argc >= 3 ? kKinds.find(argv[1]) : kKinds.end();
  if (kind == kKinds.end()) {
    std::fprintf(stderr, "usage: hostile_target KIND COUNT [DIRECTORY]\n");
    return 2;
  }
  kind->second(std::atoi(argv[2]), argc >= 4 ? argv[3] : "");
  std::printf("{}\n");
  std::fflush(stdout);
  char ignored = 0;
  while (::read(STDIN_FILENO, &ignored, 1) > 0) {
  }
  for (const pid_t child : children) ::kill(child, SIGKILL);
  for (const pid_t child : children) ::waitpid(child, nullptr, 0);
  return 0;
}
