"""Which addresses the site may call: the guard against requests that a stranger steers into the firm's own network.

An address is written by people who build apps, so it is not to be trusted. It is `https` to a public server, or goes
to a server that the setting `internal_servers` names. A name is resolved once, and the connection goes to the very
address that was judged (`outgoing.open_guarded`), so that a name which answers differently the second time gains
nothing. All addresses of a name must pass, not one of them.

Sources: OWASP Server Side Request Forgery Prevention Cheat Sheet; RFC 6890 and the IANA special-purpose registries,
as Python's `ipaddress` holds them.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeAlias
from urllib.parse import SplitResult, urlsplit

from dougong_runtime.errors import Refused, problem_type, refuse

ADDRESS_REFUSED = problem_type(
    "address-refused",
    422,
    "不能访问 {address}：{zh}",
    "{address} cannot be called: {en}",
    remedy=(
        "填写公网服务器的 https 地址；本单位内部的服务器由管理员列入设置 internal_servers。",
        "Give the https address of a public server; an administrator lists the firm's own in the setting internal_servers.",
    ),
)
UNREACHABLE = problem_type(
    "address-unreachable",
    502,
    "访问 {address} 未成功：{zh}",
    "{address} did not answer as expected: {en}",
    remedy=("核对地址，稍后再试。", "Check the address and try again later."),
)

URL_LENGTH_MAX = 2_000
ADDRESSES_MAX = 16
"""Addresses of one name that are looked at."""
_PORTS = {"http": 80, "https": 443}
MAIL = "smtp"
MAIL_PORTS = frozenset({25, 465, 587, 2525})
"""Ports at which public mail servers take mail (RFC 5321, RFC 8314; 2525 is a common stand-in)."""
_PORT_LEAST = 1024
"""Ports below it, besides the scheme's own, are those of mail, shells and files: refused unless named."""

IpAddress: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
IpNetwork: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network
Resolve: TypeAlias = Callable[[str, int], Iterable[str]]
"""Host and port → the addresses of that name, as texts. Raises OSError where there is none."""

_CHARACTERS = re.compile(r"[!-\[\]^-~]+\Z")
"""What an address may consist of: printable ASCII without space and backslash, as RFC 3986 wants it."""
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\Z")
_NUMERAL = re.compile(r"(?:0x[0-9a-f]*|[0-9]+)\Z")
_QUAD = re.compile(r"(?:(?:0|[1-9][0-9]{0,2})\.){3}(?:0|[1-9][0-9]{0,2})\Z")

_OPEN_V6 = ipaddress.IPv6Network("2000::/3")
"""The only IPv6 addresses given out for the open network: not the IPv4 addresses that others carry inside."""
_NOT_OPEN: tuple[IpNetwork, ...] = (
    ipaddress.IPv4Network("192.0.0.0/24"),
    ipaddress.IPv4Network("192.88.99.0/24"),
    ipaddress.IPv6Network("2001::/23"),
    ipaddress.IPv6Network("2002::/16"),
    ipaddress.IPv6Network("3fff::/20"),
)
"""Tunnels and protocol addresses that `is_global` lets pass, in some versions of Python or in all."""


@dataclass(frozen=True, slots=True)
class InternalServer:
    """An entry of `internal_servers`: a host name or a network, at one port or at any."""

    host: str = ""
    network: IpNetwork | None = None
    port: int | None = None

    def names(self, host: str, port: int) -> bool:
        """Whether it names a host that stands in an address."""
        return bool(self.host) and self.host == host and self.port in (None, port)

    def holds(self, address: IpAddress, port: int) -> bool:
        """Whether a resolved address lies in its network."""
        return self.network is not None and address in self.network and self.port in (None, port)


@dataclass(frozen=True, slots=True)
class Target:
    """An address that was judged: where to connect, and what to say there."""

    scheme: str
    host: str
    """Lower case, a name in its ASCII form, IPv6 without brackets."""
    port: int
    path: str
    """With the query; begins with `/`."""
    addresses: tuple[str, ...]
    """The addresses to connect to, in the order of trying."""

    @property
    def shown(self) -> str:
        """The address for messages: without path and query, which may hold secrets."""
        return shown(self.scheme, self.host, self.port)

    @property
    def host_header(self) -> str:
        """Value of the header `Host`."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"


def internal_servers(text: str) -> tuple[InternalServer, ...]:
    """The setting's entries, separated by commas: `files.example.com`, `10.2.0.0/16`, `10.2.0.9:8443`, `[fd00::1]:443`.

    Raises ValueError with the entry that is wrong.
    """
    return tuple(_entry(part.strip()) for part in text.split(",") if part.strip())


def judge(url: str, internal: Iterable[InternalServer] = (), resolve: Resolve | None = None) -> Target:
    """The target that an address names, resolved and found harmless.

    Raises Refused (ADDRESS_REFUSED, or UNREACHABLE for a name without an address). Waits for the name service, as
    long as the machine is configured to.
    """
    parts, host, port = _split(url)
    found = _harmless(parts.scheme, host, port, tuple(internal), resolve or addresses_of)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(parts.scheme, host, port, path, found)


def judge_mail(
    host: str, port: int, internal: Iterable[InternalServer] = (), resolve: Resolve | None = None
) -> Target:
    """The same for a mail server: a public one at a port of mail, or one that `internal_servers` names."""
    if not (_literal(host) or is_host(host)):
        raise _malformed(host)
    return Target(MAIL, host, port, "", _harmless(MAIL, host, port, tuple(internal), resolve or addresses_of))


def _harmless(
    scheme: str, host: str, port: int, known: tuple[InternalServer, ...], resolve: Resolve
) -> tuple[str, ...]:
    named = any(server.names(host, port) for server in known)
    literal = _literal(host)
    if not named and literal is None and _NUMERAL.match(host.rpartition(".")[2]):
        raise _refused(
            scheme, host, port, "主机不是规范写法的地址。", "its host is no address in the usual form."
        )
    found = [literal] if literal is not None else _resolved(scheme, host, port, resolve)
    for address in found:
        internally = named or any(server.holds(address, port) for server in known)
        why = None if internally else _objection(scheme, port, address)
        if why is not None:
            raise _refused(scheme, host, port, *why)
    return tuple(str(address) for address in found)


def addresses_of(host: str, port: int) -> list[str]:
    """The addresses that the machine's resolver gives for a name. Raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def is_public(address: IpAddress) -> bool:
    """Whether an address belongs to the open network: not to this machine, a private network, a link or a group."""
    plain = _unwrapped(address)
    if isinstance(plain, ipaddress.IPv6Address) and plain not in _OPEN_V6:
        return False
    return plain.is_global and not plain.is_multicast and not any(plain in net for net in _NOT_OPEN)


def shown(scheme: str, host: str, port: int) -> str:
    """An address for messages."""
    inside = f"[{host}]" if ":" in host else host
    return f"{scheme}://{inside}" + ("" if _PORTS.get(scheme) == port else f":{port}")


def _objection(scheme: str, port: int, address: IpAddress) -> tuple[str, str] | None:
    if not is_public(address):
        return "它不是公网服务器。", "it is no public server."
    if scheme == MAIL:
        return None if port in MAIL_PORTS else (f"端口 {port} 不可用。", f"port {port} is not allowed.")
    if scheme != "https":
        return "只能用 https。", "only https is allowed."
    if port != _PORTS[scheme] and port < _PORT_LEAST:
        return f"端口 {port} 不可用。", f"port {port} is not allowed."
    return None


def _split(url: str) -> tuple[SplitResult, str, int]:
    """The parts, the host in its plain form, and the port."""
    if len(url) > URL_LENGTH_MAX or not _CHARACTERS.match(url):
        raise _malformed(url)
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise _malformed(url) from None
    if parts.scheme not in _PORTS:
        raise refuse(
            ADDRESS_REFUSED,
            address=_cut(url),
            zh="只能用 https 地址。",
            en="only https addresses are called.",
        )
    if parts.username is not None or parts.password is not None:
        raise refuse(
            ADDRESS_REFUSED,
            address=shown(parts.scheme, host, port or _PORTS[parts.scheme]),
            zh="地址里不能带用户名和密码。",
            en="it carries a user name or password.",
        )
    host = host.rstrip(".")
    if port == 0 or not (_literal(host) or is_host(host)):
        raise _malformed(url)
    return parts, host, port or _PORTS[parts.scheme]


def is_host(host: str) -> bool:
    """Whether a text is a host's name in its ASCII form, or an IPv4 address."""
    return 0 < len(host) <= 253 and all(_LABEL.match(label) for label in host.split("."))


def _literal(host: str) -> IpAddress | None:
    """The address that a host is; only in the one form that all programs read alike."""
    if not _QUAD.match(host) and ":" not in host:
        return None
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _resolved(scheme: str, host: str, port: int, resolve: Resolve) -> list[IpAddress]:
    try:
        texts = list(resolve(host, port))[:ADDRESSES_MAX]
        found = [ipaddress.ip_address(text) for text in texts]
    except (OSError, ValueError, UnicodeError):
        found = []
    if not found:
        address = shown(scheme, host, port)
        raise refuse(UNREACHABLE, address=address, zh="没有这个主机名。", en="there is no such host.")
    return found


def _unwrapped(address: IpAddress) -> IpAddress:
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


def _entry(text: str) -> InternalServer:
    bracketed = re.match(r"\[([0-9a-fA-F:.]+)\](?::([0-9]{1,5}))?\Z", text)
    host, port = text, ""
    if bracketed is not None:
        host, port = bracketed[1], bracketed[2] or ""
    elif text.count(":") == 1:
        host, _, port = text.partition(":")
        if not port:
            raise ValueError(text)
    number = int(port) if port.isascii() and port.isdigit() else None
    if port and (number is None or not 0 < number < 65536):
        raise ValueError(text)
    if "/" in host or ":" in host or _QUAD.match(host):
        try:
            return InternalServer(network=ipaddress.ip_network(host), port=number)
        except ValueError:
            raise ValueError(text) from None
    if not is_host(host.lower()):
        raise ValueError(text)
    return InternalServer(host=host.lower().rstrip("."), port=number)


def _malformed(url: str) -> Refused:
    return refuse(
        ADDRESS_REFUSED,
        address=_cut(url),
        zh="不是规范写法的地址。",
        en="it is no address in the usual form.",
    )


def _refused(scheme: str, host: str, port: int, zh: str, en: str) -> Refused:
    return refuse(ADDRESS_REFUSED, address=shown(scheme, host, port), zh=zh, en=en)


def _cut(url: str) -> str:
    """The beginning of what may be no address at all, without what stands behind `?` or before `@`."""
    text = url.partition("?")[0].rpartition("@")[2]
    return "".join(c if c.isprintable() else "�" for c in text[:80])
