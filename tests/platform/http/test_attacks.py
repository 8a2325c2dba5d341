"""What strangers and colleagues try over HTTP."""

from __future__ import annotations

import pytest

from clinic import PATH, Clinic
from dougong_runtime.names import uuid7

PATIENT = f"{PATH}/patient"


@pytest.mark.parametrize(
    "id",
    [
        "1", "%27%20or%201=1--", "00000000-0000-0000-0000-00000000000", "%00", "x" * 5000,
        "{id}", "NULL", "%F0%9F%98%80", "0190c5a4-ffff-7fff-bfff-ffffffffffff",
    ],
)  # fmt: skip
def test_an_id_that_is_none_is_a_record_that_is_not_there(clinic: Clinic, id: str) -> None:
    head = clinic.client("head_yu")
    for method, path, body in (
        ("GET", "", None),
        ("PATCH", "", {"name": "x"}),
        ("DELETE", "", None),
        ("POST", "/restore", None),
        ("GET", "/history", None),
        ("POST", "/reveal", {"field": "phone"}),
        ("POST", "/shares", {"user": uuid7()}),
    ):
        answer = head.request(method, f"{PATIENT}/{id}{path}", json=body)
        assert answer.status_code in (400, 404, 405), (method, path, answer.text)
        assert answer.headers["content-type"] == "application/problem+json"


def test_anothers_record_is_no_record_by_every_verb(clinic: Clinic) -> None:
    mine = clinic.client("dr_mao").post(PATIENT, json={"name": "毛的病人", "phone": "13911112222"}).json()
    lin = clinic.client("dr_lin")
    unknown = uuid7()
    for method, path, body in (
        ("GET", "", None),
        ("PATCH", "", {"name": "x"}),
        ("GET", "/history", None),
        ("GET", "/history?as_of=2027-01-01", None),
        ("GET", "/explain", None),
        ("GET", "/shares", None),
        ("POST", "/reveal", {"field": "phone"}),
        ("POST", "/restore", None),
    ):
        theirs = lin.request(method, f"{PATIENT}/{mine['id']}{path}", json=body)
        none = lin.request(method, f"{PATIENT}/{unknown}{path}", json=body)
        assert theirs.status_code == none.status_code, (method, path, theirs.text, none.text)
        assert theirs.json()["problems"] == none.json()["problems"]
        assert theirs.status_code in (403, 404)


def test_a_reference_to_an_unseen_record_answers_like_one_to_none(clinic: Clinic) -> None:
    theirs = clinic.client("dr_mao").post(PATIENT, json={"name": "别人的"}).json()
    lin = clinic.client("dr_lin")
    hidden = lin.post(f"{PATH}/visit", json={"patient": theirs["id"]})
    none = lin.post(f"{PATH}/visit", json={"patient": uuid7()})
    assert hidden.status_code == none.status_code == 422
    drop = ("instance",)
    assert {k: v for k, v in hidden.json().items() if k not in drop} == {
        k: v for k, v in none.json().items() if k not in drop
    }


@pytest.mark.parametrize(
    "values",
    [
        {"name": {"$ne": None}}, {"name": ["a"]}, {"name": 5}, {"name": True}, {"name": "x" * 100_000},
        {"name": "ok", "born_on": 20200101}, {"name": "ok", "born_on": "2020-13-45"}, {"name": "ok", "consent": "maybe"},
        {"name": "ok", "risk": "extreme"}, {"name": "ok", "allergies": "all"}, {"name": "ok", "allergies": [1]},
        {"name": "ok", "owner": {"id": "x"}}, {"name": "ok", "owner": "admin"}, {"name": "ok", "id": uuid7()},
        {"name": "ok", "version": 7}, {"name": "ok", "created_by": uuid7()}, {"name": "ok", "deleted_at": None},
        {"name": "ok", "spent": "100.00"}, {"name": "ok", "code": "P2026-0001"}, {"name": "ok", "__class__": "x"},
        {"name": "ok", "_reasons": []}, {"name": "ok", "_x": 1}, {},
    ],
)  # fmt: skip
def test_values_of_the_wrong_type_are_refused_never_guessed(
    clinic: Clinic, values: dict[str, object]
) -> None:
    head = clinic.client("head_yu")
    before = head.get(PATIENT).json()["count"]
    answer = head.post(PATIENT, json=values)
    assert answer.status_code in (400, 403, 422), answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert head.get(PATIENT).json()["count"] == before


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 200_000, b'{"name":' * 5_000, b"{", b"null", b"1", b'"x"', b"[1]", b"[[]]", b'{"name": NaN}',
        b'{"name": "a", "name": "b"}', b"\xff\xfe{\x00}\x00", b'{"name": "\\ud800"}', b'{"name": "\\u0000"}',
        b'{"name": 1e400000000}',
    ],
)  # fmt: skip
def test_json_that_is_none_is_refused(clinic: Clinic, body: bytes) -> None:
    answer = clinic.client("head_yu").post(
        PATIENT, content=body, headers={"Content-Type": "application/json"}
    )
    assert answer.status_code in (400, 422), answer.text
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_body_beyond_the_limit_is_refused(clinic: Clinic) -> None:
    body = b'{"name": "' + b"x" * 1_100_000 + b'"}'
    answer = clinic.client("head_yu").post(
        PATIENT, content=body, headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == 413
    many = clinic.client("head_yu").post(PATIENT, json=[{"name": "x"}] * 1001)
    assert many.status_code == 413


def test_headers_cannot_be_written_by_clients(clinic: Clinic) -> None:
    head = clinic.client("head_yu")
    for path in (
        f"{PATIENT}?sort=%0d%0aSet-Cookie:%20x=1",
        "/api/v1/apps/%0d%0aX-Bad:1/patient",
        "/login?next=%0d%0aX:1",
    ):
        answer = head.get(path, follow_redirects=False)
        assert "x-bad" not in answer.headers
        assert "x=1" not in answer.headers.get("set-cookie", "")
    strange = head.get(PATIENT, headers={"X-Request-Id": "a b\tc"})
    assert strange.headers["x-request-id"] != "a b\tc"


def test_formulas_from_outside_reach_nothing(clinic: Clinic) -> None:
    head = clinic.client("head_yu")
    for formula in (
        "__import__('os').system('id')", "().__class__.__bases__", "name.__class__", "1; DROP TABLE x",
        "open('/etc/passwd')", "lambda: 1", "[x for x in (1,)]", "name" + " AND name" * 900, "(" * 5_000, "9**9**9**9",
        "'%s' % 1", "f'{name}'", "name = '\0'", "USER().password_hash = ''",
    ):  # fmt: skip
        answer = head.get(PATIENT, params={"filter": formula})
        assert answer.status_code in (400, 413, 414), (formula[:40], answer.text[:200])


def test_no_answer_of_data_may_be_kept_by_caches(clinic: Clinic) -> None:
    head = clinic.client("head_yu")
    for path in ("/api/v1/me", PATIENT, "/api/v1/apps", f"{PATH}/openapi.json"):
        assert head.get(path).headers["cache-control"] == "no-store"


def test_a_session_set_by_another_is_not_taken_over(clinic: Clinic) -> None:
    """Fixation: whatever cookie a browser brings to signing in, it leaves with another."""
    from dougong_platform import signin

    planted = "planted-by-another"
    session = signin.sign_in(clinic.site, "dr_lin", "seven wooden brackets", replaces=planted)
    assert session.token != planted
    with clinic.site.database.read() as connection:
        assert signin.viewer_of_session(clinic.site, connection, planted, signin.Door("page")) is None
