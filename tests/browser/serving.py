"""A real server for browser tests: a fresh site on a free port of 127.0.0.1, in a thread of the test's process."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from late import late

import sites
from databases import stem
from dougong_platform.http.app import make_app
from dougong_platform.site import Site
from dougong_runtime.host import SystemClock, Viewer
from dougong_runtime.records.door import Records

START_SECONDS_MAX = 20.0
LATE_SECONDS = float(os.environ.get("DOUGONG_TESTS_LATE", "0"))
"""How late answers may be, where a run is to find what depends on their being soon."""
SYSTEM = Viewer.system("browser tests")


@dataclass
class Served:
    """A running site and where it answers."""

    site: Site
    url: str

    def records(self, app: str = "clinic") -> Iterator[Records]:
        """The system's own door, in a transaction."""
        with self.site.database.write() as connection:
            yield self.site.records(connection, SYSTEM, app)


@contextmanager
def serving(site: Site) -> Iterator[Served]:
    """Serve a site until the block ends."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = int(found.getsockname()[1])
    served = late(make_app(site), LATE_SECONDS) if LATE_SECONDS else make_app(site)
    server = uvicorn.Server(
        uvicorn.Config(served, host="127.0.0.1", port=port, log_level="warning", lifespan="on")
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    end = time.monotonic() + START_SECONDS_MAX
    while not server.started:
        if time.monotonic() > end or not thread.is_alive():
            raise RuntimeError("the server did not start")
        time.sleep(0.02)
    try:
        yield Served(site, f"http://127.0.0.1:{port}")
    finally:
        server.should_exit = True
        thread.join(10)


PEOPLE = (
    ("dr_lin", "林医生", "medicine", ("clinic.doctor",)),
    ("dr_mao", "毛医生", "surgery", ("clinic.doctor",)),
    ("nurse_bai", "白护士", "medicine", ("clinic.nurse",)),
    ("head_yu", "于主任", "hospital", ("clinic.head",)),
    ("boss", "管理员", "hospital", ("admin", "clinic.head")),
)
PATIENTS = (
    ("王敏", "13802166207", "1980-03-05", "high", "110101198003051238"),
    ("张思远", "13900001111", "1975-11-20", "low", None),
    ("陈嘉禾", "13700002222", "1992-07-01", "medium", None),
    ("赵文博", "13600003333", "1966-01-15", "high", None),
    ("林书宁", "13500004444", "2001-09-09", "low", None),
)


def clinic(folder: Path, **settings: str) -> Site:
    """The clinic with people, patients, visits and prescriptions, on an SQLite database in that folder; settings by
    name, as in the environment."""

    def make(url: str, stem_folder: Path) -> None:
        _clinic(url, stem_folder).database.close()

    kept = stem("sqlite", "clinic to look at", make)
    return sites.make_site(kept.copied(folder), folder, SystemClock(), sign_in_failures_max="5", **settings)


def _clinic(url: str, folder: Path) -> Site:
    site = sites.make_site(url, folder, SystemClock(), sign_in_failures_max="5")
    with site.database.write() as connection:
        from dougong_platform import people

        people.add_team(site, connection, SYSTEM, "hospital")
        people.add_team(site, connection, SYSTEM, "medicine", parent="hospital")
        people.add_team(site, connection, SYSTEM, "surgery", parent="hospital")
    sites.install(site)
    ids = {u: sites.add_person(site, u, roles, name=name, team=team) for u, name, team, roles in PEOPLE}
    with site.database.write() as connection:
        records = site.records(connection, SYSTEM, "clinic")
        fill(records, ids)
    return site


def fill(records: Records, ids: dict[str, str]) -> None:
    """Records to look at."""
    allergy = records.create("allergy", {"name": "青霉素", "severity": "severe"})["id"]
    pollen = records.create("allergy", {"name": "花粉", "severity": "mild"})["id"]
    aspirin = records.create("medicine", {"name": "阿司匹林", "code": "A1", "price": "12.50"})["id"]
    ibuprofen = records.create("medicine", {"name": "布洛芬", "code": "B1", "price": "18.00"})["id"]
    for n, (name, phone, born, risk, number) in enumerate(PATIENTS):
        patient = records.create(
            "patient",
            {
                "name": name,
                "phone": phone,
                "born_on": born,
                "risk": risk,
                "mail": f"p{n}@example.cn",
                "owner": ids["dr_lin"],
                "allergies": [allergy, pollen] if n == 0 else [pollen] if n == 2 else [],
                **({"id_number": number} if number else {}),
            },
            reasons={"risk_without_reason": "demo"},
        )["id"]
        for k in range(n + 1):
            visit = records.create(
                "visit",
                {
                    "patient": patient,
                    "doctor": ids["dr_lin"],
                    "visited_at": f"2026-0{k + 1}-1{n}T02:30:00Z",
                    "reason": ("头痛三天", "复查", "咳嗽", "体检", "腹痛")[k],
                    "fee": f"{30 + 10 * k}.00",
                },
            )["id"]
            medicine = aspirin if k % 2 else ibuprofen
            records.create(
                "prescription",
                {"visit": visit, "medicine": medicine, "quantity": k + 2},
                reasons={"allergic": "已核对"},
            )


def workshop(site: Site) -> None:
    """A workshop beside the clinic: a foreman, machines within machines, and orders in time."""
    sites.install(site, sites.CLINIC.parent / "workshop")
    sites.add_person(site, "foreman_gu", ["workshop.foreman"], name="顾班长")
    with site.database.write() as connection:
        records = site.records(connection, SYSTEM, "workshop")
        line = records.create("machine", {"name": "冲压线"})["id"]
        press = records.create("machine", {"name": "压力机", "belongs_to": line})["id"]
        records.create("machine", {"name": "电机", "belongs_to": press})
        booth = records.create("machine", {"name": "喷房"})["id"]
        for machine, first, last in ((press, "2026-03-02", "2026-03-06"), (booth, "2026-03-09", None)):
            order = {"machine": machine, "received_on": first, "promised_on": last, "fault": "异响"}
            records.create("repair_order", order)
