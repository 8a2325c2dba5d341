"""A server of its own under requests drawn from its OpenAPI and from a corpus: no fault, no leak, answers as described.

`DOUGONG_TEST_EFFORT` multiplies how many: 150 sends about a hundred thousand.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import CHECKS

from attackers import Answer, Attack, Hammer, check
from clinic import PATH, Clinic, open_clinic
from served import Sender, Served, serving
from ward import Ward, fill

EFFORT = int(os.environ.get("DOUGONG_TEST_EFFORT", "1"))
HAMMERED = 150 * EFFORT
DRAWN = max(1, EFFORT // 3)
"""Requests of each operation, kind and person."""
ASKING = ("head_yu",) if EFFORT == 1 else ("dr_lin", "nurse_bai", "desk_tao", "stat_gu", "head_yu", "admin")

MODES = tuple(schemathesis.GenerationMode)
"""Requests as described, and requests that are not; by default each operation meets one on each database."""


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def ward(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ward]:
    """The clinic with records in it, whose cells tell themselves."""
    with open_clinic(request.param, tmp_path_factory.mktemp("ward")) as clinic:
        yield fill(clinic)


@pytest.fixture(scope="module")
def served(ward: Ward, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The same, served by a process of its own. No statement counts as slow: the page of the site's health tells them."""
    folder = tmp_path_factory.mktemp("served")
    with serving(ward.clinic, folder, DOUGONG_SLOW_STATEMENT_MS="0") as made:
        yield made


def test_the_corpus_on_every_route_ends_in_no_fault_and_shows_nothing_of_others(
    served: Served, ward: Ward
) -> None:
    hammer = Hammer(served, ward, ward.clinic.app, seed=7)
    sender = Sender(served)
    for _ in range(HAMMERED):
        hammer.strike(sender, hammer.draw())
    assert len(hammer.statuses) > 5, hammer.statuses
    assert hammer.statuses.get(200, 0) > HAMMERED // 50, hammer.statuses
    faults = [line for line in served.logged().splitlines() if '"level": "error"' in line]
    assert not faults, faults[0][:2_000]


@pytest.mark.parametrize("username", ASKING)
def test_what_openapi_describes_is_answered_as_described(served: Served, ward: Ward, username: str) -> None:
    clinic = ward.clinic
    document = clinic.client(username).get(f"{PATH}/openapi.json").json()
    asking = requests.Session()
    asking.headers["Authorization"] = f"Bearer {clinic.tokens[username]}"
    sent = 0
    start = int(clinic.site.database.has_one_writer)
    for place, found in enumerate(schemathesis.openapi.from_dict(document).get_all_operations(), start):
        for mode in MODES if EFFORT > 1 else (MODES[place % 2],):
            sent += _draw(served, asking, username, found.ok().as_strategy(generation_mode=mode))
    assert sent > 20


CHECKED = [
    c
    for c in CHECKS.get_all()
    if c.__name__
    in (
        "not_a_server_error",
        "response_schema_conformance",
        "status_code_conformance",
        "content_type_conformance",
        "negative_data_rejection",
    )
]
"""A formula may be refused though the schema knows only that it is a text; so refusing is no fault here."""


def _draw(served: Served, asking: requests.Session, username: str, cases: Any) -> int:
    sent = 0

    @given(case=cases)
    @settings(max_examples=DRAWN, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    def send(case: Any) -> None:
        nonlocal sent
        sent += 1
        answer = case.call(base_url=served.address, session=asking)
        case.validate_response(answer, checks=CHECKED)
        told = Answer(
            answer.status_code,
            {n.lower(): ", ".join(v) for n, v in answer.headers.items()},
            answer.content or b"",
        )
        body = answer.request.body or b""
        check(
            told,
            Attack(
                username,
                case.method,
                answer.request.url,
                {},
                body if isinstance(body, bytes) else body.encode(),
            ),
        )

    send()
    return sent


def test_logs_are_one_object_a_line_whatever_is_sent(served: Served, ward: Ward) -> None:
    sender = Sender(served)
    for target in (
        "/api/v1/%0a%7b%22level%22:%22forged%22%7d",
        "/api/v1/%1b%5b31m",
        "/api/v1/%e2%80%a8x",
        "/%22%7d%0d%0a",
    ):
        sender.send("GET", target, {"User-Agent": 'x"}\x85{"level": "forged'})
    lines = [line for line in served.logged().splitlines() if line.startswith("{")]
    assert lines
    for line in lines:
        assert json.loads(line)["level"] != "forged"
    clinic: Clinic = ward.clinic
    assert not any(token in served.logged() for token in clinic.tokens.values())
