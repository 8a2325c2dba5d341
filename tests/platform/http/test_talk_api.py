"""Comments, followers and notices over HTTP: under the record's access, and only while that lasts."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from clinic import PATH, SYSTEM, Clinic
from dougong_platform import erasing
from dougong_runtime.audit import log
from dougong_runtime.talk import notify
from dougong_runtime.talk.comments import EDIT_FOR
from dougong_runtime.talk.tables import COMMENT, NOTICE

NOTICES = "/api/v1/notifications"


@pytest.fixture
def patient(clinic: Clinic) -> str:
    """A patient of dr_lin's, whom their team's nurse and the head may read, and dr_mao may not."""
    made: str = clinic.make("patient", name="王敏", owner=clinic.users["dr_lin"])["id"]
    for name in ("dr_lin", "dr_mao", "nurse_bai", "head_yu"):
        clinic.client(name).post(f"{NOTICES}/read", json={"all": True})
    return made


def where(patient: str) -> str:
    return f"{PATH}/patient/{patient}"


def said(clinic: Clinic, username: str, patient: str, text: str) -> dict[str, Any]:
    answer = clinic.client(username).post(f"{where(patient)}/comments", json={"text": text})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def told(clinic: Clinic, username: str, which: str = "unread") -> list[dict[str, Any]]:
    answer = clinic.client(username).get(NOTICES, params={"which": which})
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


def test_who_reads_the_record_reads_and_writes_its_comments(clinic: Clinic, patient: str) -> None:
    first = said(clinic, "dr_lin", patient, "  第一条\r\n两行  ")
    said(clinic, "nurse_bai", patient, "第二条")
    seen = clinic.client("head_yu").get(f"{where(patient)}/comments").json()
    assert [c["text"] for c in seen["items"]] == ["第二条", "第一条\n两行"]
    assert [c["author_name"] for c in seen["items"]] == ["白护士", "林医生"]
    assert first["may_edit"]
    assert not seen["items"][0]["may_edit"]
    page = clinic.client("head_yu").get(f"{where(patient)}/comments", params={"limit": 1}).json()
    rest = clinic.client("head_yu").get(f"{where(patient)}/comments", params={"cursor": page["next"]}).json()
    assert [c["text"] for c in rest["items"]] == ["第一条\n两行"]


@pytest.mark.parametrize("username", ["dr_mao", "stat_gu", "nobody", "admin"])
def test_who_may_not_read_the_record_finds_no_comments(clinic: Clinic, patient: str, username: str) -> None:
    made = said(clinic, "dr_lin", patient, "机密")
    other = clinic.client(username)
    for answer in (
        other.get(f"{where(patient)}/comments"),
        other.post(f"{where(patient)}/comments", json={"text": "x"}),
        other.patch(f"{where(patient)}/comments/{made['id']}", json={"text": "x"}),
        other.delete(f"{where(patient)}/comments/{made['id']}"),
        other.get(f"{where(patient)}/follow"),
        other.put(f"{where(patient)}/follow"),
        other.delete(f"{where(patient)}/follow"),
    ):
        assert answer.status_code in (403, 404)
        assert "机密" not in answer.text
    assert (
        other.get(f"{where(patient)}/comments").status_code
        == other.get(f"{where('0190a0a0-0000-7000-8000-000000000000')}/comments").status_code
    )


def test_a_comment_is_its_authors_to_change_for_a_while_and_to_delete(
    clinic: Clinic, patient: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = said(clinic, "dr_lin", patient, "第一版")
    one = f"{where(patient)}/comments/{made['id']}"
    lin, head = clinic.client("dr_lin"), clinic.client("head_yu")
    assert head.patch(one, json={"text": "改"}).status_code == 403
    assert head.delete(one).status_code == 403
    changed = lin.patch(one, json={"text": "第二版"})
    assert changed.json()["text"] == "第二版"
    assert changed.json()["edited_at"]
    monkeypatch.setattr("dougong_runtime.talk.comments.EDIT_FOR", -EDIT_FOR)
    late = lin.patch(one, json={"text": "第三版"})
    assert late.json()["type"] == "/problems/comment-too-old"
    assert not lin.get(f"{where(patient)}/comments").json()["items"][0]["may_edit"]
    assert lin.delete(one).status_code == 204
    assert lin.get(f"{where(patient)}/comments").json()["items"] == []
    assert lin.patch(one, json={"text": "第四版"}).status_code == 404
    with clinic.site.database.read() as connection:
        events = log.find(
            connection, record=patient, actions=[log.COMMENT, log.COMMENT_EDIT, log.COMMENT_DELETE]
        )
        assert [(e.action, e.before, e.after) for e in events] == [
            (log.COMMENT_DELETE, {"_comment": "第二版"}, None),
            (log.COMMENT_EDIT, {"_comment": "第一版"}, {"_comment": "第二版"}),
            (log.COMMENT, None, {"_comment": "第一版"}),
        ]
        assert connection.scalar(sa.select(COMMENT.c.text).where(COMMENT.c.id == made["id"])) == ""
    history = lin.get(f"{where(patient)}/history").json()["items"]
    assert [e["action"] for e in history] == ["comment_delete", "create"]
    assert "第二版" not in str(history)


def test_a_mention_tells_who_may_read_and_names_who_may_not(clinic: Clinic, patient: str) -> None:
    made = said(clinic, "dr_lin", patient, "@白护士请看，抄送 @head_yu。写信给 a@head_yu.cn")
    assert made["mentions"] == {
        "白护士": clinic.users["nurse_bai"],
        "head_yu": clinic.users["head_yu"],
    }
    (notice,) = told(clinic, "nurse_bai")
    assert (notice["kind"], notice["title"], notice["actor_name"]) == ("mention", "王敏", "林医生")
    assert notice["text"].startswith("@白护士")
    assert told(clinic, "dr_lin") == []
    refused = clinic.client("dr_lin").post(
        f"{where(patient)}/comments", json={"text": "@毛医生 @白护士 帮忙"}
    )
    assert refused.status_code == 422
    assert refused.json()["type"] == "/problems/mention-cannot-read"
    assert "毛医生" in refused.text
    assert "白护士" not in refused.text
    assert len(told(clinic, "nurse_bai")) == 1
    assert told(clinic, "dr_mao") == []


def test_editing_tells_who_is_newly_named_and_takes_back_what_others_were_told(
    clinic: Clinic, patient: str
) -> None:
    made = said(clinic, "dr_lin", patient, "@白护士")
    one = f"{where(patient)}/comments/{made['id']}"
    clinic.client("dr_lin").patch(one, json={"text": "@于主任"})
    assert told(clinic, "nurse_bai") == []
    assert [n["kind"] for n in told(clinic, "head_yu")] == ["mention"]
    clinic.client("dr_lin").patch(one, json={"text": "@于主任，改了"})
    assert len(told(clinic, "head_yu")) == 1
    clinic.client("dr_lin").delete(one)
    assert told(clinic, "head_yu") == []


def test_owner_creator_and_commenters_follow_until_they_do_not_want_to(clinic: Clinic, patient: str) -> None:
    lin, nurse = clinic.client("dr_lin"), clinic.client("nurse_bai")
    assert lin.get(f"{where(patient)}/follow").json() == {"follows": True}
    assert nurse.get(f"{where(patient)}/follow").json() == {"follows": False}
    said(clinic, "nurse_bai", patient, "一")
    assert nurse.get(f"{where(patient)}/follow").json() == {"follows": True}
    assert [n["kind"] for n in told(clinic, "dr_lin")] == ["comment"]
    assert lin.delete(f"{where(patient)}/follow").json() == {"follows": False}
    said(clinic, "head_yu", patient, "二")
    assert len(told(clinic, "dr_lin")) == 1
    assert len(told(clinic, "nurse_bai")) == 1
    nurse.delete(f"{where(patient)}/follow")
    said(clinic, "nurse_bai", patient, "三")
    assert nurse.get(f"{where(patient)}/follow").json() == {"follows": False}, "commenting does not undo that"
    lin.put(f"{where(patient)}/follow")
    said(clinic, "head_yu", patient, "四")
    assert len(told(clinic, "dr_lin")) == 2


def test_a_stage_and_an_owner_are_told_to_who_follows_and_who_is_assigned(clinic: Clinic) -> None:
    head = clinic.client("head_yu")
    made = head.post(
        f"{PATH}/patient",
        json={"name": "陈安", "owner": clinic.users["dr_lin"], "id_number": "110101198003051238"},
    ).json()
    assert [n["kind"] for n in told(clinic, "dr_lin") if n["record"] == made["id"]] == ["assigned"]
    assert [n for n in told(clinic, "head_yu") if n["record"] == made["id"]] == []
    clinic.client("nurse_bai").put(f"{where(made['id'])}/follow")
    moved = clinic.client("dr_lin").patch(where(made["id"]), json={"stage": "active"})
    assert moved.status_code == 200, moved.text
    stage = [n for n in told(clinic, "head_yu") if n["record"] == made["id"]]
    assert [(n["kind"], n["field"], n["after"]) for n in stage] == [("stage", "stage", "active")]
    assert [n["kind"] for n in told(clinic, "nurse_bai") if n["record"] == made["id"]] == ["stage"]
    head.patch(where(made["id"]), json={"owner": clinic.users["dr_mao"]})
    assert [n["kind"] for n in told(clinic, "dr_mao") if n["record"] == made["id"]] == ["assigned"]
    assert told(clinic, "dr_lin", "all") == [
        n for n in told(clinic, "dr_lin", "all") if n["record"] != made["id"]
    ], "dr_lin may not read the record any more: not even what was told before"


def test_a_notice_is_gone_while_its_record_or_field_may_not_be_read(clinic: Clinic, patient: str) -> None:
    said(clinic, "dr_lin", patient, "@白护士 @于主任 机密")
    assert len(told(clinic, "nurse_bai")) == 1
    clinic.change("patient", patient, owner=clinic.users["dr_mao"])
    answer = clinic.client("nurse_bai").get(NOTICES)
    assert answer.json()["items"] == [n for n in answer.json()["items"] if n["record"] != patient]
    assert answer.json()["unread"] == 0
    assert "机密" not in answer.text
    clinic.change("patient", patient, owner=clinic.users["dr_lin"])
    assert [n["kind"] for n in told(clinic, "nurse_bai")] == ["mention"]
    clinic.remove("patient", patient)
    assert told(clinic, "nurse_bai") == []
    assert clinic.client("nurse_bai").get(f"{where(patient)}/comments").status_code == 404
    with clinic.site.database.write() as connection:
        clinic.site.records(connection, SYSTEM, "clinic").restore("patient", patient)
    assert len(told(clinic, "nurse_bai")) == 1
    assert len(clinic.client("nurse_bai").get(f"{where(patient)}/comments").json()["items"]) == 1


def test_a_field_that_a_person_does_not_see_is_not_told_of(clinic: Clinic) -> None:
    """Registrars read visits that are planned, and of those neither doctor's note nor reason."""
    record = clinic.make("patient", name="赵", owner=clinic.users["dr_lin"])["id"]
    entity = next(e for e in clinic_app(clinic).own_entities if e.name == "patient")
    for field in ("risk", "stage"):
        row = notify.Row(
            clinic.users["desk_tao"],
            notify.STAGE,
            "clinic",
            entity.id,
            record,
            None,
            field=entity.fields[field].id,
        )
        with clinic.site.database.write() as connection:
            notify.write(connection, [row], clinic.site.clock.now())
    assert [n["field"] for n in told(clinic, "desk_tao") if n["record"] == record] == ["stage"]


def clinic_app(clinic: Clinic) -> Any:
    with clinic.site.database.read() as connection:
        return clinic.site.running(connection, "clinic").app


def test_notices_are_marked_by_their_own_reader_alone(clinic: Clinic, patient: str) -> None:
    said(clinic, "dr_lin", patient, "@白护士 一")
    said(clinic, "dr_lin", patient, "@白护士 二")
    first = told(clinic, "nurse_bai")[0]["id"]
    clinic.client("head_yu").post(f"{NOTICES}/read", json={"ids": [first]})
    clinic.client("nobody").post(f"{NOTICES}/read", json={"ids": [first, "nonsense"]})
    assert len(told(clinic, "nurse_bai")) == 2
    answer = clinic.client("nurse_bai").post(f"{NOTICES}/read", json={"ids": [first]})
    assert answer.json() == {"unread": 1}
    assert len(told(clinic, "nurse_bai", "mentions")) >= 2
    assert clinic.client("nurse_bai").post(f"{NOTICES}/read", json={"all": True}).json() == {"unread": 0}
    looking_on = clinic.client("admin", **{"X-View-As": "nurse_bai"})
    assert looking_on.get(NOTICES).status_code == 200
    assert looking_on.post(f"{NOTICES}/read", json={"all": True}).status_code == 403


def test_notices_come_in_pages_past_those_that_may_not_be_read(clinic: Clinic, patient: str) -> None:
    hidden = clinic.make("patient", name="不可见", owner=clinic.users["dr_mao"])["id"]
    entity = next(e for e in clinic_app(clinic).own_entities if e.name == "patient")
    field = entity.fields["stage"].id
    nurse = clinic.users["nurse_bai"]
    rows = [
        notify.Row(
            nurse, notify.STAGE, "clinic", entity.id, patient if n % 3 == 0 else hidden, None, field=field
        )
        for n in range(12)
    ]
    with clinic.site.database.write() as connection:
        notify.write(connection, rows, clinic.site.clock.now())
    client, seen, cursor = clinic.client("nurse_bai"), [], None
    for _ in range(20):
        given = {"which": "unread", "limit": 1} | ({"cursor": cursor} if cursor else {})
        page = client.get(NOTICES, params=given).json()
        seen += [n["record"] for n in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert seen == [patient] * 4


def test_a_write_of_many_tells_each_person_once(clinic: Clinic) -> None:
    rows = [{"name": f"病人{n}", "owner": clinic.users["dr_lin"]} for n in range(notify.EACH_MAX + 5)]
    assert clinic.client("head_yu").post(f"{PATH}/patient", json=rows).status_code == 201
    (notice,) = [n for n in told(clinic, "dr_lin") if n["kind"] == "many"]
    assert notice["count"] == notify.EACH_MAX + 5
    assert notice["record"] is None


def test_what_is_refused_leaves_no_notice(clinic: Clinic, patient: str) -> None:
    with clinic.site.database.read() as connection:
        before = connection.scalar(sa.select(sa.func.count()).select_from(NOTICE))
    refused = clinic.client("head_yu").patch(
        where(patient), json={"owner": clinic.users["dr_mao"], "mail": "no mail"}
    )
    assert refused.status_code == 422
    with clinic.site.database.read() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(NOTICE)) == before


def test_erasing_by_law_takes_comments_along(clinic: Clinic, patient: str) -> None:
    said(clinic, "dr_lin", patient, "@白护士 机密一")
    erasing.erase(clinic.site, SYSTEM, "clinic", "patient", patient, reason="request 7")
    assert clinic.client("dr_lin").get(f"{where(patient)}/comments").json()["items"] == []
    assert told(clinic, "nurse_bai") == []
    with clinic.site.database.read() as connection:
        for table in (COMMENT, NOTICE, log.dg_audit):
            kept = connection.execute(sa.select(table).where(table.c.record == patient)).all()
            assert "机密一" not in str(kept)


@pytest.mark.parametrize("text", ["", "   \n ", "x" * 10_001])
def test_a_comment_has_words_and_not_too_many(clinic: Clinic, patient: str, text: str) -> None:
    answer = clinic.client("dr_lin").post(f"{where(patient)}/comments", json={"text": text})
    assert answer.status_code in (400, 422)


def test_an_edit_within_the_time_counts_from_the_writing(clinic: Clinic) -> None:
    assert timedelta(minutes=15) == EDIT_FOR


def test_old_notices_are_swept_away(clinic: Clinic, patient: str) -> None:
    said(clinic, "dr_lin", patient, "@白护士 一")
    said(clinic, "dr_lin", patient, "@白护士 二")
    read = told(clinic, "nurse_bai")[0]["id"]
    clinic.client("nurse_bai").post(f"{NOTICES}/read", json={"ids": [read]})
    now = clinic.site.clock.now()
    for later, left in ((0, 2), (91, 1), (366, 0)):
        with clinic.site.database.write() as connection:
            notify.sweep(connection, now + timedelta(days=later))
        assert len([n for n in told(clinic, "nurse_bai", "all") if n["record"] == patient]) == left
