"""Mail through the site's own server: one connection a message, to an address that was judged (addresses.py).

SMTP as of RFC 5321, encrypted by STARTTLS (RFC 3207) or from the first byte (RFC 8314). Certificates are verified.
"""

from __future__ import annotations

import smtplib
import socket
import ssl
from email.message import EmailMessage
from email.utils import formatdate, make_msgid

from dougong_platform import addresses
from dougong_platform.settings import Settings
from dougong_runtime.errors import problem_type, refuse

SECONDS_MAX = 15

NO_MAIL_SERVER = problem_type(
    "no-mail-server",
    409,
    "还没有邮件服务器。",
    "There is no mail server yet.",
    remedy=("在管理 › 设置里填写。", "Give one under Administration › Settings."),
)
NO_MAIL_ADDRESS = problem_type(
    "no-mail-address",
    409,
    "{name} 没有邮箱地址。",
    "{name} has no mail address.",
    remedy=("先在人员页面填写邮箱。", "Give one on the person's page first."),
)
MAIL_FAILED = problem_type(
    "mail-failed",
    502,
    "邮件服务器 {server} 没有收下邮件：{why}",
    "The mail server {server} did not take the message: {why}",
    remedy=("核对服务器、端口、加密方式和账号。", "Check server, port, encryption and account."),
)


def send(settings: Settings, to: str, subject: str, text: str) -> None:
    """Hand a plain message to the mail server; returns once it has taken it.

    Raises Refused: NO_MAIL_SERVER, `addresses.ADDRESS_REFUSED` and UNREACHABLE, MAIL_FAILED with the server's words.
    """
    if not settings.mail_host or not settings.mail_from:
        raise refuse(NO_MAIL_SERVER)
    internal = addresses.internal_servers(settings.internal_servers)
    target = addresses.judge_mail(settings.mail_host, settings.mail_port, internal)
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = settings.mail_from, to, subject
    message["Date"], message["Message-ID"] = formatdate(), make_msgid(domain="dougong.invalid")
    message.set_content(text)
    kind = _Tls if settings.mail_security == "tls" else _Plain
    try:
        with kind(target) as server:
            if settings.mail_security == "starttls":
                server.starttls(context=ssl.create_default_context())
            if settings.mail_user:
                server.login(settings.mail_user, settings.mail_password)
            server.send_message(message)
    except (OSError, smtplib.SMTPException) as error:
        raise refuse(MAIL_FAILED, server=f"{target.host}:{target.port}", why=_why(error)) from None


class _Plain(smtplib.SMTP):
    """A connection to the very address that was judged, in the name of the host: certificates are held to that."""

    def __init__(self, target: addresses.Target) -> None:
        self._judged = target.addresses[0]
        super().__init__(target.host, target.port, "localhost", SECONDS_MAX)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        return socket.create_connection((self._judged, port), timeout)


class _Tls(_Plain):
    """The same, encrypted from the first byte."""

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        plain = super()._get_socket(host, port, timeout)
        return ssl.create_default_context().wrap_socket(plain, server_hostname=host)


def _why(error: Exception) -> str:
    """The server's words, else the kind of failure; one line."""
    if isinstance(error, smtplib.SMTPResponseException):
        said = (
            error.smtp_error.decode("utf-8", "replace")
            if isinstance(error.smtp_error, bytes)
            else str(error.smtp_error)
        )
        return f"{error.smtp_code} {said}".splitlines()[0][:200]
    return (str(error) or type(error).__name__).splitlines()[0][:200]
