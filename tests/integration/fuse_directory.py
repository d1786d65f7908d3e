"""A directory served over /dev/fuse by this program, which answers or hangs as
it is told. Speaks the kernel's protocol (linux/fuse.h) itself, so that nothing
needs to be installed; needs root, for mount(2).

Whoever reads the directory while it hangs waits in the kernel: until the first
signal it sleeps (S), after that, even if killed, it is in an uninterruptible
sleep (D) until it is answered or the server is gone.
"""

import ctypes
import errno
import os
import select
import stat
import struct
import threading

LOOKUP, FORGET, GETATTR = 1, 2, 3
STATFS, INIT, OPENDIR, READDIR, RELEASEDIR = 17, 26, 27, 28, 29
INTERRUPT, DESTROY, BATCH_FORGET = 36, 38, 42
UNANSWERED = {FORGET, INTERRUPT, BATCH_FORGET}

HEAD_IN = struct.Struct("<IIQQIIIHH")
HEAD_OUT = struct.Struct("<IiQ")
ATTRIBUTES = struct.Struct("<6Q10I")
BUFFER_BYTES = 1 << 20
MNT_FORCE, MNT_DETACH = 1, 2
ROOT_NODE = 1

libc = ctypes.CDLL(None, use_errno=True)


def check(result, what):
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


class FuseDirectory:
    """Mounted at an existing directory; holds plain files of the given sizes.
    A context manager. Its own process must not touch it while it hangs."""

    def __init__(self, path, files):
        self.path = str(path)
        self.names = list(files)
        self.sizes = list(files.values())
        self.lock = threading.Lock()
        self.hangs = False
        self.withheld = []
        self.withheld_any = threading.Event()
        # Without this device the test can say nothing: an error, not a skip.
        self.device = os.open("/dev/fuse", os.O_RDWR | os.O_NONBLOCK)
        options = (f"fd={self.device},rootmode=40000,user_id=0,group_id=0,"
                   "allow_other")
        check(libc.mount(b"leak_exporter_test", self.path.encode(), b"fuse", 0,
                         options.encode()), "mount a FUSE directory")
        self.is_mounted = True
        self.thread = threading.Thread(target=self.serve)
        self.thread.start()

    def hang(self):
        """From now on no request is answered."""
        with self.lock:
            self.withheld_any.clear()
            self.hangs = True

    def answer(self):
        """Answers what was withheld, and all that follows."""
        with self.lock:
            self.hangs = False
            withheld, self.withheld = self.withheld, []
        for request in withheld:
            self.respond(*request)

    def kill(self):
        """The server is gone: every request fails, those withheld as well."""
        check(libc.umount2(self.path.encode(), MNT_FORCE | MNT_DETACH),
              "unmount")
        self.is_mounted = False
        self.thread.join()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.is_mounted:
            self.kill()
        if self.device is not None:
            os.close(self.device)

    def serve(self):
        while True:
            select.select([self.device], [], [])
            try:
                request = os.read(self.device, BUFFER_BYTES)
            except BlockingIOError:
                continue
            except OSError as error:
                if error.errno in (errno.EINTR, errno.ENOENT):
                    continue  # The request was taken back.
                assert error.errno == errno.ENODEV, error
                return
            _, opcode, unique, node, *_ = HEAD_IN.unpack_from(request)
            if opcode in UNANSWERED:
                continue
            with self.lock:
                if self.hangs:
                    self.withheld.append((opcode, unique, node, request))
                    self.withheld_any.set()
                    continue
            self.respond(opcode, unique, node, request)

    def respond(self, opcode, unique, node, request):
        body = self.body(opcode, node, request[HEAD_IN.size:])
        error, body = (-body, b"") if isinstance(body, int) else (0, body)
        try:
            os.write(self.device, HEAD_OUT.pack(HEAD_OUT.size + len(body),
                                                error, unique) + body)
        except OSError as error:
            # Whoever asked was killed before the server read the request.
            assert error.errno in (errno.ENOENT, errno.ENODEV), error

    def body(self, opcode, node, argument):
        """What the kernel asks for, or an error's number."""
        if opcode == INIT:
            return struct.pack("<4I2H2I2H8I", 7, 31, 0, 0, 16, 12, 4096, 1, 1,
                               0, *(0,) * 8)
        if opcode == GETATTR:
            return struct.pack("<QII", 0, 0, 0) + self.attributes(node)
        if opcode == LOOKUP:
            name = os.fsdecode(argument.rstrip(b"\0"))
            if name not in self.names:
                return errno.ENOENT
            found = ROOT_NODE + 1 + self.names.index(name)
            return (struct.pack("<4Q2I", found, 0, 0, 0, 0, 0)
                    + self.attributes(found))
        if opcode == OPENDIR:
            return struct.pack("<QII", 0, 0, 0)
        if opcode == READDIR:
            return self.entries(struct.unpack_from("<QQI", argument))
        if opcode == STATFS:
            return struct.pack("<5Q10I", 1000, 500, 500, 100, 50, 4096, 255,
                               4096, 0, *(0,) * 6)
        if opcode in (RELEASEDIR, DESTROY):
            return b""
        return errno.ENOSYS

    def attributes(self, node):
        if node == ROOT_NODE:
            mode, size = stat.S_IFDIR | 0o755, 4096
        else:
            mode, size = stat.S_IFREG | 0o644, self.sizes[node - ROOT_NODE - 1]
        blocks = -(-size // 512)
        return ATTRIBUTES.pack(node, size, blocks, 0, 0, 0, 0, 0, 0, mode, 1,
                               0, 0, 0, 4096, 0)

    def entries(self, wanted):
        _, offset, room = wanted
        listed = b""
        for index, name in enumerate(self.names[offset:], start=offset):
            raw = os.fsencode(name)
            entry = struct.pack("<QQII", ROOT_NODE + 1 + index, index + 1,
                                len(raw), stat.S_IFREG >> 12) + raw
            entry += b"\0" * (-len(entry) % 8)
            if len(listed) + len(entry) > room:
                break
            listed += entry
        return listed
