"""The platform's words: both languages, every key used, none missing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import make
from dougong_designer.words import TEMPLATES
from dougong_platform.http.pages.preferences import CHOICES
from dougong_runtime.audit.log import ACTIONS
from dougong_runtime.pages.conditions import operators
from dougong_runtime.pages.words import WORDS, say

HOMES = ("dougong_runtime.pages", "dougong_designer", "dougong_platform.http.pages")
FIELDS = [f for e in make.app("clinic").entities.values() for f in e.fields.values()]
OPERATORS = {op for field in FIELDS for op in operators(field)}
MADE = {
    *(f"action.{a}" for a in ACTIONS),
    *(f"op.{o}" for o in OPERATORS),
    *(f"{name}.{value}" for name, values in CHOICES.items() for value in values),
}
"""Keys that are put together from a word of the code."""


def texts() -> Iterator[str]:
    for home in HOMES:
        spec = find_spec(home)
        assert spec is not None
        assert spec.origin is not None
        for path in Path(spec.origin).parent.rglob("*"):
            if path.suffix in (".py", ".html") and not path.name.startswith("words"):
                yield path.read_text("utf-8")


ALL = "\n".join(texts())


def test_every_key_asked_for_exists() -> None:
    assert TEMPLATES.is_dir()
    asked = set(re.findall(r"""\b(?:t|label_of)\(\s*["']([a-z0-9_.]+[a-z0-9_])["']""", ALL))
    assert asked - set(WORDS) == set()


def test_every_key_is_used() -> None:
    stems = set(re.findall(r"""["']([a-z_.]+\.)["'] ~""", ALL)) | set(
        re.findall(r"""f["']([a-z_.]+\.)\{""", ALL)
    )
    unused = [
        key
        for key in WORDS
        if f'"{key}"' not in ALL
        and f"'{key}'" not in ALL
        and key not in MADE
        and not any(key.startswith(stem) for stem in stems)
    ]
    assert unused == []


def test_both_languages_speak_of_the_same_facts() -> None:
    for key, label in WORDS.items():
        assert label.zh, key
        assert label.en, key
        assert set(re.findall(r"\{(\w+)\}", label.zh)) == set(re.findall(r"\{(\w+)\}", label.en)), key


def test_the_manner_of_speaking() -> None:
    for key, label in WORDS.items():
        assert "您" not in label.zh, key
        assert "成功" not in label.zh, key
        assert not re.search(r"please|successful|!", label.en, re.IGNORECASE), key


def test_one_thing_is_not_several() -> None:
    for n, words in ((1, "1 app"), ("1", "1 app"), (2, "2 apps"), (0, "0 apps"), ("1,234", "1,234 apps")):
        assert say("nav.apps_n", "en", n=n) == words
    assert say("nav.apps_n", "zh", n=1) == "1 个应用"
    assert all("|" not in label.in_("zh") and label.in_("en").count("|") < 2 for label in WORDS.values())
