"""gunicorn with one worker on a Unix socket. The worker answers some requests, and as the answer to the
last one takes its census and waits, as main.py does; then all of it ends."""

import os
import shutil
import signal
import socket
import tempfile

from gunicorn.app.base import BaseApplication

import census

REQUESTS = 20
KEPT = []


def answer(environ, start_response):
    KEPT.append(environ)
    if environ["PATH_INFO"] == "/census":
        census.take_when_settled([])
        os._exit(0)
    body = environ["PATH_INFO"].encode()
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]


def ask(path, what):
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(path)
        client.sendall(b"GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n" % what)
        return b"".join(iter(lambda: client.recv(4096), b""))


def send_requests(path):
    """Answered one by one; the last one only when the worker ends."""
    for number in range(REQUESTS):
        what = b"/%d" % number
        if not ask(path, what).endswith(b"\r\n\r\n" + what):
            os.write(2, b"gunicorn answers otherwise\n")
            return
    ask(path, b"/census")


def start_client(path):
    """A process of its own, for the worker is to serve and nothing else; it ends gunicorn in every case."""
    arbiter = os.getpid()
    if os.fork() != 0:
        return
    try:
        # Who waits for the end of the target's output does not wait for the client.
        os.close(1)
        send_requests(path)
    finally:
        os.kill(arbiter, signal.SIGQUIT)
        os._exit(0)


class Application(BaseApplication):
    def __init__(self, path):
        self.path = path
        super().__init__()

    def load_config(self):
        # No worker is ended for a long wait.
        for name, value in [("bind", "unix:" + self.path), ("workers", 1), ("timeout", 0), ("loglevel", "error"),
                            ("when_ready", lambda arbiter: start_client(self.path))]:
            self.cfg.set(name, value)

    def load(self):
        return answer


def main():
    folder = tempfile.mkdtemp(prefix="leak_exporter_gunicorn.")
    try:
        Application(os.path.join(folder, "socket")).run()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
