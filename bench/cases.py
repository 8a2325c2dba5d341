"""The requests that are measured, ours beside the baseline's."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from urllib.parse import quote

from bench.load import Figure, Request, measure_over, request
from bench.servers import Served
from bench.site import Made

ROUNDS = 5
KINDS = "abcd"
API = "/api/v1/apps/bench/"


@dataclass(frozen=True, slots=True)
class Case:
    """Work asked of both servers; `baseline` None where it is compared with the case before it, or with nothing."""

    name: str
    ours: Request
    baseline: Request | None
    count: int


def cases(made: Made, count: int) -> list[Case]:
    """All of them. `count` requests a round, fewer of those that take long."""
    member = {"Authorization": f"Bearer {made.member_token}"}
    manager = {"Authorization": f"Bearer {made.manager_token}"}
    few = max(8, count // 5)

    def listing(entity: str, parameters: str, who: dict[str, str] = member) -> bytes:
        return request("GET", f"{API}{entity}?{parameters}&limit=50", who)

    def body(n: int) -> bytes:
        values = {
            "name": f"New {n}",
            "shelf": made.shelves[n % len(made.shelves)],
            "kind": KINDS[n % 4],
            "quantity": 2,
            "price": "12.50",
        }
        return json.dumps(values).encode()

    def item(n: int) -> str:
        return made.items[n % len(made.items)]

    chosen = [f"filter={quote(f'''kind = '{k}' and price >= 100''')}&sort=-stored_at" for k in KINDS]
    figures = (
        b'{"rows":["kind"],"measures":[{"name":"n","formula":"COUNT()"},{"name":"v","formula":"SUM(value)"}]}'
    )
    return [
        Case(
            "list of 50: filter, sort, own rows, count",
            lambda n: listing("item", chosen[n % 4]),
            lambda n: request("GET", f"/list?kind={KINDS[n % 4]}&least=100", {}),
            count,
        ),
        Case(
            "the same for one who sees all",
            lambda n: listing("item", chosen[n % 4], manager),
            lambda n: request("GET", f"/list_all?kind={KINDS[n % 4]}&least=100", {}),
            count,
        ),
        Case(
            "list, deep page",
            lambda n: listing("item", f"sort=-stored_at&cursor={quote(made.deep_cursor)}"),
            lambda n: request("GET", f"/deep?offset={made.deep_rows}", {}),
            few,
        ),
        Case(
            "filter along a reference",
            lambda n: listing(
                "item", f"filter={quote(f'''shelf.name = 'Shelf {n % 100}' ''')}&sort=-stored_at"
            ),
            None,
            few,
        ),
        Case(
            "filter by a count of related records",
            lambda n: listing("shelf", f"filter={quote(f'COUNT(items, price >= {900 + n % 50}) >= 3')}"),
            None,
            few,
        ),
        Case(
            "filter by a stored roll-up",
            lambda n: listing("shelf", f"filter={quote(f'total >= {100_000 + n}')}&sort=-total"),
            None,
            few,
        ),
        Case("search", lambda n: listing("item", f"search=item%20{n % 900}"), None, few),
        Case(
            "read one by id",
            lambda n: request("GET", f"{API}item/{item(n)}", member),
            lambda n: request("GET", f"/items/{item(n)}", {}),
            count,
        ),
        Case(
            "create one (rules, two roll-ups, audit / bare insert)",
            lambda n: request("POST", f"{API}item", member, body(n)),
            lambda n: request("POST", "/items", {}, body(n)),
            count,
        ),
        Case(
            "figures by kind, own rows",
            lambda n: request("POST", f"{API}item/aggregate", member, figures),
            lambda n: request("GET", "/aggregate", {}),
            few,
        ),
    ]


def table(asked: Sequence[Case], mine: Sequence[Served], theirs: Sequence[Served]) -> str:
    """Measure all cases, one client and sixteen, in turns with the baseline."""
    lines = [
        "| work | clients | ours /s | baseline /s | p50 ms | p95 ms | p50 ratio | server CPU ms | CPU ratio |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for case in asked:
        for clients in (1, 16):
            lines.append(_measured(case, clients, mine, theirs))
    return "\n".join(lines)


def _measured(case: Case, clients: int, mine: Sequence[Served], theirs: Sequence[Served]) -> str:
    ours: list[Figure] = []
    base: list[Figure] = []
    measure_over(_at(mine), case.ours, max(clients, 10), clients)
    if case.baseline is not None:
        measure_over(_at(theirs), case.baseline, max(clients, 10), clients)
    for _ in range(ROUNDS):
        ours.append(measure_over(_at(mine), case.ours, case.count, clients))
        if case.baseline is not None:
            base.append(measure_over(_at(theirs), case.baseline, case.count, clients))
    return _line(case.name, clients, ours, base)


def _at(served: Sequence[Served]) -> list[tuple[int, int]]:
    return [(one.port, one.process.pid) for one in served]


def _line(name: str, clients: int, mine: list[Figure], theirs: list[Figure]) -> str:
    head = f"| {name} | {clients} | {median(f.per_second for f in mine):,.0f} |"
    times = f"{median(f.p50_ms for f in mine):.2f} | {median(f.p95_ms for f in mine):.2f}"
    cpu = median(f.cpu_ms for f in mine)
    if not theirs:
        return f"{head} – | {times} | – | {cpu:.2f} | – |"
    p50 = median(a.p50_ms / b.p50_ms for a, b in zip(mine, theirs, strict=True))
    ratio = median(a.cpu_ms / max(b.cpu_ms, 0.001) for a, b in zip(mine, theirs, strict=True))
    return f"{head} {median(f.per_second for f in theirs):,.0f} | {times} | {p50:.2f} | {cpu:.2f} | {ratio:.2f} |"
