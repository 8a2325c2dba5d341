"""Write docs/formulas.md from the registry of functions, so that manual and language cannot differ.

python tools/document_formulas.py            write it
python tools/document_formulas.py --check    exit 1 where the file is not what would be written
"""

from __future__ import annotations

import sys
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

from dougong_runtime.formulas.functions import FAMILIES, FUNCTIONS, operators

TARGET = Path(__file__).resolve().parents[1] / "docs" / "formulas.md"

RULES = """\
# Formulas / 公式

One language serves computed fields, defaults, rules, filters, row rules, report measures and workflow expressions.
This page is written by `tools/document_formulas.py`; every example on it is run on SQLite and PostgreSQL by
`tests/runtime/formulas/test_examples.py`, and a property test holds the reading of one record and the SQL of many to
the same answer.

计算字段、默认值、规则、筛选、行权限、报表指标和流程表达式用同一种公式。本页由程序生成，页上每个例子都在两种数据库上运行过。

## What is written

- A name is a field of the record: `budget`. A path follows references, three at most: `owner.team.leader`. A file's
  facts are read as `photo.sha256`, `.name`, `.size`, `.media_type`, `.seconds`.
- Numbers are exact decimals. Text stands in `'…'` or `"…"`, in which `\\\\` escapes; `TRUE`, `FALSE` and `NULL` are
  constants. Full-width punctuation is understood, and a leading `=` is allowed.
- `+ - * /` compute, `&` joins text, `= <> < <= > >=` compare and may be chained (`a <= x <= b`), `AND OR NOT IN` work
  between operands and as functions. Function names and these words are case-blind; field names are not.
- Inside an aggregate plain names are the inner record's and `THIS.x` is the outer one's:
  `COUNT(orders, amount > THIS.small_order)`. `OLD.x` and `CHANGED(x)` exist in rules and triggers.
- A formula has at most 4,000 characters and 60 nested parentheses.

## What it means

- **Absence.** Empty text is absent (`NULL`). `x = NULL` and `x = ''` ask whether x is absent, whatever its type.
  `a = b` is false and `a <> b` true where exactly one side is absent; where both are, they are equal. An ordering with
  an absent side is absent, and so is its `NOT`. Arithmetic with an absent value is absent. `&` takes it as empty text.
  A condition counts only where it is true: a filter keeps only those records, `IF` goes the other way, and a rule that
  meets absence is not violated. `AND` is false as soon as one side is, `OR` true as soon as one side is.
- **Numbers** have at most 20 decimal places: a quotient or a product with more is rounded there, half away from zero.
  `x / 0` is absent. A result is rounded once more, to the places of the field that keeps it. A percentage is a
  fraction: `0.145`. Where a formula could give over 200 digits before the point, it is refused.
- **Text** is compared exactly, and ordered by code points; a character is a code point.
- **Dates.** A text beside a date is ISO 8601: `born > '1990-01-31'`. A date beside an instant means that whole day, in
  the zone in force: the reader's in filters and pages, the site's in stored formulas. `date + 7` is seven days later,
  `date - date` days; `instant + 0.5` is twelve hours later, `instant - instant` days with their fraction. Days begin
  at their first instant; years run from 1 to 9999.
- **Choices** are equal by value and ordered by the place of their options; a text beside one must be an option.
- **References.** A text beside one is a record's id. Who has no team shares it with nobody: where one side of `=` is
  `USER()` or its field, two absent sides are not equal.
- **Aggregates** count living records, each once, however often a path leads to it. `SUM` and `COUNT` over nothing are
  0, the others absent.

| operators, from tight to loose | |
| --- | --- |
| `-x` | negation |
| `*` `/` | |
| `+` `-` | also of dates |
| `&` | joins |
| `=` `<>` `<` `<=` `>` `>=` `IN` `NOT IN` | |
| `NOT` | |
| `AND` | |
| `OR` | |

## Functions
"""


def shown(value: Any) -> str:
    """A value as the manual prints it."""
    match value:
        case None:
            return "absent"
        case bool():
            return str(value).lower()
        case Decimal():
            return format(value, "f")
        case datetime():
            return value.strftime("%Y-%m-%dT%H:%M:%SZ")
        case date() | time():
            return value.isoformat()
    return f"`{value}`"


def document() -> str:
    """The whole page."""
    count = sum(not f.hidden for _, f in FUNCTIONS.items())
    parts = [RULES, f"{count} functions. Square brackets mark what may be left out; {_SAMPLE}\n"]
    for family in FAMILIES:
        if family is operators:
            continue
        parts.append(f"\n### {family.LABEL.en} / {family.LABEL.zh}\n")
        parts.append("| function | what it gives | examples |\n| --- | --- | --- |")
        for _, function in FUNCTIONS.items():
            if function.hidden or function.family != family.FAMILY:
                continue
            examples = "<br>".join(f"`{_cell(e.text)}` → {_cell(shown(e.gives))}" for e in function.examples)
            signature = "<br>".join(f"`{_cell(s)}`" for s in function.signature.split("), "))
            signature = signature.replace("`<br>", ")`<br>") if "), " in function.signature else signature
            parts.append(f"| {signature} | {function.help.en}<br>{function.help.zh} | {examples} |")
    return "\n".join(parts) + "\n"


_SAMPLE = (
    "the examples are read on a client of a workshop with the orders O-1 (100.00, paid 2026-01-10), O-2 (50.00, unpaid) "
    "and O-3 (200.50, paid 2026-02-20), grade B of A, B, C, and the skills turn and weld, on 2026-03-02 at 10:00 in "
    "Shanghai, asked by Li, a fitter."
)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\u3000", "　")


def main() -> int:
    """Write or check."""
    made = document()
    if "--check" in sys.argv[1:]:
        return 0 if TARGET.exists() and TARGET.read_text(encoding="utf-8") == made else 1
    TARGET.write_text(made, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
