"""Where test deliveries arrive: an HTTPS and a mail server of this machine, under any name."""

from __future__ import annotations

import base64
import datetime
import http.server
import socket
import ssl
import threading
from contextlib import contextmanager

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from blip0.common.connecting import Connector
from blip0.common.net import Allowed

NAMES = (
    "hooks.slack.com",
    "discord.com",
    "api.telegram.org",
    "hooks.example.org",
    "smtp.acme.test",
)
ANSWER = b"an answer that nobody may see"


def certificate(folder):
    """A file with a key and a certificate for all of `NAMES`."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, NAMES[0])])
    now = datetime.datetime.now(datetime.UTC)
    names = x509.SubjectAlternativeName([x509.DNSName(each) for each in NAMES])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(names, critical=False)
        .sign(key, hashes.SHA256())
    )
    file = folder / "server.pem"
    plain = serialization.NoEncryption()
    pem, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    file.write_bytes(key.private_bytes(pem, form, plain) + made.public_bytes(pem))
    return file


def leading_to(port, trusted):
    """A connector that leads every name to this port of this machine."""

    def resolve(_host, _port):
        return [(socket.AF_INET, ("127.0.0.1", port))]

    tls = ssl.create_default_context(cafile=str(trusted))
    return Connector(allowed=Allowed.of(["127.0.0.0/8"]), resolve=resolve, tls=tls)


def _context(file):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


class _Server(http.server.ThreadingHTTPServer):
    seen: list[tuple[str, str, dict[str, str], bytes]]
    status: int


class _Handler(http.server.BaseHTTPRequestHandler):
    server: _Server

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.seen.append((self.command, self.path, dict(self.headers), body))
        self.send_response(self.server.status)
        self.send_header("Content-Length", str(len(ANSWER)))
        self.end_headers()
        self.wfile.write(ANSWER)

    do_PUT = do_POST  # noqa: N815  # what the server looks for

    def log_message(self, *_arguments):
        """Quiet."""


@contextmanager
def web(file=None, status=200):
    """A server that answers `status`; `seen` are method, path, headers and body of requests."""
    server = _Server(("127.0.0.1", 0), _Handler)
    server.seen, server.status = [], status
    if file:
        server.socket = _context(file).wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Conversation:
    """One session with a mail client."""

    def __init__(self, file, heard, answers):
        self.file, self.heard, self.answers = file, heard, answers
        self.in_data = False

    def hold(self, connection):
        connection.sendall(b"220 here\r\n")
        buffered = b""
        while chunk := connection.recv(65536):
            buffered += chunk
            while b"\r\n" in buffered:
                line, _, buffered = buffered.partition(b"\r\n")
                self.heard.append(line.decode())
                if answer := self._answer(line):
                    connection.sendall(answer + b"\r\n")
                if line.upper() == b"STARTTLS":
                    connection = _context(self.file).wrap_socket(connection, server_side=True)
        connection.close()

    def _answer(self, line):
        if self.in_data:
            self.in_data = line != b"."
            return b"" if self.in_data else b"250 taken"
        verb = line[:4].upper()
        if verb == b"AUTH":
            given = base64.b64decode(line.split()[2]).decode()
            self.heard.append(given.replace("\0", "|"))
        self.in_data = verb == b"DATA"
        return self.answers.get(verb, b"250 ok")


@contextmanager
def mail(file, *, implicit, login=235, recipient=250):
    """A mail server; gives its port, and what it was told, as texts."""
    heard: list[str] = []
    answers = {
        b"EHLO": b"250-here\r\n250-AUTH PLAIN\r\n250 STARTTLS",
        b"STAR": b"220 go",
        b"AUTH": f"{login} login".encode(),
        b"RCPT": f"{recipient} recipient".encode(),
        b"DATA": b"354 go on",
        b"QUIT": b"221 bye",
    }

    def serve():
        try:
            connection, _ = server.accept()
            if implicit:
                connection = _context(file).wrap_socket(connection, server_side=True)
            _Conversation(file, heard, answers).hold(connection)
        except OSError:
            return

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=serve)
        thread.start()
        yield server.getsockname()[1], heard
        server.close()
        thread.join(5)
