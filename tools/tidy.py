"""House rules that no linter knows. `python tools/tidy.py` names every breach with file and line, and exits 1.

A rule over lines says where it holds, what it forbids and what to write instead, and carries lines that are good and
lines that are bad: `tests/docs/test_tidy.py` runs them. A rule over the whole tree is a function.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = {
    "dougong_runtime": "runtime/dougong_runtime",
    "dougong_designer": "designer/dougong_designer",
    "dougong_platform": "platform/dougong_platform",
}
LINES_MAX = 600
CODE = (".py", ".ts", ".mjs", ".css", ".html")
OURSELVES = ("tools/tidy.py", "tests/docs/test_tidy.py")


@dataclass(frozen=True)
class Breach:
    """A rule broken; `line` is 0 where it concerns the whole file."""

    path: str
    line: int
    rule: str
    says: str

    def __str__(self) -> str:
        place = f"{self.path}:{self.line}" if self.line else self.path
        return f"{place}  {self.rule}: {self.says}"


@dataclass(frozen=True)
class LineRule:
    """What no line may hold, in files whose path begins with one of `under` and ends with one of `endings`."""

    name: str
    pattern: re.Pattern[str]
    says: str
    good: tuple[str, ...]
    bad: tuple[str, ...]
    under: tuple[str, ...] = ("",)
    endings: tuple[str, ...] = ("",)
    apart_from: Mapping[str, str] | None = None
    """Beginnings of paths where it does not hold, each with the reason."""

    def holds_for(self, path: str) -> bool:
        """Whether a file is bound by the rule."""
        return (
            path not in OURSELVES
            and path.startswith(self.under)
            and path.endswith(self.endings)
            and not path.startswith(tuple(self.apart_from or ("\0",)))
        )

    def breaches(self, path: str, text: str) -> Iterator[Breach]:
        """Each line that breaks it."""
        for number, line in enumerate(text.splitlines(), start=1):
            if self.pattern.search(line):
                yield Breach(path, number, self.name, self.says)


THREE_ROOTS = ("runtime/", "designer/", "platform/")

LINE_RULES = (
    LineRule(
        "crm-word",
        re.compile(
            r"(?<![a-z])(?:customers?|advis[eo]rs?|suitability|drawdowns?|kyc|brokerage|crm)(?![a-z])"
            r"|客户(?!端)|适当性|回撤|持仓|券商",
            re.IGNORECASE,
        ),
        "the three roots know no trade: write the example for a clinic, a workshop or a school",
        good=("patient = visits[0].patient", "SELECT pg_advisory_xact_lock(1)", "客户端断开了连接"),
        bad=("customer = 1", "a_customer_id", "Advisor", "kyc_done", "新建客户", "crm_investment"),
        under=(*THREE_ROOTS, "schemas/"),
        apart_from={
            "platform/dougong_platform/demonstration.py": "names the template that `dougong demo` shows",
            "runtime/dougong_runtime/pages/static/": "built",
        },
    ),
    LineRule(
        "table-outside-the-door",
        re.compile(r"(?<![a-z])tables\.(?:of|link)\(|\bTables\("),
        "records are read and written through `records.door.Records` only",
        good=("records.list(Query('visit'))", "tables_of_contents()"),
        bad=('table = tables.of("visit")', "self._tables.link(entity, field)", "Tables(app, 'sqlite')"),
        under=THREE_ROOTS,
        endings=(".py",),
        apart_from={
            "runtime/dougong_runtime/records/": "the door itself",
            "runtime/dougong_runtime/access/": "compiles conditions over tables; runs nothing",
            "runtime/dougong_runtime/formulas/": "compiles expressions over tables; runs nothing",
            "runtime/dougong_runtime/storage/": "makes and changes tables",
            "runtime/dougong_runtime/publish": "fills new columns when a version is published",
            "platform/dougong_platform/viewers.py": "finds out who asks, before there is a viewer",
            "platform/dougong_platform/people.py": "finds out who asks, before there is a viewer",
        },
    ),
    LineRule(
        "float",
        re.compile(r"(?<![\w.])float\((?!\))"),
        "values are exact: use Decimal",
        good=("Decimal(text)", "case float():", "math.floor(x)"),
        bad=("float(amount)", "total = float('0.1')"),
        under=("runtime/",),
        endings=(".py",),
        apart_from={
            "runtime/dougong_runtime/transfer/demo": "draws from distributions; what it draws is quantised",
            "runtime/dougong_runtime/stories/run.py": "spans of a virtual clock",
            "runtime/dougong_runtime/exact/figures.py": "a rate found by halving; amounts stay exact",
            "runtime/dougong_runtime/documents/yaml_text.py": "a JSON number where it keeps every digit",
            "runtime/dougong_runtime/fields/files.py": "JSON of a client's own, where a binary float may stand",
        },
    ),
    LineRule(
        "naive-now",
        re.compile(r"\bdatetime\.(?:now\(\)|utcnow\(|today\()|(?<![\w.])date\.today\("),
        "ask the clock: an aware instant in UTC, which tests can set",
        good=("clock.now()", "datetime.now(UTC)", "host.today(clock, zone)"),
        bad=("datetime.now()", "datetime.utcnow()", "date.today()"),
        endings=(".py",),
    ),
    LineRule(
        "registry-host",
        re.compile(
            r"pypi\.org|pythonhosted\.org|registry\.npmjs|registry\.yarnpkg|npmmirror|"
            r"mirrors?\.[\w.]+\.(?:com|cn|org|net)|proxy\.golang\.org|index-url\s*=?\s*http",
            re.IGNORECASE,
        ),
        "lock files and sources name no package registry: each site has its own",
        good=("pip install .", '"resolved": "node_modules/htmx"', "https://example.com"),
        bad=('"resolved": "https://registry.' + 'npmjs.org/htmx"', "https://files.python" + "hosted.org/x", "mirrors.site.cn"),
    ),
    LineRule(
        "machine-path",
        re.compile(r"(?<![\w.-])/(?:work|root|home/[a-z][\w-]*|Users/\w+|tmp/[\w.-]+)/"),
        "no path of one machine: take a folder from the caller or from settings",
        good=("Path(__file__).parent", "/usr/lib/postgresql", "/apps/clinic/views/visits", "a/home/b"),
        bad=("/work" + "/main/x", "cd /home/anna/dougong", "/root" + "/.cache/x", "'/tmp/dougong/x'"),
    ),
    LineRule(
        "leftover",
        re.compile(r"\b(?:TODO|FIXME|XXX|HACK)\b|\bbreakpoint\(|\bpdb\.set_trace"),
        "finish it, or write down as an issue what is missing",
        good=("a comment that gives a reason", "mastodon"),
        bad=("# TODO: later", "breakpoint()"),
        endings=CODE,
    ),
    LineRule(
        "debug-output",
        re.compile(r"\bconsole\.(?:log|debug)\("),
        "pages say nothing to the console but errors",
        good=("console.error(problem)",),
        bad=("console.log(x)",),
        under=("runtime/dougong_runtime/pages/",),
    ),
)  # fmt: skip


# --- the whole tree ----------------------------------------------------------------------------------------------
Texts = Mapping[str, str]
"""Text of each file by its path from the root."""


def long_files(texts: Texts) -> Iterator[Breach]:
    """Source files that have grown beyond one subject."""
    for path, text in texts.items():
        count = text.count("\n") + 1
        if path.endswith(CODE) and not path.endswith(".min.css") and count > LINES_MAX:
            yield Breach(
                path, 0, "long-file", f"{count} lines; at most {LINES_MAX}: which second subject is in it?"
            )


def misplaced_packages(texts: Texts) -> Iterator[Breach]:
    """`platform/__init__.py` would hide Python's own `platform`; one under tests breaks files of equal name."""
    for path in texts:
        if path in ("platform/__init__.py", "runtime/__init__.py", "designer/__init__.py") or (
            path.startswith("tests/") and path.endswith("__init__.py")
        ):
            yield Breach(path, 0, "misplaced-package", "this folder must not be a package")


AWAITED: Mapping[str, str] = {
    "dougong_runtime.model.refactor": "renaming and moving, for the studio",
}
"""Modules that are whole and tested before those who will import them are written."""

SCRIPTS = "dougong_platform.migrations.versions"
"""Package whose modules Alembic finds by their folder."""


def unused_modules(texts: Texts) -> Iterator[Breach]:
    """Modules of the three roots that no other module of theirs imports, nor an entry point, nor Python itself."""
    modules = dict(_modules(texts))
    imported = {name for path, text in texts.items() if _is_product(path) for name in _imports(path, text)}
    started = _entry_points(texts)
    for name, path in modules.items():
        if name in AWAITED and name in imported:
            yield Breach(
                path, 0, "unused-module", "is imported by now: take it off the list in tools/tidy.py"
            )
        if name in {*PACKAGES, *AWAITED, *imported, *started} or name.endswith("__main__"):
            continue
        if name.startswith(SCRIPTS):
            continue
        if PurePosixPath(path).name == "__init__.py" and any(
            other.startswith(name + ".") for other in imported
        ):
            continue
        yield Breach(path, 0, "unused-module", "nobody imports it")


def _is_product(path: str) -> bool:
    return path.endswith(".py") and path.startswith(tuple(PACKAGES.values()))


def _modules(texts: Texts) -> Iterator[tuple[str, str]]:
    for path in texts:
        for package, folder in PACKAGES.items():
            if path.endswith(".py") and path.startswith(folder + "/"):
                parts = PurePosixPath(path).relative_to(folder).with_suffix("").parts
                yield ".".join((package, *(parts[:-1] if parts[-1] == "__init__" else parts))), path


def _imports(path: str, text: str) -> Iterator[str]:
    """Names of modules that a file imports; of `from a import b` both `a` and `a.b`, the file itself left out."""
    own = next((name for name, at in _modules({path: text})), "")
    is_package = path.endswith("__init__.py")
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name != own)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                above = own.split(".")[: len(own.split(".")) - node.level + is_package]
                base = ".".join((*above, *filter(None, [node.module])))
            yield from (
                name for name in (base, *(f"{base}.{alias.name}" for alias in node.names)) if name != own
            )
        elif isinstance(node, ast.Call) and _is_import_module(node.func):
            named = node.args[0] if node.args else None
            if isinstance(named, ast.Constant) and isinstance(named.value, str):
                yield named.value


def _is_import_module(function: ast.expr) -> bool:
    return (isinstance(function, ast.Attribute) and function.attr == "import_module") or (
        isinstance(function, ast.Name) and function.id == "import_module"
    )


def _entry_points(texts: Texts) -> set[str]:
    """Modules that `pyproject.toml` starts, and their packages."""
    return set(re.findall(r'=\s*"([\w.]+):\w+"', texts.get("pyproject.toml", "")))


TREE_RULES: tuple[Callable[[Texts], Iterator[Breach]], ...] = (long_files, misplaced_packages, unused_modules)


def committed(root: Path = ROOT) -> dict[str, str]:
    """Text of every file that is, or would be, committed. Files that are no text are left out."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=root, check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    texts = {}
    for path in sorted(filter(None, listed.split("\0"))):
        file = root / path
        if file.is_file():
            try:
                texts[path] = file.read_text(encoding="utf-8")
            except UnicodeDecodeError:
                continue
    return texts


def breaches(texts: Texts) -> list[Breach]:
    """Everything that is untidy, by file and line."""
    found = [
        breach
        for path, text in texts.items()
        for rule in LINE_RULES
        if rule.holds_for(path)
        for breach in rule.breaches(path, text)
    ]
    found.extend(breach for rule in TREE_RULES for breach in rule(texts))
    return sorted(found, key=lambda breach: (breach.path, breach.line, breach.rule))


def main() -> int:
    """Print every breach; the exit status says whether there was one."""
    found = breaches(committed())
    for breach in found:
        print(breach)
    if found:
        print(f"{len(found)} untidy")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
