"""Laws of files: what goes out comes in again, whatever it says."""

from __future__ import annotations

import csv
import io

from hypothesis import given
from hypothesis import strategies as st

from dougong_runtime.transfer.cells import join_values, plain_text, safe_text, split_values
from dougong_runtime.transfer.sheets import read_table

TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=30)
RISKY = st.builds(str.__add__, st.sampled_from(["=", "+", "-", "@", "\t", "'", "'=", "''-", "＝"]), TEXTS)
CELLS = st.one_of(TEXTS, RISKY).map(str.strip)


@given(st.one_of(TEXTS, RISKY))
def test_a_safe_text_is_undone_exactly(text: str) -> None:
    written = safe_text(text)
    assert plain_text(written) == text
    assert written[:1] not in ("=", "@", "\t", "\r")


@given(st.lists(CELLS.filter(bool), max_size=5))
def test_joined_values_come_apart(values: list[str]) -> None:
    assert split_values(join_values(values)) == values


@given(
    st.integers(1, 4).flatmap(
        lambda width: st.lists(st.lists(CELLS, min_size=width, max_size=width), max_size=6)
    ),
    st.sampled_from([",", ";", "\t"]),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "gb18030"]),
)
def test_a_table_is_read_as_it_was_written(rows: list[list[str]], delimiter: str, encoding: str) -> None:
    width = len(rows[0]) if rows else 1
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=delimiter, quoting=csv.QUOTE_ALL)
    writer.writerow([f"列{n}" for n in range(width)])
    writer.writerows(rows)
    sheet = read_table(out.getvalue().encode(encoding))
    assert sheet.header == tuple(f"列{n}" for n in range(width))
    expected = [tuple(cell or None for cell in row) for row in rows if any(row)]
    assert [row.cells for row in sheet.rows] == expected
