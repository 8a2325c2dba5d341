"""The site calls public servers and those its administrator names; nobody steers it into the firm's own network."""

from __future__ import annotations

import http.server
import ipaddress
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from dougong_platform.addresses import ADDRESS_REFUSED, UNREACHABLE, internal_servers, is_public, judge
from dougong_platform.outgoing import Answer, open_guarded
from dougong_platform.settings import Settings
from dougong_runtime.errors import Refused

PUBLIC = "93.184.215.14"


def always(*addresses: str) -> Callable[[str, int], list[str]]:
    """A name service that knows one answer."""
    return lambda host, port: list(addresses)


def refusal(url: str, *addresses: str, internal: str = "") -> str:
    """The type of problem that keeps the site from an address."""
    with pytest.raises(Refused) as caught:
        judge(url, internal_servers(internal), always(*(addresses or (PUBLIC,))))
    return caught.value.problems[0].type.name


INWARD = (
    "127.0.0.1", "127.8.8.8", "0.0.0.0", "10.1.2.3", "172.16.0.1", "172.31.255.254", "192.168.1.1",
    "169.254.169.254", "169.254.170.2", "100.64.0.1", "100.100.100.200", "192.0.0.192", "192.0.0.9", "198.18.0.1",
    "192.0.2.1", "198.51.100.1", "203.0.113.1", "224.0.0.1", "240.0.0.1", "255.255.255.255", "192.88.99.1",
    "::", "::1", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "::ffff:10.0.0.1", "::127.0.0.1", "::ffff:0:127.0.0.1",
    "64:ff9b::7f00:1", "64:ff9b:1::a00:1", "2002:7f00:1::", "2001:0:7f00:1::", "2001:db8::1", "fe80::1", "fec0::1",
    "fc00::1", "fd00:ec2::254", "ff02::1", "100::1", "3fff::1", "5f00::1",
)  # fmt: skip


@pytest.mark.parametrize("address", INWARD)
def test_no_name_leads_inside(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))
    assert refusal("https://files.example.com/a", address) == ADDRESS_REFUSED.name
    bare = f"[{address}]" if ":" in address else address
    assert refusal(f"https://{bare}/a", address) == ADDRESS_REFUSED.name


@pytest.mark.parametrize(
    "address", [PUBLIC, "1.1.1.1", "2606:4700::1111", "2a00:1450:4001:80b::200e", "192.0.1.1"]
)
def test_a_public_server_is_called_by_the_address_that_was_judged(address: str) -> None:
    target = judge("https://files.example.com/a?b=c", (), always(address))
    assert target.addresses == (address,)
    assert (target.host_header, target.path, target.port) == ("files.example.com", "/a?b=c", 443)


def test_one_address_inside_among_many_is_enough_to_refuse() -> None:
    assert refusal("https://files.example.com/", PUBLIC, "10.0.0.1") == ADDRESS_REFUSED.name


ODD = (
    "https://2130706433/", "https://0x7f000001/", "https://0x7f.0.0.1/", "https://0177.0.0.1/", "https://127.1/",
    "https://017700000001/", "https://127.0.0.1.:443/", "https://0/", "https://[::ffff:7f00:1]/", "https://127.0.0.256/",
    "https://[::1%25lo]/", "https://[fe80::1%25eth0]/", "https://1.1.1.1%00.example.com/",
    "https://ⓔxample.com/", "https://①②⑦.⓪.⓪.①/", "https://127。0。0。1/", "https://localhost\\@example.com/",
    "https://example.com\\@127.0.0.1/", "https://a@127.0.0.1/", "https://user:word@files.example.com/",
    "https://exa mple.com/", "https://example.com/a b", "https://example.com/\r\nHost: inside", "https://example.com/\x00",
    "https://", "https:///etc/passwd", "https:files.example.com", "//files.example.com/", "files.example.com", "",
    "https://example.com:0/", "https://example.com:99999/", "https://example.com:x/", "https://-a.example.com/",
    "https://a..example.com/", "https://[::1", "https://[nonsense]/", "https://" + "a" * 3000,
    "http://files.example.com/", "ftp://files.example.com/", "file:///etc/passwd", "gopher://127.0.0.1:6379/_INFO",
    "dict://127.0.0.1:11211/", "data:text/plain,x", "javascript:alert(1)", "jar:https://example.com!/", "unix:///run/x",
    "https://files.example.com:22/", "https://files.example.com:25/", "https://files.example.com:80/",
)  # fmt: skip


@pytest.mark.parametrize("url", ODD)
def test_an_address_in_no_usual_form_is_refused(url: str) -> None:
    """By the form alone: even a name service that would call it public does not help."""
    assert refusal(url) == ADDRESS_REFUSED.name


def test_what_is_said_gives_no_secret_away() -> None:
    with pytest.raises(Refused) as caught:
        judge("https://user:hunter2@10.0.0.1/hook?key=s3cret", (), always("10.0.0.1"))
    assert "hunter2" not in str(caught.value)
    assert "s3cret" not in str(caught.value)


def test_an_unknown_name_is_told() -> None:
    def nothing(host: str, port: int) -> list[str]:
        raise socket.gaierror(host)

    with pytest.raises(Refused) as caught:
        judge("https://nowhere.example.com/", (), nothing)
    assert caught.value.problems[0].type is UNREACHABLE


@pytest.mark.parametrize(
    ("internal", "url", "address", "allowed"),
    [
        ("files.example.com", "http://files.example.com/", "10.0.0.1", True),
        ("files.example.com:8080", "http://files.example.com:8080/", "10.0.0.1", True),
        ("files.example.com:8080", "http://files.example.com/", "10.0.0.1", False),
        ("files.example.com", "http://files.example.com.evil.example/", "10.0.0.1", False),
        ("files.example.com", "http://other.example.com/", "10.0.0.1", False),
        ("FILES.example.com", "http://Files.Example.COM./", "10.0.0.1", True),
        ("10.0.0.0/8", "http://other.example.com/", "10.9.9.9", True),
        ("10.0.0.0/8:443", "https://other.example.com/", "10.9.9.9", True),
        ("10.0.0.0/8:443", "http://other.example.com/", "10.9.9.9", False),
        ("10.0.0.0/8", "http://10.1.1.1/", "", True),
        ("10.0.0.0/8", "http://169.254.169.254/", "", False),
        ("10.0.0.0/8", "http://[::ffff:10.0.0.1]/", "", False),
        ("[fd00::1]:443", "https://[fd00::1]/", "", True),
        ("fd00::/8", "https://x.example.com/", "fd00::5", True),
        ("[fd00::1]:443", "https://[fd00::2]/", "", False),
    ],
)
def test_the_firms_own_servers_are_those_that_the_setting_names(
    internal: str, url: str, address: str, allowed: bool
) -> None:
    if allowed:
        assert judge(url, internal_servers(internal), always(address)).addresses
    else:
        assert refusal(url, address, internal=internal) == ADDRESS_REFUSED.name


@pytest.mark.parametrize(
    "wrong", ["10.0.0.0/33", "a b", "x:99999", "x:", "10.0.0.1/8", "https://x", "::1:80:", "*"]
)
def test_a_setting_that_names_no_server_stops_the_start(tmp_path: Path, wrong: str) -> None:
    env = {"DOUGONG_DATA_DIR": str(tmp_path), "DOUGONG_INTERNAL_SERVERS": wrong}
    with pytest.raises(Refused, match="internal_servers"):
        Settings.load(env, tmp_path / "none.toml")


# --- against a stand-in server ---------------------------------------------------------------------------------------


class _Handler(http.server.BaseHTTPRequestHandler):
    def _respond(self) -> None:
        self.server.seen.append((self.command, self.path, dict(self.headers)))
        status, headers, body, pause = self.server.says(self)
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        for start in range(0, len(body), 4096):
            self.wfile.write(body[start : start + 4096])
            time.sleep(pause)

    do_GET = do_POST = _respond

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A caller that hangs up is what some tests want."""


@contextmanager
def serving(
    says: Callable[..., tuple[int, dict[str, str], bytes, float]], tls: ssl.SSLContext | None = None
) -> Iterator[_Server]:
    server = _Server(("127.0.0.1", 0), _Handler)
    server.says, server.seen = says, []
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def call(server: _Server, path: str = "/", host: str = "files.example.com", **given: object) -> Answer:
    """Call the stand-in by a name that the setting allows."""
    port = server.server_address[1]
    internal = internal_servers(f"files.example.com:{port}")
    given = {"resolve": always("127.0.0.1"), "internal": internal} | given
    return open_guarded(f"http://{host}:{port}{path}", **given)


def plainly(handler: object) -> tuple[int, dict[str, str], bytes, float]:
    return 200, {"Content-Length": "4"}, b"fine", 0


def test_a_call_arrives_with_its_body_and_its_name() -> None:
    with serving(plainly) as server:
        answer = call(server, "/hook?a=1", method="POST", body=b"{}", headers={"Authorization": "Bearer k"})
    assert (answer.status, answer.body) == (200, b"fine")
    command, path, headers = server.seen[0]
    assert (command, path, headers["content-length"]) == ("POST", "/hook?a=1", "2")
    assert headers["host"] == f"files.example.com:{server.server_address[1]}"
    assert headers["authorization"] == "Bearer k"


def test_a_name_is_resolved_once_and_the_connection_goes_there() -> None:
    """DNS rebinding: the second answer of the name service is never asked for."""
    asked: list[str] = []

    def rebinding(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["127.0.0.2"]

    with serving(plainly) as server:
        assert call(server, resolve=rebinding).body == b"fine"
    assert asked == ["files.example.com"]


def test_nothing_is_sent_to_a_server_inside_that_nobody_named() -> None:
    with serving(plainly) as server:
        port = server.server_address[1]
        for url in (
            f"http://127.0.0.1:{port}/",
            f"https://inside.example.com:{port}/",
            f"http://localhost:{port}/",
        ):
            with pytest.raises(Refused):
                open_guarded(url, resolve=always("127.0.0.1"))
    assert server.seen == []


@pytest.mark.parametrize(
    "onward",
    [
        "http://169.254.169.254/latest",
        "http://127.0.0.1:1/",
        "file:///etc/passwd",
        "//10.0.0.1/",
        "gopher://x/",
    ],
)
def test_a_redirect_is_judged_anew(onward: str) -> None:
    with serving(lambda handler: (302, {"Location": onward, "Content-Length": "0"}, b"", 0)) as server:
        with pytest.raises(Refused) as caught:
            call(server)
        assert len(server.seen) == 1
    assert caught.value.problems[0].type is ADDRESS_REFUSED


def test_redirects_end() -> None:
    with serving(lambda handler: (302, {"Location": "/again", "Content-Length": "0"}, b"", 0)) as server:
        with pytest.raises(Refused, match="too often"):
            call(server)
        assert len(server.seen) == 4


def test_a_redirect_to_another_server_takes_no_key_along() -> None:
    with serving(plainly) as other:
        there = f"http://other.example.com:{other.server_address[1]}/"
        with serving(lambda handler: (302, {"Location": there, "Content-Length": "0"}, b"", 0)) as server:
            ports = (server.server_address[1], other.server_address[1])
            internal = internal_servers(f"files.example.com:{ports[0]}, other.example.com:{ports[1]}")
            answer = call(
                server, internal=internal, headers={"Authorization": "k", "X-Key": "k", "Accept": "a/b"}
            )
    assert answer.body == b"fine"
    headers = other.seen[0][2]
    assert "authorization" not in headers
    assert "x-key" not in headers
    assert headers["accept"] == "a/b"


def test_what_is_posted_is_not_posted_elsewhere() -> None:
    with serving(lambda handler: (307, {"Location": "/other", "Content-Length": "0"}, b"", 0)) as server:
        assert call(server, method="POST", body=b"x").status == 307
        assert len(server.seen) == 1


def test_an_answer_without_end_is_cut_off() -> None:
    with (
        serving(lambda handler: (200, {}, b"x" * 3_000_000, 0)) as server,
        pytest.raises(Refused, match="too long"),
    ):
        call(server, answer_bytes_max=100_000)


def test_a_server_that_drips_does_not_hold_a_thread() -> None:
    began = time.monotonic()
    with (
        serving(lambda handler: (200, {}, b"x" * 2_000_000, 0.05)) as server,
        pytest.raises(Refused, match="in time"),
    ):
        call(server, seconds_max=0.4)
    assert time.monotonic() - began < 12, "the whole of it takes 24 seconds"


@pytest.mark.parametrize("header", [{"X-A": "b\r\nX-C: d"}, {"X-A\r\nX-C": "d"}])
def test_no_header_can_be_smuggled_in(header: dict[str, str]) -> None:
    with serving(plainly) as server:
        with pytest.raises((Refused, ValueError)):
            call(server, headers=header)
        assert all("x-c" not in {name.lower() for name in seen[2]} for seen in server.seen)


def test_what_is_no_http_is_told() -> None:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        port = listening.getsockname()[1]

        def speak() -> None:
            there, _ = listening.accept()
            there.recv(1000)
            there.sendall(b"220 mail ready\r\n")
            there.close()

        thread = threading.Thread(target=speak)
        thread.start()
        with pytest.raises(Refused) as caught:
            open_guarded(f"http://127.0.0.1:{port}/", internal=internal_servers(f"127.0.0.1:{port}"))
        thread.join()
    assert caught.value.problems[0].type is UNREACHABLE


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("tls")
    key, made = folder / "key.pem", folder / "made.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", "/CN=files.example.com", "-addext", "subjectAltName=DNS:files.example.com",
         "-keyout", str(key), "-out", str(made)],
        check=True, capture_output=True,
    )  # fmt: skip
    return key, made


@pytest.mark.parametrize(("host", "works"), [("files.example.com", True), ("other.example.com", False)])
def test_the_certificate_must_be_that_of_the_name(
    certificate: tuple[Path, Path], host: str, works: bool
) -> None:
    key, made = certificate
    own = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    own.load_cert_chain(made, key)
    trust = ssl.create_default_context(cafile=str(made))
    with serving(plainly, own) as server:
        port = server.server_address[1]
        given = {"internal": internal_servers("127.0.0.0/8"), "resolve": always("127.0.0.1"), "trust": trust}
        if works:
            assert open_guarded(f"https://{host}:{port}/", **given).body == b"fine"
        else:
            with pytest.raises(Refused, match="SSLCertVerificationError"):
                open_guarded(f"https://{host}:{port}/", **given)
        with pytest.raises(Refused):
            open_guarded(f"https://{host}:{port}/", **given | {"trust": None})
