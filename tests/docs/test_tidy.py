"""The house checks itself; here its checks are checked."""

from __future__ import annotations

import pytest

from tool import load_tool

tidy = load_tool("tidy")


@pytest.mark.parametrize(
    ("rule", "line"),
    [(r, line) for r in tidy.LINE_RULES for line in r.bad],
    ids=lambda v: getattr(v, "name", v),
)
def test_a_bad_line_is_named(rule, line: str) -> None:
    assert [b.line for b in rule.breaches("x", f"fine\n{line}\nfine\n")] == [2]


@pytest.mark.parametrize(
    ("rule", "line"),
    [(r, line) for r in tidy.LINE_RULES for line in r.good],
    ids=lambda v: getattr(v, "name", v),
)
def test_a_good_line_passes(rule, line: str) -> None:
    assert not list(rule.breaches("x", line))


def test_each_line_rule_has_examples_of_both_kinds_and_a_reason_for_each_exception() -> None:
    for rule in tidy.LINE_RULES:
        assert rule.good, rule.name
        assert rule.bad, rule.name
        assert all((rule.apart_from or {"": "x"}).values()), rule.name


@pytest.mark.parametrize(
    ("name", "path", "holds"),
    [
        ("crm-word", "runtime/dougong_runtime/errors.py", True),
        ("crm-word", "templates/crm_investment/app.yaml", False),
        ("table-outside-the-door", "runtime/dougong_runtime/records/read.py", False),
        ("table-outside-the-door", "platform/dougong_platform/http/app.py", True),
        ("float", "runtime/dougong_runtime/exact/types.py", True),
        ("machine-path", "docs/architecture.md", True),
        ("machine-path", "tools/tidy.py", False),
    ],
)
def test_a_rule_holds_where_it_says(name: str, path: str, holds: bool) -> None:
    rule = next(rule for rule in tidy.LINE_RULES if rule.name == name)
    assert rule.holds_for(path) is holds


def test_a_long_file_is_named() -> None:
    texts = {"runtime/a.py": "x\n" * 600, "runtime/b.py": "x\n" * 599, "docs/c.md": "x\n" * 9000}
    assert [b.path for b in tidy.long_files(texts)] == ["runtime/a.py"]


def test_a_folder_that_must_not_be_a_package_is_named() -> None:
    texts = dict.fromkeys(
        ("platform/__init__.py", "tests/runtime/__init__.py", "platform/dougong_platform/__init__.py"), ""
    )
    assert [b.path for b in tidy.misplaced_packages(texts)] == [
        "platform/__init__.py",
        "tests/runtime/__init__.py",
    ]


def test_a_module_that_nobody_imports_is_named() -> None:
    texts = {
        "pyproject.toml": '[project.scripts]\ndougong = "dougong_platform.start:main"\n',
        "platform/dougong_platform/__init__.py": "",
        "platform/dougong_platform/start.py": (
            "from dougong_runtime import a\nimport dougong_runtime.b.c\n"
            "def main():\n    from dougong_runtime.d import x\n    import_module('dougong_runtime.e')\n"
        ),
        "runtime/dougong_runtime/__init__.py": "",
        "runtime/dougong_runtime/a.py": "from .f import y",
        "runtime/dougong_runtime/b/__init__.py": "",
        "runtime/dougong_runtime/b/c.py": "",
        "runtime/dougong_runtime/d.py": "",
        "runtime/dougong_runtime/e.py": "",
        "runtime/dougong_runtime/f.py": "",
        "runtime/dougong_runtime/alone.py": "import dougong_runtime.alone",
        "tests/test_alone.py": "import dougong_runtime.alone",
    }
    assert [b.path for b in tidy.unused_modules(texts)] == ["runtime/dougong_runtime/alone.py"]


def test_the_tree_is_tidy() -> None:
    assert [str(breach) for breach in tidy.breaches(tidy.committed())] == []
