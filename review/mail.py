"""A digest as a mail: text and HTML of the same model, composed here, sent by `send`; nothing is decided here."""

from __future__ import annotations

import smtplib
import ssl
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import TYPE_CHECKING

from config.schema.settings import MAILBOX
from review.outgoing import Outgoing, SendError

if TYPE_CHECKING:
    from config.schema.settings import Mail

PASSWORD = "CHIPWATCH_SMTP_PASSWORD"  # noqa: S105 - the variable's name
"""Environment variable of the mail server's password; it stands in no file."""


HEADER_LINE = 500
"""Characters of a header before it is folded; RFC 5322 allows 998 and recommends 78."""


def compose(out: Outgoing, settings: Mail, to: str) -> EmailMessage:
    """The mail for one receiver. The same digest gives the same Message-ID, so that a mail sent twice after a crash is known as one.

    Raises SendError if sender or receiver is no address.
    """
    message = EmailMessage(policy=SMTP)
    message["Subject"] = _header(out.headline)
    sender = _mailbox(settings.sender)
    message["From"], message["To"] = sender, _mailbox(to)
    message["Date"] = format_datetime(out.made)
    message["Message-ID"] = f"<{out.kind}.{out.id}.{out.home}@{sender.domain}>"
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    message["List-Id"] = f"chipwatch {out.kind} digest <{out.kind}.chipwatch.{out.home}>"
    message.set_content(out.text, cte="quoted-printable")
    message.add_alternative(out.html, subtype="html", cte="quoted-printable")
    # The body's lines are set by now. A subject of a little over a line would be folded right behind its name, which the standard
    # allows and some mail programs show as an empty one.
    message.policy = SMTP.clone(max_line_length=HEADER_LINE)
    return message


def _header(text: str) -> str:
    """Text that cannot end its header line, nor hold an encoded word (RFC 2047): that would be decoded, with the line ends in it, as a header is set."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split()).replace(
        "=?", "= ?"
    )


def _mailbox(text: str) -> Address:
    found = MAILBOX.fullmatch(text)
    try:
        if found is not None:
            return Address((found["name"] or "").strip(), addr_spec=found["spec"])
    except ValueError:
        pass
    raise SendError(
        f"{text!r} is no mail address",
        "write it as desk@example.org in settings.toml, table mail",
        lasting=True,
    )


def send(message: EmailMessage, settings: Mail, password: str | None) -> None:
    """Hand the mail to the server. Raises SendError with the server's words."""
    if settings.user and not password:
        raise SendError(
            f"mail server {settings.host}: a user is given and no password",
            f"set {PASSWORD} in the environment",
            lasting=True,
        )
    where = f"mail server {settings.host}:{settings.port}"
    try:
        with _connect(settings) as server:
            if settings.user:
                server.login(settings.user, password or "")
            sender, receiver = (message[name].addresses[0].addr_spec for name in ("From", "To"))
            if (sender + receiver).isascii():
                # `send_message` would write by no policy, and put a ">" before a line that begins with "From ".
                server.sendmail(sender, receiver, message.as_bytes())
            else:
                server.send_message(message)  # asks for SMTPUTF8, and writes by the message's policy
    except smtplib.SMTPAuthenticationError as error:
        raise SendError(
            f"{where}: user or password refused: {_said(error)}",
            f"check mail.user and {PASSWORD}",
            lasting=True,
        ) from error
    except smtplib.SMTPNotSupportedError as error:
        raise SendError(f"{where}: {error}", "check mail.security and mail.port", lasting=True) from error
    except (smtplib.SMTPException, OSError) as error:
        raise SendError(f"{where}: {_said(error)}") from error


def _connect(settings: Mail) -> smtplib.SMTP:
    if settings.security == "tls":
        return smtplib.SMTP_SSL(
            settings.host, settings.port, timeout=settings.timeout_s, context=ssl.create_default_context()
        )
    server = smtplib.SMTP(settings.host, settings.port, timeout=settings.timeout_s)
    if settings.security == "starttls":
        try:
            server.starttls(context=ssl.create_default_context())
        except BaseException:
            server.close()
            raise
    return server


def _said(error: Exception) -> str:
    """The server's answer on one line; a refused receiver's answer is inside a dictionary."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return "; ".join(f"{who}: {code} {_text(words)}" for who, (code, words) in error.recipients.items())
    if isinstance(error, smtplib.SMTPResponseException):
        return f"{error.smtp_code} {_text(error.smtp_error)}"
    if isinstance(error, TimeoutError):
        return "no answer in time"
    return _text(str(error) or type(error).__name__)


def _text(words: bytes | str) -> str:
    return _header(words.decode("utf-8", "replace") if isinstance(words, bytes) else words)[:300]
