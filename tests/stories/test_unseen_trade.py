"""An app of a trade that the engine was never written for: its stories, and a walk through its API on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from starlette.testclient import TestClient

from databases import every_database
from dougong_platform import people, tokens
from dougong_platform.http.app import make_app
from dougong_runtime.documents.source import read
from dougong_runtime.host import FixedClock
from dougong_runtime.stories import run_template
from sites import PASSWORD, SYSTEM, close, copied_site, install

LENDING = Path(__file__).parents[1] / "apps" / "lending"
Json = dict[str, Any]


@dataclass
class Person:
    """Somebody who asks."""

    client: TestClient
    id: str

    def ask(self, method: str, path: str, status: int, body: Any = None, **query: str) -> Any:
        text = {"content": body} if isinstance(body, str) else {"json": body} if body is not None else {}
        kind = {"Content-Type": "application/json"} if isinstance(body, str) else {}
        answer = self.client.request(
            method, "/api/v1/apps/lending/" + path, params=query, headers=kind, **text
        )
        assert answer.status_code == status, answer.text
        return answer.json() if answer.content else None

    def make(self, entity: str, status: int = 201, **values: Any) -> Json:
        made: Json = self.ask("POST", entity, status, values)
        return made

    def change(self, entity: str, record: Json, status: int = 200, **values: Any) -> Json:
        made: Json = self.ask("PATCH", f"{entity}/{record['id']}", status, values)
        return made

    def get(self, entity: str, record: Json, status: int = 200, **query: str) -> Json:
        found: Json = self.ask("GET", f"{entity}/{record['id']}", status, **query)
        return found

    def names(self, entity: str, **query: str) -> list[str]:
        return [item["name"] for item in self.ask("GET", entity, 200, **query)["items"]]


@dataclass
class Library:
    """A clock, the people by name, and what the walk has made."""

    clock: FixedClock
    people: dict[str, Person]
    made: Json = field(default_factory=dict)

    def __getitem__(self, username: str) -> Person:
        return self.people[username]


@pytest.fixture
def library(database_kind: str, tmp_path: Path) -> Iterator[Library]:
    site = copied_site(database_kind, tmp_path, "lending", lambda made: install(made, LENDING))
    declared = yaml.safe_load((LENDING / "data" / "people.yaml").read_text(encoding="utf-8"))
    issued = {}
    with site.database.write() as connection:
        for team in declared["teams"]:
            people.add_team(site, connection, SYSTEM, team["name"], parent=team.get("parent"))
        for one in [*declared["people"], {"username": "root", "roles": ["admin"]}]:
            roles = [role if role == "admin" else f"lending.{role}" for role in one["roles"]]
            username, team = one["username"], one.get("team")
            id_ = people.add_user(
                site, connection, SYSTEM, username, password=PASSWORD, roles=roles, team=team
            )
            issued[username] = (id_, tokens.issue(site, connection, SYSTEM, id_).token)
    app = make_app(site)
    with TestClient(app, raise_server_exceptions=False) as served:
        known = {}
        for username, (id_, token) in issued.items():
            client = TestClient(app, headers={"Authorization": f"Bearer {token}", "Accept-Language": "en"})
            client.portal = served.portal
            known[username] = Person(client, id_)
        assert isinstance(site.clock, FixedClock)
        yield Library(site.clock, known)
    close(site)


def test_its_stories_hold() -> None:
    played = run_template(read(LENDING))
    assert len(played) == 2
    assert [result for result in played if not result.ok] == []


@every_database
def test_a_walk_through_its_api(library: Library) -> None:
    stock(library)
    borrowers(library)
    lending(library)
    who_sees_what(library)
    changes_meet(library)
    settings(library)


def stock(library: Library) -> None:
    hana, made = library["hana"], library.made
    main = hana.make("branch", name="总店", opened_on="2020-01-31", manager=library["manny"].id)
    assert (main["stock_value"], main["item_count"], main["mean_price"]) == ("0.00", 0, None)
    assert main["opens"].startswith("09:00")
    sub = hana.make("branch", name="分店", parent=main["id"])
    drill = hana.ask("POST", "item", 201, f'{{"name": "电钻", "branch": "{main["id"]}", "price": 880.00}}')
    assert (drill["daily_rate"], drill["next_check"], drill["branch_label"]) == (
        "8.80",
        "2020-07-31",
        "/总店",
    )
    ladder, saw = hana.ask(
        "POST",
        "item",
        201,
        [
            {"name": "梯子", "branch": sub["id"], "price": "120.5"},
            {"name": "锯", "branch": sub["id"], "price": 99.99},
        ],
    )
    below = hana.get("branch", sub)
    figures = ("stock_value", "mean_price", "middle", "item_names", "dearest_item", "above_mean")
    assert [below[name] for name in figures] == ["220.49", "110.25", "110.25", "梯子、锯", "梯子", 1]
    assert below["spread"].startswith("14.50")
    assert hana.get("branch", main)["stock_with_children"] == "1100.49"
    made.update(main=main, sub=sub, drill=drill, ladder=ladder, saw=saw)


def borrowers(library: Library) -> None:
    hana, made = library["hana"], library.made
    wang = hana.make(
        "borrower",
        name="王敏",
        id_no="11010519491231002X",
        phone="13800138000",
        email="wang@example.org",
        owner=library["cleo"].id,
        home=made["main"]["id"],
        hobbies=["wood", "metal"],
        labels=["a"],
        birthday="1990-02-28",
        joined_at="2026-03-02T08:00:00Z",
        deposit="500",
        discount="0.25",
        credit="12345678901234.56",
        watchers=[library["hana"].id],
    )
    assert wang["level"] == 1
    assert wang["level_no"] == 1
    assert wang["is_wood"]
    assert wang["in_band"]
    assert wang["ratio"] is None
    assert wang["contract_size"] is None
    assert wang["credit_plus"] == "12345678901235.5600"
    assert wang["rounded_even"] == "62.50"
    assert wang["greeting"] == "王敏 / 13800138000 / 总店"
    assert wang["entered_at"] == wang["created_at"]
    assert wang["entered_by"] == hana.id
    li = hana.make("borrower", name="李四", owner=library["carl"].id, level=2, phone="13900139000")
    assert li["credit_plus"] is None
    assert li["greeting"] == "李四 / 13900139000 / "
    for written, kept in {
        "0.1": "0.1000",
        "1e2": "100.0000",
        '"1.50"': "1.5000",
        "-0.0001": "-0.0001",
    }.items():
        changed = hana.ask("PATCH", f"borrower/{li['id']}", 200, f'{{"credit": {written}}}')
        assert changed["credit"] == kept
    told = hana.ask("PATCH", f"borrower/{li['id']}", 422, '{"credit": 0.00001}')
    assert told["problems"][0]["field"] == "credit"
    hana.change("borrower", li, credit=None)
    first, second = hana.ask(
        "POST", "category", 201, [{"name": "c1", "severity": "high"}, {"name": "c2", "severity": "low"}]
    )
    assert hana.change("borrower", wang, interests=[first["id"], second["id"]])["severe_interests"] == 1
    hana.change("category", second, severity="high", name="a2")
    library.clock.at += timedelta(minutes=1)
    hana.change("borrower", wang, stars=4)
    after = hana.get("borrower", wang)
    assert (after["severe_interests"], after["interest_names"]) == (2, "a2/c1")
    assert after["changed_at"] == after["updated_at"] > after["entered_at"]
    for condition, found in {
        "home = NULL": ["李四"],
        "home = ''": ["李四"],
        "NOT (credit > 1)": [],
        "credit <> 1": ["李四", "王敏"],
        'home.name = "总店"': ["王敏"],
        "level >= 2": ["李四"],
        "HAS(hobbies, 'metal') AND 1 <= level <= 1": ["王敏"],
        "joined_at = '2026-03-02'": ["王敏"],
        "owner.username = 'carl'": ["李四"],
        "entered_by = USER() AND entered_by.username = 'hana'": ["李四", "王敏"],
    }.items():
        assert hana.names("borrower", filter=condition, sort="name") == found, condition
    for text in ("王", "wang", "wm", "13800138000"):
        assert hana.names("borrower", search=text) == ["王敏"]
    refused = hana.make("tag_rule", 422, name="t", condition="fines_open > 10 and nothing = 1")
    assert refused["problems"][0]["field"] == "condition"
    assert "nothing" in refused["detail"]
    hana.make("tag_rule", name="t", condition="fines_open > 10")
    about = {"entity": "item", "id": made["drill"]["id"]}
    remark = hana.make("remark", body="loud", about=about)
    assert remark["about"] == about
    assert hana.get("remark", remark, expand="about")["about"]["name"] == "电钻"
    hana.make("remark", 422, body="x", about={"entity": "fine", "id": made["drill"]["id"]})
    made.update(wang=wang, li=li)


def lending(library: Library) -> None:
    hana, cleo, made = library["hana"], library["cleo"], library.made
    wang, drill = made["wang"], made["drill"]
    loan = hana.make("loan", borrower=wang["id"], item=drill["id"], taken_on="2026-03-02")
    expected = {"due_on": "2026-03-16", "daily_rate": "6.60", "charge": "92.40", "quarter": "2026Q1"}
    assert expected.items() <= loan.items()
    assert loan["owner"] == cleo.id
    assert loan["stage"] == "draft"
    for name, value in {
        "number": "X",
        "charge": "1",
        "created_at": "2020-01-01T00:00:00Z",
        "stage": "out",
    }.items():
        hana.make("loan", 422, borrower=wang["id"], item=drill["id"], **{name: value})
    assert "Note" in cleo.change("loan", loan, 422, stage="out")["detail"]
    cleo.change("loan", loan, stage="out", note="n")
    seen = hana.get("borrower", wang)
    assert (seen["open_loans"], seen["segment"], seen["last_item"]) == (1, "active", "电钻")
    both = hana.change("loan", loan, 422, due_on="2020-01-01", returned_on="2020-01-01")
    assert {"due_after_taken", "return_after_taken"} <= {p.get("rule") for p in both["problems"]}
    others = [
        hana.make("loan", borrower=wang["id"], item=made[item]["id"], note="x", taken_on=f"2026-04-0{n}")
        for n, item in enumerate(("ladder", "saw"), 1)
    ]
    cleo.change("loan", others[0], stage="out")
    told = cleo.change("loan", others[1], 422, stage="out")
    assert "not_too_many" in str(told["warnings"])
    cleo.change("loan", others[1], stage="out", _reasons={"not_too_many": "an old friend"})
    assert "an old friend" in str(cleo.ask("GET", f"loan/{others[1]['id']}/history", 200))
    fine = hana.make("fine", loan=loan["id"], amount="150.00")
    assert (fine["reason"], fine["open"], fine["borrower_name"]) == ("late", "150.00", "王敏")
    assert hana.get("borrower", wang)["segment"] == "risk"
    hana.change("fine", fine, paid="100.00")
    after = hana.get("borrower", wang)
    assert (after["fines_total"], after["fines_open"], after["segment"]) == ("150.00", "50.00", "heavy")
    assert hana.get("branch", made["main"])["fined_total"] == "150.00"
    hana.change("item", drill, branch=made["sub"]["id"])
    assert hana.get("branch", made["main"])["fined_total"] == "0.00"
    assert hana.get("branch", made["sub"])["fined_total"] == "150.00"
    hana.ask("DELETE", f"fine/{fine['id']}", 422)
    cleo.change("loan", loan, stage="back", returned_on="2026-03-12")
    assert hana.get("loan", loan)["charge"] == "66.00"
    assert hana.client.patch(
        f"/api/v1/apps/lending/loan/{loan['id']}", json={"taken_on": "2026-03-01"}
    ).is_error
    hana.change("loan", loan, note="still")
    figures = hana.ask(
        "POST",
        "borrower/aggregate",
        200,
        {
            "rows": ["level"],
            "measures": [{"name": "t", "formula": "SUM(fines_total)"}, {"name": "n", "formula": "COUNT()"}],
        },
    )
    assert figures["total"] == {"t": "150.00", "n": 2}
    item = hana.ask("GET", "loan", 200, sort="number", fields="number,item.branch.name")["items"][0]
    assert item["item.branch.name"] == "分店"
    made.update(loan=loan, out=others)


def who_sees_what(library: Library) -> None:
    cleo, made = library["cleo"], library.made
    wang, li = made["wang"], made["li"]
    seen = cleo.get("borrower", wang)
    assert "•" in seen["phone"]
    assert seen["phone"].endswith("8000")
    assert "credit" not in seen
    assert (
        cleo.ask("POST", f"borrower/{wang['id']}/reveal", 200, {"field": "phone"})["value"] == "13800138000"
    )
    cleo.get("borrower", li, 404)
    assert cleo.names("borrower") == ["王敏"]
    assert cleo.names("borrower", search="13800138000") == []
    cleo.ask("GET", "borrower", 400, filter="credit > 1")
    cleo.ask("GET", "tag_rule", 404)
    cleo.ask("GET", "nothing", 404)
    unread = cleo.make("loan", 422, borrower=li["id"], item=made["saw"]["id"])
    unknown = cleo.make("loan", 422, borrower="00000000-0000-4000-8000-000000000000", item=made["saw"]["id"])
    assert unread["problems"] == unknown["problems"]
    assert library["tess"].get("borrower", wang).keys().isdisjoint({"phone", "deposit"})
    united = library["both"].get("borrower", wang)
    assert united["deposit"] == "500.00"
    assert "•" in united["phone"]
    assert set(library["lena"].names("borrower")) == {"王敏", "李四"}
    assert library["manny"].names("borrower") == ["王敏"]
    library["manny"].change("borrower", wang, notes="seen")
    assert library["stan"].client.get(f"/api/v1/apps/lending/borrower/{wang['id']}").is_error
    few = library["stan"].ask(
        "POST", "borrower/aggregate", 200, {"measures": [{"name": "n", "formula": "COUNT()"}]}
    )
    assert few["total"].get("n") is None


def changes_meet(library: Library) -> None:
    hana, li = library["hana"], library.made["li"]
    version = hana.get("borrower", li)["version"]
    hana.change("borrower", li, notes="one", version=version)
    merged = hana.change("borrower", li, visits=1, version=version)
    assert (merged["notes"], merged["visits"]) == ("one", 1)
    clash = hana.change("borrower", li, 409, notes="two", version=version)
    assert "one" in str(clash)
    assert "two" in str(clash)
    branch = hana.make("branch", name="T")
    hana.change("borrower", li, home=branch["id"])
    hana.ask("DELETE", f"branch/{branch['id']}", 204)
    assert hana.get("borrower", li)["home"] is None
    again = hana.make("branch", name="T")
    assert hana.client.post(f"/api/v1/apps/lending/branch/{branch['id']}/restore").is_error
    hana.ask("DELETE", f"branch/{again['id']}", 204)
    assert hana.ask("POST", f"branch/{branch['id']}/restore", 200)["name"] == "T"


def settings(library: Library) -> None:
    root, made = library["root"], library.made
    assert root.ask("PATCH", "settings", 200, {"late_fee": "0.5"})["late_fee"] == "0.5000"
    loan = library["hana"].get("loan", made["out"][0])
    assert (loan["charge"], loan["late_fee"]) == ("12.74", "6.37")
    root.ask("PATCH", "settings", 422, {"late_fee": "2"})
