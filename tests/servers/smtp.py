"""A small mail server on loopback for tests: keeps what it is given, asks for a password or TLS, and fails when told to."""

from __future__ import annotations

import base64
import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any


@dataclass
class Inbox:
    """What the server got. `refuse` maps a verb (MAIL, RCPT, DATA, BODY, EHLO, AUTH) to answers, one used up each time; "" hangs up."""

    port: int = 0
    mails: list[tuple[str, tuple[str, ...], bytes]] = field(default_factory=list)
    refuse: dict[str, list[str]] = field(default_factory=dict)
    user: str = ""
    password: str = ""
    logins: list[tuple[str, str]] = field(default_factory=list)
    secured: int = 0
    connections: int = 0

    def messages(self) -> list[EmailMessage]:
        return [message_from_bytes(data, policy=policy.default) for _, _, data in self.mails]  # type: ignore[misc]


class HangUp(Exception):
    """Raised if the server is told to drop the connection."""


class _Talk(socketserver.StreamRequestHandler):
    inbox: Inbox
    context: ssl.SSLContext | None

    def handle(self) -> None:
        self.inbox.connections += 1
        self.logged_in, self.sender, self.receivers = not self.inbox.user, "", list[str]()
        try:
            self.say("220 desk.test ESMTP")
            while line := self.rfile.readline(8192):
                verb = line[:4].upper().decode("ascii", "replace").strip()
                if not self.answer(verb, line.decode("utf-8", "replace").strip()):
                    return
        except (HangUp, ConnectionError, ssl.SSLError):
            return

    def say(self, text: str) -> None:
        self.wfile.write(text.encode() + b"\r\n")

    def refused(self, verb: str) -> bool:
        answers = self.inbox.refuse.get(verb)
        if not answers:
            return False
        answer = answers.pop(0)
        if not answer:
            raise HangUp
        self.say(answer)
        return True

    def answer(self, verb: str, line: str) -> bool:
        if verb == "QUIT":
            self.say("221 bye")
            return False
        if not self.refused(verb):
            getattr(self, f"do_{verb.lower()}", self.do_other)(line)
        return True

    def do_other(self, line: str) -> None:
        self.say("250 ok")

    def do_ehlo(self, line: str) -> None:
        plain = not isinstance(self.connection, ssl.SSLSocket)
        self.say("250-desk.test")
        if self.context and plain:
            self.say("250-STARTTLS")
        self.say("250 AUTH PLAIN")

    def do_star(self, line: str) -> None:
        assert self.context
        self.say("220 go ahead")
        self.connection = self.context.wrap_socket(self.connection, server_side=True)
        self.rfile, self.wfile = self.connection.makefile("rb"), self.connection.makefile("wb", 0)
        self.inbox.secured += 1

    def do_auth(self, line: str) -> None:
        _, user, password = base64.b64decode(line.split()[2]).decode().split("\0")
        self.inbox.logins.append((user, password))
        self.logged_in = (user, password) == (self.inbox.user, self.inbox.password)
        self.say("235 welcome" if self.logged_in else "535 5.7.8 authentication failed")

    def do_mail(self, line: str) -> None:
        self.sender, self.receivers = line.partition(":")[2], []
        self.say("250 ok" if self.logged_in else "530 log in first")

    def do_rcpt(self, line: str) -> None:
        self.receivers.append(line.partition(":")[2].strip("<> "))
        self.say("250 ok")

    def do_data(self, line: str) -> None:
        self.say("354 end with a dot")
        data = b""
        while (got := self.rfile.readline()) not in (b".\r\n", b""):
            data += got[1:] if got.startswith(b".") else got
        if not self.refused("BODY"):
            self.inbox.mails.append((self.sender, tuple(self.receivers), data))
            self.say("250 kept")


@contextmanager
def smtp(context: ssl.SSLContext | None = None, **settings: Any) -> Iterator[Inbox]:
    """A running server and its inbox."""
    inbox = Inbox(**settings)
    talk = type("Talk", (_Talk,), {"inbox": inbox, "context": context})
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), talk) as server:
        server.daemon_threads = True
        inbox.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        yield inbox
        server.shutdown()
        thread.join()


def certificate(folder: Path) -> tuple[ssl.SSLContext, Path]:
    """A server context for 127.0.0.1 and the authority file that a client must trust."""
    from ipaddress import ip_address

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "desk.test")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
        .not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    pem, both = folder / "ca.pem", folder / "server.pem"
    pem.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    both.write_bytes(private + pem.read_bytes())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(both)
    return context, pem
