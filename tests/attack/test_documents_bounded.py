"""A package made to exhaust the reader is refused with a place, in bounded time."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from dougong_runtime.documents import source, yaml_text
from dougong_runtime.documents.problems import PROBLEMS_MAX
from dougong_runtime.errors import Problem, Refused
from dougong_runtime.model.link import link

APP = "kind: app\nname: depot\nversion: 1.0.0\n"
THING = "kind: entity\nname: thing\nfields: [{name: name, type: text}]\n"
SECONDS_MAX = 20
"""Of the processor, for any of them; they take less than two."""


@contextmanager
def bounded() -> Iterator[None]:
    """What is inside ends in time."""
    began = time.thread_time()
    yield
    assert time.thread_time() - began < SECONDS_MAX


def problems(*texts: str) -> tuple[Problem, ...]:
    """What is wrong with an app of these documents; each problem has a place."""
    with pytest.raises(Refused) as caught:
        link(source.of_text("---\n".join([APP, *texts])))
    assert all(problem.place and problem.place.file for problem in caught.value.problems)
    return caught.value.problems


def nested_steps(depth: int, key: str) -> str:
    inside = "{id: end, do: stop}" if depth == 0 else nested_steps(depth - 1, key)
    return f"{{id: a{depth}, do: branch, if: 'true', then: [], {key}: [{inside}]}}"


def workflow(steps: str) -> str:
    return f"kind: workflow\nname: w\ntrigger: {{on: record_created, entity: thing}}\nsteps: [{steps}]\n"


@pytest.mark.parametrize("key", ["on_error", "else"])
def test_steps_within_steps_are_read_once(key: str) -> None:
    """They were read 28 times a level: 250 bytes took for ever."""
    with bounded():
        app = link(source.of_text("---\n".join([APP, THING, workflow(nested_steps(15, key))])))
        assert "w" in app.documents["workflow"]
        wrong = nested_steps(15, key).replace("do: stop", "do: nonsense")
        assert [p.type.name for p in problems(THING, workflow(wrong))] == ["document-value"]


def test_tabs_within_tabs_are_read_once() -> None:
    part = "{fields: [name]}"
    for _ in range(8):
        part = f"{{tabs: [{{label: a, layout: [{part}]}}]}}"
    with bounded():
        link(
            source.of_text(
                "---\n".join([APP, THING, f"kind: form\nname: f\nentity: thing\nlayout: [{part}]\n"])
            )
        )


BOMBS = {
    "aliases": "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n",
    "a tag": "!!python/object/apply:os.system [id]\n",
    "a tag handle": "--- !<tag:yaml.org,2002:python/name:os.system> x\n",
    "a key twice": "kind: view\nkind: entity\n",
    "lists in lists": "a: " + "[" * 1_000_000,
    "maps in maps": "a: " + "{a: " * 100_000,
    "blocks in blocks": "\n".join(" " * depth + "a:" for depth in range(3000)),
    "dashes": "- " * 200_000 + "a",
    "question marks": "? " * 200_000,
    "a long text": "a: " + "x" * 4_000_000,
    "quotes": "a: '" + "''" * 1_000_000 + "'",
    "anchors": "&a " * 100_000,
    "documents": "---\na: 1\n" * 100_000,
    "a tower of digits": "a: [" + "9" * 200_001 + "]",
    "a key that is a list": "{[a]: b}",
    "half a text": 'a: "' + "x" * 100_000,
    "half a surrogate": 'a: "\\ud800"',
    "a zero": 'a: "\\0"',
    "a bell": 'a: "\\a"',
    "a raw control": "a: \x01\n",
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_yaml_bomb_is_refused_at_its_place(name: str) -> None:
    with bounded(), pytest.raises(Refused) as caught:
        source.of_files({"x.yaml": BOMBS[name].encode()})
    (problem,) = caught.value.problems
    assert problem.place is not None
    assert problem.place.file == "x.yaml"
    assert problem.type.name == "document-text"
    assert problem.place.line > 0


def test_a_merge_key_is_a_property_like_any_other() -> None:
    found = problems("kind: entity\nname: thing\nfields: []\n<<: {title: name}\n")
    assert "unknown-property" in {problem.type.name for problem in found}


@pytest.mark.parametrize(
    "number", ["1e1000000000000000000000", "-1e-99999999999999999999", "1e400", "9" * 5000]
)
def test_a_number_beyond_all_numbers_is_text(number: str) -> None:
    assert yaml_text.scalar(number) == number


def test_values_are_counted_over_all_files() -> None:
    """One file after the other, each below the limit."""
    files = {f"views/v{number}.yaml": b"a: [" + b"1," * 60_000 + b"]\n" for number in range(6)}
    with bounded(), pytest.raises(Refused) as caught:
        source.of_files(files)
    assert "300000 values" in caught.value.problems[0].text("en")


def test_documents_are_measured_over_all_files() -> None:
    files = {f"views/v{number}.yaml": b"#" * 4_000_000 for number in range(4)}
    with bounded(), pytest.raises(Refused, match="10 MB"):
        source.of_files(files)


def test_one_document_with_20_000_wrong_properties_is_answered() -> None:
    with bounded():
        found = problems(THING + "".join(f"k{number}: 1\n" for number in range(20_000)))
    assert 0 < len(found) <= PROBLEMS_MAX + 1


def test_a_label_in_10_000_languages_is_answered() -> None:
    label = ", ".join(f"l{number}: x" for number in range(10_000))
    with bounded():
        assert len(problems(f"kind: entity\nname: thing\nlabel: {{{label}}}\nfields: []\n")) <= PROBLEMS_MAX


def test_what_is_not_listed_is_counted() -> None:
    views = [
        f"kind: view\nname: v{n}\nentity: thing\ntype: table\ncolumns: [aa, bb, cc, dd, ee]\n"
        for n in range(200)
    ]
    with bounded():
        found = problems(THING, *views)
    assert len(found) == PROBLEMS_MAX + 1
    assert found[-1].text("en") == f"{1000 - PROBLEMS_MAX} more problems are not listed."


def test_5_000_fields_are_too_many() -> None:
    fields = "".join(f"- {{name: f{number}, type: text}}\n" for number in range(5_000))
    with bounded():
        (found,) = problems(f"kind: entity\nname: thing\nfields:\n{fields}")
    assert found.place is not None
    assert found.place.path == "fields"


def test_500_fields_are_not() -> None:
    fields = "".join(f"- {{name: f{number}, type: text}}\n" for number in range(500))
    with bounded():
        app = link(source.of_text(f"{APP}---\nkind: entity\nname: thing\nfields:\n{fields}"))
    assert len(app.entities["thing"].own_fields) >= 500


def test_a_file_of_a_folder_that_cannot_be_opened_is_named(tmp_path: Path) -> None:
    (tmp_path / "app.yaml").write_text(APP)
    (tmp_path / "views").mkdir()
    (tmp_path / "views" / "v.yaml").symlink_to("/etc/passwd")
    with pytest.raises(Refused, match="Links") as caught:
        source.read(tmp_path)
    assert caught.value.problems[0].place is not None
    assert caught.value.problems[0].place.file == "views/v.yaml"
