"""Requests that nobody should send: a corpus of hostile values put in every place of every route, and what may come back.

`Hammer` draws them from a seed, so that a failure can be sent again: the failing request is named by its number.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

from starlette.applications import Starlette
from starlette.routing import Route

from dougong_platform import signin
from dougong_platform.http.viewer import COOKIE
from served import Answer, Sender, Served
from ward import Ward

LEAKS = re.compile(
    r"Traceback \(most|File \"/|site-packages|sqlalchemy|psycopg|sqlite3|OperationalError|ProgrammingError|IntegrityError"
    r"|\bSELECT\b.+\bFROM\b|\bINSERT INTO\b|\bdg_(?!search\b)[a-z]+\b|\bclinic__[a-z]+|\$argon2|password_hash|token_hash"
)
"""What tells of the inside: traces, statements, tables, hashes."""

HEADERS_ALWAYS = (
    "content-security-policy",
    "x-content-type-options",
    "x-frame-options",
    "referrer-policy",
    "cross-origin-opener-policy",
    "cross-origin-resource-policy",
    "cache-control",
    "x-request-id",
)
"""Headers that every answer of the application carries."""

NEVER = ("access-control-allow-origin", "access-control-allow-credentials", "server", "x-powered-by")

TEXTS: tuple[str, ...] = (
    "", " ", "0", "-1", "1", "null", "true", "NaN", "Infinity", "-0", "1e309", "9" * 30, "9" * 5000, "0x10", "1_000",
    "'", '"', "\\", "''", "' OR 1=1 --", "'; DROP TABLE clinic__patient; --", "%", "_", "%s%s%n", "{0}", "{{7*7}}",
    "${7*7}", "#{7*7}", "<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "javascript:alert(1)",
    "../../../../etc/passwd", "..\\..\\windows", "/etc/passwd\0.png", "file:///etc/passwd", "//evil.example/",
    "https://evil.example/", "\r\nSet-Cookie: a=b", "%0d%0aX-Bad: 1", "\0", "a\0b", "\x1b[31m", "\u202e", "\ufeff", "\uffff",
    "𝔘𝔫𝔦", "👩‍👩‍👧‍👦", "ﷺ" * 50, "İ", "ß", "１２３", "٣", "Ａ", "张三", "é" * 200, "a" * 300, "a" * 9_000, "(" * 3_000,
    "a.b.c.d.e.f", "__class__", "constructor", "id", "name", "-name", "name,name,name", "owner.team.leader.name", "*",
    "name = 'x'", "name = name", "1 = 1", "USER().password", "COUNT(visits) > 0", "CONTAINS(name, '%')", "AND AND",
    "9999-12-31", "0001-01-01", "2026-02-30", "9999-12-31T23:59:59.999999-23:59", "24:00", "now",
    "a IN (" + "1" * 28 + "x", "1" + " " * 5_000, "2026-01-01T" + "1" * 3_000, "a@" + "a." * 2_000, "'" + "\\'" * 1_500,
    "AAAA", "eyJhbGciOiJub25lIn0.e30.", "W/\"1\"", "\"1\"", "bytes=0-", "dgt_" + "A" * 43, "00000000-0000-0000-0000-000000000000",
    "{00000000-0000-7000-8000-000000000000}", "GET", "text/html", "application/x-www-form-urlencoded",
)  # fmt: skip
"""Texts that have broken other programs."""

JSON_TEXTS: tuple[bytes, ...] = (
    b"", b"null", b"[]", b"{}", b"0", b'""', b"[null]", b"[[]]", b"{", b'{"a"', b"[" * 5_000, b'{"a":' * 2_000, b'{"name": NaN}',
    b'{"name": Infinity}', b'{"name": 1e999999999}', b'{"name": ' + b"9" * 5_000 + b"}", b'{"name": "a", "name": "b"}',
    b'{"name": "\\ud800"}', b'{"name": "\\u0000"}', b"\xff\xfe", b"\xef\xbb\xbf{}", b'{"name": "\xc3\x28"}', b"{'name': 1}",
    b'{"name": "x",}', b"// x\n{}", b'{"__proto__": {"x": 1}}', b'[{"name": "x"}, 5]', b"[" * 40 + b'"' + b'\\"' * 4_000,
    b'{"name": "' + b"x" * 200_000 + b'"}', b'{"name": {"name": {"name": {"name": 1}}}}', b"<x/>", b"a: &a [*a]",
)  # fmt: skip
"""Bodies that are, or nearly are, JSON."""

MEDIA_TYPES: tuple[str, ...] = (
    "application/json", "application/json; charset=utf-16", "application/merge-patch+json", "text/plain", "text/html", "", "x",
    "application/x-www-form-urlencoded", "application/x-www-form-urlencoded; charset=utf-7", "multipart/form-data",
    "multipart/form-data; boundary=x", "multipart/form-data; boundary=" + "x" * 300, "application/xml", "image/png",
    "application/json\x7f", "application/octet-stream",
)  # fmt: skip

ODD_HEADERS: tuple[tuple[str, str], ...] = (
    ("Host", "evil.example"), ("Host", "["), ("Host", "a/b?c"), ("Host", "a@b"), ("Host", ""), ("X-Forwarded-For", "127.0.0.1, x"),
    ("X-Forwarded-Host", "evil.example"), ("X-Forwarded-Proto", "gopher"), ("X-HTTP-Method-Override", "DELETE"),
    ("X-Original-URL", "/admin"), ("X-Rewrite-URL", "/admin"), ("Forwarded", "for=127.0.0.1;host=x"),
    ("Range", "bytes=0-0,1-1"), ("Range", "bytes=" + ",".join(f"{n}-" for n in range(2_000))), ("If-Match", "*"),
    ("If-Match", '"1", "2"'), ("If-Match", "9" * 40), ("If-Match", "W/x"), ("If-None-Match", "*"), ("If-Modified-Since", "x"),
    ("Accept", "text/html"), ("Accept", "*/*;q=x"), ("Accept-Language", "q=,;" * 60), ("Accept-Language", "x" * 4_000),
    ("Accept-Encoding", "gzip;q=x, br, *"), ("Content-Encoding", "gzip"), ("Content-Encoding", "identity"), ("Expect", "x"),
    ("Content-Length", "x"), ("X-Request-Id", "a b"), ("X-Request-Id", "x" * 5_000), ("X-View-As", "admin"),
    ("X-View-As", "%00"), ("X-View-As", "dr_%6cin"), ("X-CSRF-Token", "x"), ("Cookie", "dougong_session=" + "x" * 4_000),
    ("Cookie", "dougong_session=%00; dougong_view_as=admin"), ("Cookie", "=;=;a"), ("Origin", "https://evil.example"),
    ("Sec-Fetch-Site", "cross-site"), ("HX-Request", "true"), ("HX-Request-Type", "partial"), ("Upgrade", "websocket"),
    ("HX-Current-URL", "https://evil.example//x"), ("HX-Current-URL", "["), ("User-Agent", "\x1b[31m" + "x" * 2_000),
    ("Authorization", "Bearer"), ("Authorization", "Basic YTpi"), ("Authorization", "Bearer dgt_" + "x" * 43),
    ("Authorization", "Bearer " + "é" * 60), ("TE", "trailers"),
)  # fmt: skip

METHODS: tuple[str, ...] = (
    "GET",
    "POST",
    "PUT",
    "PATCH",
    "DELETE",
    "HEAD",
    "OPTIONS",
    "TRACE",
    "LINK",
    "PROPFIND",
)

PATH_TRICKS: tuple[str, ...] = (
    "/%2e%2e/", "/./", "//", "/%2f", "/..%2f..%2fetc%2fpasswd", "/%00", "/%ff", "/;a=b", "/%u002e", "/static/../healthz",
    "/static/%2e%2e/%2e%2e/etc/passwd", "//evil.example/%2e%2e", "/\\evil.example", "/api/v1//me", "/api/v1/me/", "/api/v1/ME",
    "/api/v1/apps/clinic/patient/..", "/%61pi/v1/me", "/api/v1/apps/clinic%2fpatient", "/problems/%2e%2e", "/login/", "/admin/..;/",
    "http://evil.example/api/v1/me", "/api/v1/me#x", "/api/v1/me?", "/?" + "a=b&" * 3_000, "/" + "a/" * 3_000, "/studio/clinic", "*",
)  # fmt: skip


@dataclass(frozen=True)
class Attack:
    """One request, by whom, as it is sent."""

    who: str
    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes

    def __str__(self) -> str:
        shown = {
            n: v[:80] for n, v in self.headers.items() if n not in ("Authorization", "Cookie", "X-CSRF-Token")
        }
        return f"{self.who}: {self.method} {self.target[:400]} {shown} {self.body[:300]!r}"


@dataclass
class Hammer:
    """Draws attacks on every route of the application."""

    served: Served
    ward: Ward
    app: Starlette
    seed: int
    people: Sequence[str] = ("", "nobody", "dr_lin", "nurse_bai", "desk_tao", "head_yu", "admin")
    sent: int = 0
    statuses: dict[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)
        self.routes = [r for r in self.app.routes if isinstance(r, Route) and r.path not in ("/logout",)]
        clinic = self.served.clinic
        self.tokens = {p: clinic.tokens[p] for p in self.people if p in clinic.tokens}
        self.sessions = {p: signin.sign_in(clinic.site, p, _password()) for p in self.tokens}
        self.ids = [
            *(i for (_, name), i in self.ward.ids.items() if not name.startswith("lin")),
            clinic.users["nobody"],
            clinic.users["admin"],
        ]
        self.names = [
            "clinic", "dougong", "patient", "visit", "allergy", "medicine", "user", "team", "patients", "visits", "phone", "name",
            "owner", "stage", "note", "id_number", "admin", "dr_mao", "csv", "active", "patient_form", "head_yu", "trash",
        ]  # fmt: skip

    def draw(self) -> Attack:
        """The next attack."""
        choose = self.random
        who = choose.choice(list(self.people))
        route = choose.choice(self.routes)
        method = (
            choose.choice(sorted(route.methods or {"GET"}))
            if choose.random() < 0.9
            else choose.choice(METHODS)
        )
        path = re.sub(r"\{(\w+)(?::\w+)?\}", lambda m: self._part(m[1]), route.path)
        if choose.random() < 0.03:
            path = choose.choice(PATH_TRICKS)
        headers = self._asking(who, route.path)
        query = self._query() if choose.random() < (0.6 if method in ("GET", "HEAD") else 0.15) else ""
        body = b""
        if method in ("POST", "PUT", "PATCH", "DELETE", "LINK"):
            body = self._body(route.path, headers)
        if choose.random() < 0.15:
            name, value = choose.choice(ODD_HEADERS)
            if not (name == "Host" and value == ""):
                headers[name] = value
        return Attack(who, method, path + query, headers, body)

    def strike(self, sender: Sender, attack: Attack) -> Answer:
        """Send it, and hold the answer to what every answer must be. Raises AssertionError."""
        answer = sender.send(attack.method, attack.target, attack.headers, attack.body)
        self.sent += 1
        self.statuses[answer.status] = self.statuses.get(answer.status, 0) + 1
        check(answer, attack)
        told = answer.text + str(dict(answer.headers))
        mine = _canaries_for(attack.who)
        foreign = [cell for cell in self.ward.cells_in(told) if not mine(cell)]
        assert not foreign, f"{attack}\nshows {foreign}"
        return answer

    # --- parts ------------------------------------------------------------------------------------------------
    def _part(self, name: str) -> str:
        choose = self.random
        if choose.random() < 0.25:
            return quote(choose.choice(TEXTS), safe="") or "x"
        if choose.random() < 0.1:
            return choose.choice(["..", "%2e%2e", ".", "%2F", "%", "%zz", "~", "a;b=c", "%C0%AE"])
        known = {
            "id": self.ids, "share": self.ids, "app": ["clinic", "clinic", "clinic", "dougong"],
            "entity": ["patient", "patient", "visit", "visit", "allergy", "consent_record", "user", "team"],
            "view": ["patients", "visits"], "field": ["patient", "owner", "allergies", "phone"], "target": ["patient", "user", "visit"],
            "username": ["admin", "dr_mao", "nobody"], "tab": ["overview", "history", "tab", "visits", "0"],
        }.get(name, self.names)  # fmt: skip
        return choose.choice(known)

    def _asking(self, who: str, route: str) -> dict[str, str]:
        if not who:
            return {"Accept": "text/html"} if self.random.random() < 0.5 else {}
        if route.startswith("/api/") and self.random.random() < 0.9:
            return {"Authorization": f"Bearer {self.tokens[who]}"}
        session = self.sessions[who]
        headers = {"Cookie": f"{COOKIE}={session.token}", "Accept": "text/html"}
        if self.random.random() < 0.9:
            headers["X-CSRF-Token"] = session.csrf
        return headers

    def _query(self) -> str:
        choose = self.random
        names = (
            "filter", "sort", "fields", "expand", "limit", "cursor", "search", "count", "q", "app", "lang", "as_of", "tab", "group",
            "as", "next", "back", "form", "stage", "field", "op", "value", "value.id", "at", "done", "undo", "user", "action", "from",
            "to", "owner", "patient", "name", "entity", "record", "page", "before", "all",
        )  # fmt: skip
        pairs = [(choose.choice(names), self._text()) for _ in range(choose.choice([1, 1, 2, 3, 6]))]
        return "?" + urlencode(pairs, errors="replace")

    def _text(self) -> str:
        choose = self.random
        if choose.random() < 0.3:
            return choose.choice([*self.ids, *self.names])
        text = choose.choice(TEXTS)
        if choose.random() < 0.1 and text:
            cut = choose.randrange(len(text))
            text = text[:cut] + choose.choice(TEXTS)[:200] + text[cut:]
        return text

    def _value(self, depth: int = 0) -> Any:
        choose = self.random
        if depth < 3 and choose.random() < 0.15:
            return [self._value(depth + 1) for _ in range(choose.randrange(3))]
        if depth < 3 and choose.random() < 0.15:
            return {self._name(): self._value(depth + 1) for _ in range(choose.randrange(3))}
        return choose.choice(
            [
                self._text(),
                self._text(),
                self._text(),
                None,
                True,
                False,
                0,
                -1,
                2**31,
                2**63,
                2**64,
                10**59,
                0.1,
                -1e300,
                5e-324,
            ]
        )

    def _name(self) -> str:
        names = (
            "name", "phone", "mail", "born_on", "risk", "allergies", "consent", "left_on", "stage", "id_number", "patient", "doctor",
            "visited_at", "until", "reason", "fee", "fever", "note", "version", "_reasons", "id", "owner", "created_by", "deleted_at",
            "spent", "code", "field", "user", "team", "write", "format", "filter", "fields", "sort", "rows", "columns", "measures",
            "formula", "limit", "search", "username", "password", "days", "scopes", "active", "roles", "leader", "parent", "was",
            "current", "csrf_token", "next", "back", "form", "defaulted", "to", "language", "theme", "time_zone", "scope", "token",
            "value", "patient.id", "_choice.name", "_reasons.x", "frequent_spent", "severity", "key", "dry_run", "keep_good", "file",
        )  # fmt: skip
        return self.random.choice(names) if self.random.random() < 0.95 else self._text()[:60]

    def _body(self, route: str, headers: dict[str, str]) -> bytes:
        choose = self.random
        if choose.random() < 0.1:
            headers["Content-Type"] = choose.choice(MEDIA_TYPES)
            return choose.choice(JSON_TEXTS)
        if "/import" in route and choose.random() < 0.8:
            headers["Content-Type"] = "multipart/form-data; boundary=cut"
            return self._multipart()
        if route.startswith("/api/"):
            headers["Content-Type"] = "application/json"
            if choose.random() < 0.1:
                return choose.choice(JSON_TEXTS)
            made: Any = {self._name(): self._value() for _ in range(choose.randrange(6))}
            if choose.random() < 0.05:
                made = [made] * choose.choice([1, 2, 5])
            return json.dumps(made).encode()
        headers["Content-Type"] = "application/x-www-form-urlencoded"
        pairs = [(self._name(), self._text()) for _ in range(choose.randrange(8))]
        return urlencode(pairs, errors="replace").encode()

    def _multipart(self) -> bytes:
        choose = self.random
        file = choose.choice(
            [b"name,phone\nx,1\n", b"name\n\0\n", b"PK\x03\x04" + b"x" * 50, b"", b"\xff\xfe\x00", b"name\n" + b"x" * 5_000,
             b'name\n"unclosed', "姓名,电话\n王,13800000000\n".encode("gb18030"), b"id,version,owner\n1,2,3\n"]
        )  # fmt: skip
        name = choose.choice(
            ["x.csv", "x.xlsx", "../../x.csv", "a\\b.csv", "x" * 500, "x\x00.csv", "", 'a".csv', "con.xlsx"]
        )
        parts = [
            b'--cut\r\nContent-Disposition: form-data; name="file"; filename="'
            + name.encode()
            + b'"\r\n\r\n'
            + file
            + b"\r\n"
        ]
        for field_name in ("dry_run", "key", "keep_good", "other"):
            if choose.random() < 0.4:
                value = choose.choice(["true", "false", self._text()]).encode("utf-8", "replace")
                parts.append(
                    b'--cut\r\nContent-Disposition: form-data; name="'
                    + field_name.encode()
                    + b'"\r\n\r\n'
                    + value
                    + b"\r\n"
                )
        choose.shuffle(parts)
        return b"".join(parts) + choose.choice(
            [b"--cut--\r\n", b"--cut--\r\n", b"--cut--\r\n", b"", b"--cut"]
        )


def check(answer: Answer, attack: object) -> None:
    """What every answer must be: no fault, nothing of the inside, the headers of all, a problem where it refuses."""
    assert answer.status < 500, f"{attack}\n{answer.status} {answer.text[:500]}"
    from_server = answer.status == 400 and answer.headers.get("content-type", "").startswith("text/plain")
    leak = LEAKS.search(answer.text) if not _is_given_back(answer, attack) else None
    assert leak is None, (
        f"{attack}\nleaks {leak[0]!r}: {answer.text[max(0, leak.start() - 200) : leak.end() + 100]}"
    )
    for name in NEVER:
        assert name not in answer.headers, f"{attack}\n{name}: {answer.headers[name]}"
    if from_server:
        return
    missing = [name for name in HEADERS_ALWAYS if name not in answer.headers]
    assert not missing, f"{attack}\nlacks {missing}"
    kind = answer.headers.get("content-type", "")
    if answer.status >= 400 and not kind.startswith("text/html"):
        assert kind == "application/problem+json", f"{attack}\n{answer.status} {kind}"
        if answer.body:
            told = json.loads(answer.body)
            assert told["status"] == answer.status, str(attack)
            assert told["type"].startswith("/problems/"), str(attack)
    where = answer.headers.get("location", answer.headers.get("hx-redirect", "/"))
    assert where.startswith("/"), f"{attack}\nleads to {where}"
    assert not where.startswith(("//", "/\\")), f"{attack}\nleads to {where}"
    assert "x-bad" not in answer.headers, str(attack)


def _is_given_back(answer: Answer, attack: object) -> bool:
    """Whether words of the inside were in the request itself, and are only said again."""
    return isinstance(attack, Attack) and (
        LEAKS.search(attack.target) is not None
        or "DROP" in attack.target
        or b"DROP" in attack.body
        or LEAKS.search(attack.body.decode("latin-1")) is not None
    )


def _canaries_for(who: str) -> Any:
    """The cells that a person may see at most, whatever the attacks have changed meanwhile."""
    if who in ("", "nobody"):
        return lambda cell: False
    if who == "dr_lin":
        return lambda cell: cell[1].startswith(("lin", "gone"))
    return lambda cell: True


def _password() -> str:
    from clinic import PASSWORD

    return PASSWORD
