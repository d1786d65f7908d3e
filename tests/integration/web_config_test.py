"""TLS, client certificates, passwords, headers and rate limits, as the file of
--web.config.file says. Python's ssl, which is OpenSSL, is the client."""

import base64
import contextlib
import os
import pathlib
import shutil
import ssl
import subprocess
import threading
import time
import unittest
import warnings

import harness

# Of "s3cret".
HASH = "$2b$04$F99zk/ZOG8cFnF4fmUIQmeaso79qXJMuIC2ZjY7CgHFOcMfyEmnaO"
RIGHT = {"Authorization": "Basic " + base64.b64encode(b"alice:s3cret").decode()}
WRONG = {"Authorization": "Basic " + base64.b64encode(b"alice:wrong").decode()}
# A client that the owner of its socket says nothing about.
FOREIGN = {"Host": "elsewhere.example"}
TLS = ssl.TLSVersion
# What a refused client may see, now or as it reads.
REFUSED = (ssl.SSLError, ConnectionError)


class Authority:
    """Issues certificates into a directory."""

    def __init__(self, directory, name):
        self.directory = pathlib.Path(directory)
        self.name = name
        self.path = self.directory / f"{name}.pem"
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt",
                "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={name}",
                "-days", "9", "-keyout", self.key, "-out", self.path)

    @property
    def key(self):
        return self.directory / f"{self.name}.key"

    def issue(self, name, names="DNS:localhost", purpose="serverAuth",
              key=("ec", "-pkeyopt", "ec_paramgen_curve:P-256")):
        """Returns the paths of a certificate and its key."""
        base = self.directory / name
        openssl("req", "-newkey", *key, "-nodes", "-subj", f"/CN={name}",
                "-keyout", f"{base}.key", "-out", f"{base}.csr")
        extensions = pathlib.Path(f"{base}.ext")
        extensions.write_text(f"subjectAltName={names}\n"
                              f"extendedKeyUsage={purpose}\n")
        openssl("x509", "-req", "-in", f"{base}.csr", "-CA", self.path,
                "-CAkey", self.key, "-CAcreateserial", "-days", "9",
                "-extfile", extensions, "-out", f"{base}.pem")
        return pathlib.Path(f"{base}.pem"), pathlib.Path(f"{base}.key")


def openssl(*arguments):
    subprocess.run(["openssl", *map(str, arguments)], check=True,
                   stdin=subprocess.DEVNULL, capture_output=True,
                   timeout=harness.WAIT_SECONDS)


class TlsConnection(harness.UnixConnection):
    def __init__(self, path, context):
        super().__init__(path)
        self.context = context

    def connect(self):
        super().connect()
        self.sock = self.context.wrap_socket(self.sock,
                                             server_hostname="localhost")


class WebConfigTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.shared = cls.enterClassContext(harness.temporary_directory())
        cls.authority = Authority(cls.shared, "authority")
        cls.stranger = Authority(cls.shared, "stranger")
        cls.rsa = cls.authority.issue("rsa", key=["rsa:2048"])
        cls.first = cls.authority.issue("first")
        cls.second = cls.authority.issue("second")

    def start(self, web, certificate=None):
        """`web` begins within tls_server_config if there is a certificate."""
        self.directory = self.enterContext(harness.temporary_directory())
        if certificate:
            shutil.copy(certificate[0], self.directory / "server.pem")
            shutil.copy(certificate[1], self.directory / "server.key")
            shutil.copy(self.authority.path, self.directory / "ca.pem")
            web = ("tls_server_config:\n  cert_file: server.pem\n"
                   "  key_file: server.key\n" + web)
        self.web = self.directory / "web.yml"
        self.web.write_text(web)
        self.exporter = self.enterContext(harness.Exporter(
            [f"--pid={os.getpid()}", f"--web.config.file={self.web}"],
            self.directory))

    def context(self, version=None, client=None, ciphers=None, curve=None):
        context = ssl.create_default_context(cafile=self.authority.path)
        if ciphers:
            context.set_ciphers(ciphers)
        if curve:
            context.set_ecdh_curve(curve)
        if version:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)
                context.minimum_version = version
                context.maximum_version = version
        if client:
            context.load_cert_chain(*client)
        return context

    @contextlib.contextmanager
    def connected(self, **how):
        connection = TlsConnection(self.exporter.socket_path,
                                   self.context(**how))
        try:
            connection.connect()
            yield connection
        finally:
            connection.close()

    def ask(self, path="/-/healthy", method="GET", headers=None, **how):
        with self.connected(**how) as connection:
            connection.request(method, path, headers=headers or {})
            response = harness.Response(connection.getresponse())
            response.cipher = connection.sock.cipher() \
                if connection.sock else None
            return response

    def assert_refused(self, **how):
        with self.assertRaises(REFUSED):
            self.ask(**how)

    def test_modern_versions_by_default(self):
        self.start("", self.first)
        for version in (TLS.TLSv1_2, TLS.TLSv1_3):
            self.assertEqual(self.ask(version=version).status, 200)
        for version in (TLS.TLSv1, TLS.TLSv1_1):
            self.assert_refused(version=version,
                                ciphers="DEFAULT:@SECLEVEL=0")
        # The wrong protocol: no answer in plain text.
        with self.assertRaises(ConnectionError):
            self.exporter.request("/-/healthy")
        self.assertIn("leak_target_processes", self.ask("/metrics").text)
        large = self.ask("/metrics?" + "x" * 40_000)
        self.assertEqual(large.status, 431)

    def test_versions_as_configured(self):
        self.start("  min_version: TLS13\n", self.first)
        self.assertEqual(self.ask(version=TLS.TLSv1_3).status, 200)
        self.assert_refused(version=TLS.TLSv1_2)

    def test_an_old_version_where_it_is_wanted(self):
        self.start("  min_version: TLS10\n  max_version: TLS12\n", self.rsa)
        self.assertEqual(self.ask(version=TLS.TLSv1,
                                  ciphers="DEFAULT:@SECLEVEL=0").status, 200)
        self.assertEqual(self.ask(version=TLS.TLSv1_2).status, 200)
        self.assert_refused(version=TLS.TLSv1_3)

    def test_cipher_suites_and_curves(self):
        self.start("  cipher_suites: [TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,"
                   " TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384]\n"
                   "  curve_preferences: [CurveP384]\n", self.rsa)

        def cipher(**how):
            with self.connected(**how) as connection:
                return connection.sock.cipher()[0]
        self.assertEqual(cipher(version=TLS.TLSv1_2),
                         "ECDHE-RSA-AES128-GCM-SHA256")
        self.assertEqual(cipher(version=TLS.TLSv1_3), "TLS_AES_256_GCM_SHA384")
        self.assert_refused(version=TLS.TLSv1_2,
                            ciphers="ECDHE-RSA-AES256-GCM-SHA384")
        self.assertEqual(self.ask(curve="secp384r1").status, 200)
        self.assert_refused(curve="prime256v1")

    def test_a_client_certificate_that_is_required(self):
        self.start("  client_ca_file: ca.pem\n"
                   "  client_auth_type: RequireAndVerifyClientCert\n",
                   self.first)
        client = self.authority.issue("client", purpose="clientAuth")
        for version in (TLS.TLSv1_2, TLS.TLSv1_3):
            with self.subTest(version=version):
                self.assertEqual(
                    self.ask(client=client, version=version).status, 200)
                for wrong in (None, self.first,  # For servers.
                              self.stranger.issue("thief",
                                                  purpose="clientAuth")):
                    self.assert_refused(client=wrong, version=version)
        # It may see and do everything, wherever it comes from.
        self.assertEqual(self.ask("/-/reload", "POST", FOREIGN,
                                  client=client).status, 200)

    def test_allowed_names(self):
        self.start("  client_ca_file: ca.pem\n"
                   "  client_auth_type: RequireAndVerifyClientCert\n"
                   "  client_allowed_sans: [a.example, '2001:DB8::1',"
                   " me@b.example, 'spiffe://c/d', 10.0.0.1]\n", self.first)
        for number, (names, right) in enumerate((
                ("DNS:x.example,DNS:a.example", True),
                ("IP:2001:db8::1", True), ("IP:10.0.0.1", True),
                ("email:me@b.example", True), ("URI:spiffe://c/d", True),
                ("DNS:aa.example", False), ("IP:10.0.0.2", False),
                ("DNS:*.example", False), ("URI:spiffe://c", False))):
            with self.subTest(names=names):
                client = self.authority.issue(f"named{number}", names,
                                              "clientAuth")
                if right:
                    self.assertEqual(self.ask(client=client).status, 200)
                else:
                    self.assert_refused(client=client)

    def test_a_client_certificate_that_is_verified_if_given(self):
        self.start("  client_ca_file: ca.pem\n"
                   "  client_auth_type: VerifyClientCertIfGiven\n", self.first)
        client = self.authority.issue("client", purpose="clientAuth")
        for given, status in ((None, 403), (client, 200)):
            self.assertEqual(self.ask("/-/reload", "POST", FOREIGN,
                                      client=given).status, status)
        self.assert_refused(client=self.stranger.issue("thief",
                                                       purpose="clientAuth"))

    def test_a_client_certificate_that_proves_nothing(self):
        thief = self.stranger.issue("thief", purpose="clientAuth")
        for kind, without in (("RequireAnyClientCert", False),
                              ("RequestClientCert", True)):
            with self.subTest(kind=kind):
                self.start(f"  client_auth_type: {kind}\n", self.first)
                self.assertEqual(self.ask("/-/reload", "POST", FOREIGN,
                                          client=thief).status, 403)
                self.assertEqual(self.ask(client=thief).status, 200)
                if without:
                    self.assertEqual(self.ask().status, 200)
                else:
                    self.assert_refused()

    def test_passwords_headers_and_rate_limit(self):
        self.start(f"basic_auth_users: {{alice: {HASH}}}\n"
                   "http_server_config:\n  http2: true\n"
                   "  headers: {X-Frame-Options: sameorigin}\n"
                   "rate_limit: {interval: 1 hour, burst: 4}\n", self.first)
        for headers, path, status in (
                ({}, "/-/healthy", 401), (WRONG, "/nowhere", 401),
                (RIGHT, "/nowhere", 404), (RIGHT, "/metrics", 200),
                (RIGHT, "/metrics", 429)):
            response = self.ask(path, headers=headers)
            self.assertEqual(response.status, status)
            self.assertEqual(response.headers.get_all("X-Frame-Options"),
                             ["sameorigin"])

    def test_a_handshake_that_stalls_is_closed(self):
        self.start("", self.first)
        connection = harness.UnixConnection(self.exporter.socket_path)
        connection.connect()
        self.addCleanup(connection.close)
        # The beginning of a record of 512 bytes.
        connection.sock.sendall(b"\x16\x03\x01\x02\x00\x01")
        self.assertEqual(connection.sock.recv(1), b"")
        self.assertEqual(self.ask().status, 200)

    def serial(self):
        """Whose certificate a new connection meets."""
        with self.connected() as connection:
            serial = connection.sock.getpeercert()["serialNumber"]
            connection.request("GET", "/-/healthy")
            self.assertEqual(connection.getresponse().status, 200)
            return serial

    def replace(self, name, source):
        shutil.copy(source, self.directory / (name + ".new"))
        os.rename(self.directory / (name + ".new"), self.directory / name)

    def await_true(self, condition):
        until = time.monotonic() + harness.WAIT_SECONDS
        while not condition():
            self.assertLess(time.monotonic(), until, self.exporter.log)

    def test_a_certificate_is_renewed_without_a_dropped_scrape(self):
        self.start("", self.first)
        statuses, ended = [], threading.Event()

        def scrape_on():
            # One connection for as long as the server keeps it.
            connection = TlsConnection(self.exporter.socket_path,
                                       self.context())
            with contextlib.closing(connection):
                while not ended.is_set():
                    try:
                        connection.request("GET", "/metrics")
                        response = connection.getresponse()
                        response.read()
                        statuses.append(response.status)
                    except OSError as failure:
                        statuses.append(failure)
        scraper = threading.Thread(target=scrape_on)
        scraper.start()
        try:
            serials = [self.serial()]
            for certificate, key in (self.second, self.first, self.second):
                self.replace("server.pem", certificate)
                self.replace("server.key", key)
                self.await_true(lambda: self.serial() != serials[-1])
                serials.append(self.serial())
            self.assertEqual(serials[2:], serials[:2])
            # What is broken is refused, once, and the one before stays.
            (self.directory / "server.pem").write_text("broken\n")
            self.await_true(lambda: "has no certificate" in self.exporter.log)
            self.assertEqual(self.serial(), serials[-1])
        finally:
            ended.set()
            scraper.join(harness.WAIT_SECONDS)
        self.assertGreater(len(statuses), 10)
        self.assertEqual(set(statuses), {200})
        self.assertEqual(self.exporter.log.count("has no certificate"), 1)

    def test_users_change_at_once_on_connections_that_are_open(self):
        self.start(f"basic_auth_users: {{alice: {HASH}}}\n", self.first)

        def status():
            connection.request("GET", "/-/healthy", headers=RIGHT)
            return harness.Response(connection.getresponse()).status
        with self.connected() as connection:
            self.assertEqual(status(), 200)
            text = self.web.read_text()
            self.web.write_text(text.replace("alice", "robert"))
            self.await_true(lambda: status() == 401)
            # Nobody gets in because a file is empty for a moment.
            self.web.write_text("")
            self.await_true(lambda: "only by a restart" in self.exporter.log)
            self.assertEqual(status(), 401)
            self.web.write_text(text)
            self.await_true(lambda: status() == 200)

    def test_a_crowd_of_stalled_handshakes_shuts_nobody_out(self):
        self.start("", self.first)
        with contextlib.ExitStack() as crowd:
            for _ in range(200):
                connection = harness.UnixConnection(self.exporter.socket_path)
                crowd.callback(connection.close)
                connection.connect()
                with contextlib.suppress(ConnectionError):  # Closed already.
                    connection.sock.sendall(b"\x16\x03\x01\x02\x00\x01")
            for _ in range(5):
                self.assertEqual(self.ask("/metrics").status, 200)

    def test_mistakes_at_the_start(self):
        directory = self.enterContext(harness.temporary_directory())
        web = directory / "web.yml"
        shutil.copy(self.first[0], directory / "server.pem")
        shutil.copy(self.second[1], directory / "other.key")
        (directory / "empty.pem").write_text("")
        for text, lines in (
                ("tls_server_config:\n  cert_file: none.pem\n"
                 "  key_file: none.key\n",
                 [f"2:14: tls_server_config.cert_file: {directory}/none.pem: "
                  "No such file or directory",
                  f"3:13: tls_server_config.key_file: {directory}/none.key: "
                  "No such file or directory"]),
                ("tls_server_config:\n  cert_file: server.pem\n"
                 "  key_file: other.key\n  client_ca_file: empty.pem\n"
                 "  client_auth_type: RequireAndVerifyClientCert\n",
                 [f"3:13: tls_server_config.key_file: {directory}/other.key: "
                  "is not the key of the certificate",
                  f"4:19: tls_server_config.client_ca_file: {directory}/"
                  "empty.pem: has no certificate in PEM format"])):
            web.write_text(text)
            done = harness.run_exporter("serve", f"--pid={os.getpid()}",
                                        f"--web.config.file={web}")
            self.assertEqual(done.returncode, 1)
            self.assertEqual(done.stderr.splitlines(),
                             [f"{web}:{line}" for line in lines])


if __name__ == "__main__":
    unittest.main(argv=[os.path.basename(__file__)], verbosity=2)
