"""What a request may cost: sizes, depths, patterns, odd texts. Each case was once a fault, or could hold a process."""

from __future__ import annotations

import importlib
import json
import pkgutil
import re
import time
from collections.abc import Iterator
from types import ModuleType

import pytest

import dougong_platform
import dougong_runtime
from clinic import PATH, Clinic
from dougong_platform.http import json_body
from dougong_platform.http.middleware.bodies import BODY_BYTES_MAX
from dougong_platform.http.middleware.shapes import ADDRESS_BYTES_MAX, HEADERS_MAX
from dougong_runtime.errors import Refused

PATIENT = f"{PATH}/patient"
JSON = {"Content-Type": "application/json"}


# --- patterns -----------------------------------------------------------------------------------------------------
def modules() -> Iterator[ModuleType]:
    """Every module that is served by."""
    for package in (dougong_runtime, dougong_platform):
        for found in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
            if not found.name.endswith("__main__"):
                yield importlib.import_module(found.name)


def patterns() -> dict[str, re.Pattern[str] | re.Pattern[bytes]]:
    """The regular expressions that modules hold, by module and name."""
    return {
        f"{module.__name__}.{name}": value
        for module in modules()
        for name, value in vars(module).items()
        if isinstance(value, re.Pattern)
    }


SEEDS = (
    "a", "1", " ", "'", '"', "\\", "\\'", '"\\', "a.", "1,", "1 ", " 1", "a@", "T", "-", "(", "=", "=+", "a-", "a_", "张", "张a", "#", "<", "[",
    "/", ":", "1:", "{", "{0", "0}", "\t", "\n", "%", "$", "¥", "=1", ", 1", "NOT ", "AND ", "x IN (1", "1-1-", "a1", "é", "&",
)  # fmt: skip


def test_no_pattern_takes_long_whatever_it_is_given() -> None:
    """Twice as long a text may take about twice as long; what backs up over itself would not end today."""
    found = patterns()
    assert len(found) > 40
    slow = []
    for name, pattern in found.items():
        for seed in SEEDS:
            for lead in ("", "a IN (", "1", "a = '"):
                for look, length in ((pattern.match, 1_000), (pattern.search, 200)):
                    text: str | bytes = lead + seed * (length // len(seed)) + "!\x00"
                    if isinstance(pattern.pattern, bytes):
                        text = text.encode() if isinstance(text, str) else text
                    started = time.process_time()
                    look(text)
                    if time.process_time() - started > 1:
                        slow.append((name, lead, seed))
    assert not slow


@pytest.mark.parametrize(
    "body",
    [b"[" * 40 + b'"' + b'\\"' * 200_000, b'{"a":' * 40 + b'"' + b"\\" * 400_001, b"[[" * 20 + b'"\\\n' * 100_000],
)  # fmt: skip
def test_a_text_in_json_that_does_not_end_is_refused_at_once(body: bytes) -> None:
    started = time.process_time()
    with pytest.raises(Refused):
        json_body.parse(body)
    assert time.process_time() - started < 2


def test_texts_that_patterns_would_go_over_again_and_again_are_answered_at_once(clinic: Clinic) -> None:
    head, page = clinic.client("head_yu"), clinic.browser("head_yu")
    patient = head.post(PATIENT, json={"name": "慢"}).json()["id"]
    started = time.process_time()
    for filter_ in (
        "name IN (" + "1" * 60 + "x",
        "'" + "\\'" * 1_900,
        "(" * 1_900 + "a" + ")" * 1_900,
        "name = '" + "\\'" * 9_000,
    ):
        assert page.get("/apps/clinic/views/patients", params={"filter": filter_}).status_code in (200, 400)
        assert head.get(PATIENT, params={"filter": filter_}).status_code == 400
    for values in (
        {"patient": patient, "visited_at": "1" + " " * 100_000 + "x"},
        {"patient": patient, "visited_at": "T" * 100_000},
        {"patient": patient, "fee": "1," * 50_000},
    ):
        assert head.post(f"{PATH}/visit", json=values).status_code == 422
    for mail in ("a@" + "a." * 50_000, "a" * 100_000 + "@", "a-" * 50_000 + "@x"):
        assert head.patch(f"{PATIENT}/{patient}", json={"mail": mail}).status_code == 422
    assert time.process_time() - started < 30


# --- sizes --------------------------------------------------------------------------------------------------------
def test_an_address_beyond_the_limit_is_refused(clinic: Clinic) -> None:
    head = clinic.client("head_yu")
    assert ADDRESS_BYTES_MAX == 65_536
    answer = head.get(f"{PATIENT}?filter=" + "%E5%BC%A0" * 7_200, headers={"X-Padding": "x"})
    assert answer.status_code == 400
    answer = head.get(f"{PATIENT}/" + "%2e" * 10_500, params={"filter": "a" * 34_100})
    assert (answer.status_code, answer.json()["type"]) == (414, "/problems/address-too-long")


def test_headers_beyond_the_limit_are_refused(clinic: Clinic) -> None:
    head = clinic.client("head_yu")
    many = {f"X-{n}": "x" for n in range(HEADERS_MAX)}
    for headers in (many, {"Cookie": "a=" + "x" * 40_000}, {"X-Long": "x" * 40_000}):
        answer = head.get("/api/v1/me", headers=headers)
        assert (answer.status_code, answer.json()["type"]) == (431, "/problems/headers-too-large")


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/api/v1/apps/clinic/import"), ("PATCH", f"{PATIENT}/import"), ("POST", "/api/v1/tokens/import"), ("POST", f"{PATIENT}/01a21511-3b72-7719-b269-4b62268ea7c6/import"),
     ("POST", "/apps/clinic/import"), ("POST", "/login"), ("POST", "/api/v1/tokens"), ("POST", f"{PATIENT}/export")],
)  # fmt: skip
def test_only_an_import_may_be_large(clinic: Clinic, method: str, path: str) -> None:
    """An entity or a record called `import` does not raise the limit of a body that anybody may send."""
    body = b" " * (BODY_BYTES_MAX + 1)
    for client in (clinic.client(), clinic.client("head_yu")):
        answer = client.request(method, path, content=body, headers=JSON)
        assert answer.status_code in (404, 405, 413)
        assert answer.status_code == 413 or "too-large" not in answer.text


def test_packed_bodies_are_not_unpacked(clinic: Clinic) -> None:
    head = clinic.client("head_yu")
    for coding in ("gzip", "br", "deflate", "zstd", "gzip, gzip", "x"):
        answer = head.post(PATIENT, content=b'{"name": "x"}', headers=JSON | {"Content-Encoding": coding})
        assert (answer.status_code, answer.json()["type"]) == (415, "/problems/unsupported-media-type")
    assert (
        head.post(
            PATIENT, content=b'{"name": "x"}', headers=JSON | {"Content-Encoding": "identity"}
        ).status_code
        == 201
    )


def test_forms_are_bounded_in_fields_and_files(clinic: Clinic) -> None:
    page = clinic.browser("head_yu")
    many = "&".join(f"f{n}=1" for n in range(3_000))
    sent = {"Content-Type": "application/x-www-form-urlencoded"}
    assert page.post("/me/preferences", content=many, headers=sent).status_code == 400
    files = [("file", (f"{n}.csv", b"x")) for n in range(30)]
    assert page.post("/me/preferences", files=files).status_code == 400
    head = clinic.client("head_yu")
    assert head.post(f"{PATIENT}/import", files=files).status_code == 400


# --- odd texts ----------------------------------------------------------------------------------------------------
def test_nul_is_refused_in_addresses_and_forms_and_names(clinic: Clinic) -> None:
    head, admin, page = clinic.client("head_yu"), clinic.client("admin"), clinic.browser("admin")
    for path in (
        "/api/v1/apps/%00/patient",
        f"{PATH}/%00",
        f"{PATIENT}/%00",
        f"{PATIENT}?search=%00",
        "/search?q=%00",
        "/admin/people/%00",
        "/%00",
    ):
        assert head.get(path).status_code == 400, path
        assert page.get(path).status_code == 400, path
    assert admin.get("/api/v1/me", headers={"X-View-As": "%00"}).status_code == 404
    for path in (
        "/login",
        "/admin/people",
        "/admin/teams",
        "/me/tokens",
        "/me/password",
        "/apps/clinic/patient/new",
    ):
        for name in ("username", "name", "password", "\0"):
            assert page.post(path, data={name: "\0"}).status_code == 400, (path, name)


def test_nul_is_refused_in_what_an_import_brings(clinic: Clinic) -> None:
    head = clinic.client("head_yu")
    for data, file in (({}, "x\0.csv"), ({"key": "na\0me"}, "x.csv"), ({"dry_run": "\0"}, "x.csv")):
        body = (
            b'--cut\r\nContent-Disposition: form-data; name="file"; filename="%s"\r\n\r\nname\r\n'
            % file.encode()
        )
        for name, value in data.items():
            body += b'--cut\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % (
                name.encode(),
                value.encode(),
            )
        sent = {"Content-Type": "multipart/form-data; boundary=cut"}
        answer = head.post(f"{PATIENT}/import", content=body + b"--cut--\r\n", headers=sent)
        assert (answer.status_code, answer.json()["type"]) == (400, "/problems/bad-request"), (data, file)


@pytest.mark.parametrize(
    "was",
    [
        "[" * 5_000,
        '{"a":' * 5_000,
        "{",
        "[1]",
        '{"a": NaN}',
        '{"a": ' + "9" * 5_000 + "}",
        '{"a": 1.5}',
        '{"name": {"x": [1.5]}}',
    ],
)
def test_what_a_form_brings_back_is_read_within_bounds(clinic: Clinic, was: str) -> None:
    patient = clinic.client("head_yu").post(PATIENT, json={"name": "表单"}).json()["id"]
    page = clinic.browser("head_yu")
    page.follow_redirects = False
    for name in ("表单二", ""):
        answer = page.post(
            f"/apps/clinic/patient/{patient}/edit", data={"name": name, "was": was, "version": "1"}
        )
        assert answer.status_code in (303, 409, 422)


@pytest.mark.parametrize("version", ["9" * 18, "9" * 19, "9" * 5_000, "-1", "²", "٣", "1e3", "0x1", "NaN"])
def test_a_version_that_is_none_is_no_fault(clinic: Clinic, version: str) -> None:
    head = clinic.client("head_yu")
    patient = head.post(PATIENT, json={"name": "版本"}).json()["id"]
    page = clinic.browser("head_yu")
    for path, data in (("edit", {"name": "版本二"}), ("stage", {"to": "active"})):
        assert (
            page.post(f"/apps/clinic/patient/{patient}/{path}", data=data | {"version": version}).status_code
            < 500
        )
    assert head.patch(
        f"{PATIENT}/{patient}", json={"name": "x"}, headers={"If-Match": version.encode()}
    ).status_code in (200, 400, 409)
    shown = page.get(
        "/apps/clinic/views/patients/filtered",
        params={"field": "name", "op": "eq", "value": "x", "at": version},
    )
    assert shown.status_code < 500
    assert page.get("/apps/clinic/views/patients/condition", params={"at": version}).status_code < 500
    assert clinic.browser("admin").get("/admin/audit", params={"before": version}).status_code < 500


@pytest.mark.parametrize(
    "day",
    [
        "0001-01-01",
        "0999-12-31",
        "9999-12-31",
        "9999-12-31T23:59:59-14:00",
        "0001-01-01T00:00:00+14:00",
        "2026-02-30",
        "x",
    ],
)
def test_the_ends_of_time_are_no_fault(clinic: Clinic, day: str) -> None:
    head, page = clinic.client("head_yu"), clinic.browser("head_yu")
    patient = head.post(PATIENT, json={"name": "时间"}).json()["id"]
    for answer in (
        page.get(f"/apps/clinic/patient/{patient}", params={"as_of": day}),
        head.get(f"{PATIENT}/{patient}/history", params={"as_of": day}),
        head.post(f"{PATIENT}/{patient}/shares", json={"user": clinic.users["dr_mao"], "until": day}),
        head.post(f"{PATH}/visit", json={"patient": patient, "visited_at": day}),
        head.patch(f"{PATIENT}/{patient}", json={"born_on": day}),
        head.get(PATIENT, params={"filter": f"born_on < '{day}'"}),
        head.get(f"{PATH}/visit", params={"filter": f"visited_at <= '{day}'"}),
    ):
        assert answer.status_code < 500, answer.text


def test_json_from_outside_is_bounded_in_depth_names_and_digits(clinic: Clinic) -> None:
    head = clinic.client("head_yu")
    for body in (
        b"[" * 33 + b"]" * 33, b'{"name": "a", "name": "b"}', b'{"name": 1e61}', b'{"name": ' + b"9" * 61 + b"}", b'{"name": NaN}',
        json.dumps([{"name": "x"}] * 1_001).encode(),
    ):  # fmt: skip
        assert head.post(PATIENT, content=body, headers=JSON).status_code in (400, 413)
