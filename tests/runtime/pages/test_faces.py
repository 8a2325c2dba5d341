"""What is drawn for a value."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

import make
from dougong_runtime.pages.faces import face
from dougong_runtime.pages.markup import markdown, rich
from dougong_runtime.pages.reading import Reader

CLINIC = make.app("clinic")
READER = Reader("zh", "Asia/Shanghai", datetime(2026, 3, 12, 2, 0, tzinfo=UTC))


@pytest.mark.parametrize(
    ("path", "value", "draw", "text"),
    [
        ("patient.name", "王敏", "text", "王敏"),
        ("patient.name", None, "absent", "—"),
        ("patient.phone", "•••• 6207", "masked", "•••• 6207"),
        ("patient.spent", "-8642310.50", "number", "−8,642,310.50"),
        ("patient.risk", "high", "chip", "高"),
        ("patient.stage", "active", "state", "就诊中"),
        ("patient.born_on", "1980-01-01", "date", "1980-01-01"),
        ("patient.last_visit_at", "2026-03-12T02:24:00Z", "date", "今天 10:24"),
        ("patient.owner", {"id": "x", "title": "林医生"}, "person", "林医生"),
        ("patient.consent", False, "boolean", "否"),
        ("visit.patient", {"id": "x", "title": None}, "hidden", "无权查看"),
        ("prescription.share", "0.1450", "number", "14.5%"),
        ("patient.mail", "a@b.example", "link", "a@b.example"),
    ],
)
def test_each_type_has_its_face(path: str, value: Any, draw: str, text: str) -> None:
    entity, name = path.split(".")
    made = face(CLINIC.entities[entity].fields[name], value, READER)
    assert (made.draw, made.text) == (draw, text)


def test_a_reference_links_to_its_record() -> None:
    field = CLINIC.entities["visit"].fields["patient"]
    made = face(field, {"id": "7", "title": "王敏"}, READER, link="/apps/clinic")
    assert made.href == "/apps/clinic/patient/7"


@pytest.mark.parametrize(
    "evil",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "<a href='javascript:alert(1)'>x</a>",
        "<p style='position:fixed' onclick='x()'>y</p>",
        "<iframe src='//evil.example'></iframe>",
        "<form action='//evil.example'><input name=p></form>",
    ],
)
def test_rich_text_keeps_nothing_that_acts(evil: str) -> None:
    for word in ("script", "onerror", "javascript", "style", "onclick", "iframe", "form", "input", "<img"):
        assert word not in rich(evil)


def test_markdown_shows_html_instead_of_obeying_it() -> None:
    made = markdown("**b** <script>x</script> [l](javascript:x)")
    assert "<strong>b</strong>" in made
    assert "<script" not in made
    assert 'href="javascript' not in made
