"""What is in the .deb and in the .tar.gz.

usage: contents_test.py DEB ARCHIVE BUILD_DIRECTORY
"""

import gzip
import os
import pathlib
import re
import subprocess
import sys
import tarfile
import tempfile
import unittest

DEB, ARCHIVE, BUILD = sys.argv[1:4]
ROOT = pathlib.Path(__file__).resolve().parents[3]


def output_of(*command):
    return subprocess.run(command, check=True, capture_output=True,
                          timeout=60).stdout


def below(folder):
    """The files that the repository keeps below a folder."""
    listed = output_of("git", "-C", ROOT, "ls-files", "-z", folder)
    return [pathlib.PurePosixPath(name)
            for name in listed.decode().split("\0") if name]


# What both packages have: the path below their prefix, and where the repository
# has the same bytes (none where it is made).
SHARED = {
    "bin/leak_exporter": None,
    "share/man/man1/leak_exporter.1.gz": None,
    "share/bash-completion/completions/leak_exporter":
        "deploy/completions/leak_exporter.bash",
    "share/zsh/vendor-completions/_leak_exporter":
        "deploy/completions/leak_exporter.zsh",
    "share/fish/vendor_completions.d/leak_exporter.fish":
        "deploy/completions/leak_exporter.fish",
    "share/leak-exporter/alertmanager/alertmanager.yml":
        "deploy/alertmanager/alertmanager.yml",
    "share/leak-exporter/prometheus/prometheus.yml":
        "deploy/prometheus/prometheus.yml",
    "share/leak-exporter/prometheus/runbook.md":
        "deploy/prometheus/runbook.md",
    **{f"share/leak-exporter/{path.relative_to('deploy')}": str(path)
       for folder in ("deploy/prometheus/rules", "deploy/prometheus/fleet")
       for path in below(folder)},
    **{f"share/leak-exporter/{path}": str(path)
       for folder in ("grafana/dashboards", "grafana/provisioning")
       for path in below(folder)},
}
CONFIGURATION = {
    "etc/leak_exporter/leak_exporter.yml":
        "deploy/packaging/leak_exporter.yml",
    "etc/default/leak-exporter": "deploy/packaging/debian/default",
}
UNITS = {
    f"lib/systemd/system/leak-exporter.{kind}":
        f"deploy/systemd/leak-exporter.{kind}"
    for kind in ("service", "socket")
}
EXAMPLES = {
    "examples/leak_exporter.example.yml": "config/leak_exporter.example.yml",
    **{f"examples/{path.name}": str(path)
       for path in below("deploy/systemd/leak-exporter.service.d")},
}
IN_DEB = {
    **{f"usr/{path}": source for path, source in SHARED.items()},
    **{f"usr/share/doc/leak-exporter/{path}": source
       for path, source in EXAMPLES.items()},
    "usr/share/doc/leak-exporter/copyright":
        "deploy/packaging/debian/copyright",
    "usr/share/doc/leak-exporter/changelog.gz": None,
    "usr/share/doc/leak-exporter/CHANGELOG.md.gz": None,
    **CONFIGURATION, **UNITS,
}
IN_ARCHIVE = {
    **SHARED, **CONFIGURATION, **UNITS, **EXAMPLES,
    **{name: name for name in ("LICENSE", "README.md", "CHANGELOG.md")},
}


class Unpacked(unittest.TestCase):
    """A package's members, and its files in a directory of their own."""

    maxDiff = None
    executable = "bin/leak_exporter"

    def unpack(self, archive, tree):
        with tarfile.open(archive) as opened:
            self.members = opened.getmembers()
        base = self.scratch()
        output_of("tar", "-C", base, "-xf", archive)
        self.root = base / tree

    def scratch(self):
        return pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))

    def check_files(self, expected):
        found = {str(path.relative_to(self.root))
                 for path in self.root.rglob("*") if not path.is_dir()}
        self.assertEqual(found, set(expected))
        for path, source in expected.items():
            if source:
                self.assertEqual((self.root / path).read_bytes(),
                                 (ROOT / source).read_bytes(), path)

    def check_members(self):
        commit = int(os.environ.get("SOURCE_DATE_EPOCH") or output_of(
            "git", "-C", ROOT, "log", "-1", "--format=%ct"))
        for member in self.members:
            with self.subTest(member.name):
                self.assertEqual((member.uname, member.gname), ("root",) * 2)
                self.assertEqual((member.uid, member.gid), (0, 0))
                self.assertEqual(member.mtime, commit)
                program = member.name.endswith(self.executable)
                self.assertEqual(
                    member.mode,
                    0o755 if member.isdir() or program else 0o644)

    def check_program(self):
        program = self.root / self.executable
        version = output_of(program, "--version").decode()
        project = re.search(r"project\(leak_exporter VERSION ([\d.]+)",
                            (ROOT / "CMakeLists.txt").read_text()).group(1)
        self.assertIn(project, version)
        self.assertNotIn(BUILD.encode(), program.read_bytes())
        self.assertNotIn(str(ROOT).encode(), program.read_bytes())
        dynamic = output_of("readelf", "-dW", program).decode()
        self.assertRegex(dynamic, r"FLAGS_1.*NOW.*PIE")
        self.assertNotIn("RUNPATH", dynamic)

    def check_manual(self):
        page = self.root / self.manual
        shown = subprocess.run(
            ["man", "-l", "--warnings=w", page], check=True, text=True,
            capture_output=True, timeout=60,
            env={**os.environ, "MANPAGER": "cat", "MANWIDTH": "80",
                 "LC_ALL": "C.UTF-8"})
        self.assertEqual(shown.stderr, "")
        self.assertIn("leak_exporter - say from outside", shown.stdout)


class DebTest(Unpacked):
    executable = "usr/bin/leak_exporter"
    manual = "usr/share/man/man1/leak_exporter.1.gz"

    def setUp(self):
        data = self.scratch() / "data.tar"
        data.write_bytes(output_of("dpkg-deb", "--fsys-tarfile", DEB))
        self.unpack(data, "")

    def field(self, name):
        return output_of("dpkg-deb", "-f", DEB, name).decode().strip()

    def test_files(self):
        self.check_files(IN_DEB)
        self.check_members()

    def test_program_and_manual(self):
        self.check_program()
        self.check_manual()

    def test_configuration_is_conffiles(self):
        conffiles = output_of("dpkg-deb", "-I", DEB, "conffiles").decode()
        self.assertEqual(sorted(conffiles.split()),
                         sorted(f"/{path}" for path in CONFIGURATION))
        output_of(self.root / self.executable, "check-config",
                  self.root / "etc/leak_exporter/leak_exporter.yml")

    def test_control(self):
        self.assertEqual(self.field("Package"), "leak-exporter")
        self.assertEqual(pathlib.Path(DEB).name, "leak-exporter_{}_{}.deb"
                         .format(self.field("Version"),
                                 self.field("Architecture")))
        for package in ("adduser", "libc6", "libmicrohttpd12", "libstdc++6"):
            self.assertRegex(self.field("Depends"),
                             rf"(^|, ){re.escape(package)}( |,|$)")

    def test_changelog_names_the_version(self):
        changelog = self.root / "usr/share/doc/leak-exporter/changelog.gz"
        first = gzip.decompress(changelog.read_bytes()).decode().split("\n")[0]
        self.assertTrue(first.startswith(
            f"leak-exporter ({self.field('Version')}) "), first)

    def test_program_is_that_of_the_archive(self):
        with tarfile.open(ARCHIVE) as stream:
            inside = next(name for name in stream.getnames()
                          if name.endswith("/bin/leak_exporter"))
            self.assertEqual(stream.extractfile(inside).read(),
                             (self.root / self.executable).read_bytes())


class ArchiveTest(Unpacked):
    manual = "share/man/man1/leak_exporter.1.gz"

    def setUp(self):
        self.unpack(ARCHIVE, pathlib.Path(ARCHIVE).name
                    .removesuffix(".tar.gz"))

    def test_files(self):
        self.check_files(IN_ARCHIVE)
        self.check_members()

    def test_program_and_manual(self):
        self.check_program()
        self.check_manual()


if __name__ == "__main__":
    unittest.main(argv=[os.path.basename(__file__)], verbosity=2)
