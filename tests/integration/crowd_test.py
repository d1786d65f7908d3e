"""A thousand clients that hold their connections: whoever else scrapes is
answered within a second."""

import http.client
import os
import select
import socket
import subprocess
import sys
import threading
import time
import unittest

import harness

CROWD = 1000
SCRAPES = 20
PATIENCE_SECONDS = 1.0
SCRAPE = b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n"
HEAD = b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nX-Slow: "
BODY = (b"POST /-/reload HTTP/1.1\r\nHost: localhost\r\n"
        b"Content-Length: 60000\r\n\r\n")


class Crowd:
    """Clients that open a connection again whenever it is closed."""

    def __init__(self, port, address, begin=b"", trickle=b""):
        self.port, self.address = port, address
        self.begin, self.trickle = begin, trickle
        self.clients = set()
        self.opened = 0
        self.all_opened = threading.Event()
        self.stopped = threading.Event()
        self.poll = select.epoll()
        self.by_fd = {}
        self.thread = threading.Thread(target=self.run)

    def open(self):
        client = socket.socket()
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.bind((self.address, 0))
        client.setblocking(False)
        client.connect_ex(("127.0.0.1", self.port))
        self.by_fd[client.fileno()] = client
        self.poll.register(client, select.EPOLLOUT | select.EPOLLRDHUP)
        self.opened += 1

    def close(self, fd):
        self.poll.unregister(fd)
        self.by_fd.pop(fd).close()

    def run(self):
        for _ in range(CROWD):
            self.open()
        while not self.stopped.is_set():
            for fd, events in self.poll.poll(0.1):
                if events & ~select.EPOLLOUT:
                    self.close(fd)
                    self.open()
                    continue
                self.poll.modify(fd, select.EPOLLRDHUP)
                self.send(self.by_fd[fd], self.begin)
            if self.trickle:
                for client in list(self.by_fd.values()):
                    self.send(client, self.trickle)
            self.all_opened.set()
        for client in self.by_fd.values():
            client.close()

    @staticmethod
    def send(client, data):
        try:
            client.send(data)
        except OSError:
            pass  # Not connected yet, or not any more: epoll tells.

    def __enter__(self):
        self.thread.start()
        assert self.all_opened.wait(harness.WAIT_SECONDS)
        return self

    def __exit__(self, *_):
        self.stopped.set()
        self.thread.join()


class CrowdTest(unittest.TestCase):
    def setUp(self):
        directory = self.enterContext(harness.temporary_directory())
        target = self.enterContext(subprocess.Popen(
            ["cat"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL))
        self.exporter = self.enterContext(harness.Exporter(
            [f"--pid={target.pid}", "--web.listen-address=127.0.0.1:0"],
            directory))
        self.port = self.exporter.tcp_port()

    def scrape(self):
        began = time.monotonic()
        connection = http.client.HTTPConnection(
            "127.0.0.1", self.port, timeout=harness.WAIT_SECONDS,
            source_address=("127.0.0.1", 0))
        connection.request("GET", "/metrics")
        response = connection.getresponse()
        body = response.read()
        connection.close()
        self.assertEqual(response.status, 200)
        self.assertIn(b"leak_target_processes", body)
        return time.monotonic() - began

    def check(self, address, **crowd):
        with Crowd(self.port, address, **crowd) as clients:
            times = sorted(self.scrape() for _ in range(SCRAPES))
            opened = clients.opened
        print(f"{self.id()}: median {times[SCRAPES // 2]:.3f} s, most "
              f"{times[-1]:.3f} s, {opened} connections opened",
              file=sys.stderr)
        self.assertLess(times[-1], PATIENCE_SECONDS)

    def test_idle_clients(self):
        self.check("127.0.0.2")

    def test_idle_clients_of_the_same_address(self):
        self.check("127.0.0.1")

    def test_clients_that_trickle_a_head(self):
        self.check("127.0.0.2", begin=HEAD, trickle=b"x")

    def test_clients_that_trickle_a_body(self):
        self.check("127.0.0.2", begin=BODY, trickle=b"x")

    def test_clients_that_do_not_read(self):
        self.check("127.0.0.2", begin=SCRAPE)


if __name__ == "__main__":
    unittest.main(argv=[os.path.basename(__file__)], verbosity=2)
