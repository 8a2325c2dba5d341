"""Search knows Chinese text, its pinyin, codes and numbers; what a reader types is never syntax."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from databases import every_database
from dougong_runtime.storage import search
from handmade import Workshop, app, entity, field


@pytest.fixture
def workshop(database_kind: str, tmp_path: Path) -> Iterator[Workshop]:
    made = Workshop.copied(database_kind, tmp_path, "search", _fill)
    yield made
    made.close()


def _fill(made: Workshop) -> None:
    made.become(
        app(
            entity(
                "pupil",
                field("name", search=True),
                field("code", "autonumber", search=True),
                field("note", "long_text", search=True),
                field("state", "choice", options=["active", "left"], search=True),
                field("phone", "phone", search=True, sensitive=True),
            )
        )
    )
    for name, more in {
        "张三": {"code": "C2026-000123", "phone": "13800138000"},
        "重庆银行": {"code": "C2026-000200", "note": "理财产品说明"},
        "单雄信": {"note": 'O\'Brien "quoted" text'},
        "Anna Ünal": {"note": "visits in the morning", "state": "left"},
    }.items():
        made.add("pupil", name=name, **more)


def found(workshop: Workshop, text: str, *sensitive: str) -> list[str]:
    row = workshop.tables.of("pupil").alias("r")
    with workshop.begin() as connection:
        condition = search.match(workshop.tables, "pupil", row, text, sensitive)
        return list(connection.execute(sa.select(row.c.name).where(condition).order_by(row.c.id)).scalars())


@every_database
def test_chinese_names_are_found_by_characters_and_by_pinyin(workshop: Workshop) -> None:
    for text in ("张三", "三", "zs", "zhangsan", "zhang", "san", "ZhangSan", "ｚｓ", "zhang san", "张 三"):
        assert found(workshop, text) == ["张三"], text
    for text in ("重庆", "cq", "chongqing", "cqyh", "银行", "yh", "庆银"):
        assert found(workshop, text) == ["重庆银行"], text
    for text in ("sxx", "dxx", "danxiong", "shanxiongxin"):
        assert found(workshop, text) == ["单雄信"], text


@every_database
def test_words_codes_and_parts_of_numbers_are_found(workshop: Workshop) -> None:
    for text in ("C2026-000123", "000123", "123", "c2026000123", "0123"):
        assert found(workshop, text) == ["张三"], text
    assert found(workshop, "C2026") == ["张三", "重庆银行"]
    assert found(workshop, "morn") == ["Anna Ünal"]
    assert found(workshop, "ünal") == ["Anna Ünal"]
    assert found(workshop, "理财产品") == ["重庆银行"]
    assert found(workshop, "anna visits") == ["Anna Ünal"]
    assert found(workshop, "anna 张三") == []
    assert found(workshop, "left") == ["Anna Ünal"]


@every_database
def test_a_sensitive_field_is_found_only_by_those_it_is_named_for(workshop: Workshop) -> None:
    assert found(workshop, "13800138000") == []
    assert found(workshop, "8000") == []
    assert found(workshop, "13800138000", "phone") == ["张三"]
    assert found(workshop, "8000", "phone") == ["张三"]
    assert found(workshop, "zs 8000", "phone") == ["张三"]


@every_database
@pytest.mark.parametrize(
    "text",
    [
        "",
        "  ",
        "'",
        '"',
        "''; DROP TABLE x",
        "NEAR(",
        "a AND",
        "name:张",
        "*",
        "zs*",
        "a:* | b",
        "-zs",
        "\\",
        "%",
        "(",
        "\x00",
        "😀",
    ],
)
def test_no_sign_means_anything_to_the_database(workshop: Workshop, text: str) -> None:
    assert "重庆银行" not in found(workshop, text, "phone")


@every_database
def test_the_index_follows_changes_and_deletions(workshop: Workshop) -> None:
    table = workshop.tables.of("pupil")
    kind = workshop.tables.app.entities["pupil"]
    with workshop.begin() as connection:
        values = search.search_values(kind, {"name": "李四", "code": None, "note": None, "state": None})
        connection.execute(sa.update(table).where(table.c.name == "张三").values(name="李四", **values))
        connection.execute(sa.delete(table).where(table.c.name == "单雄信"))
    assert found(workshop, "zs") == []
    assert found(workshop, "ls") == ["李四"]
    assert found(workshop, "dxx") == []


@every_database
def test_a_newly_searched_field_is_found_in_old_records(workshop: Workshop) -> None:
    workshop.become(
        app(
            entity(
                "pupil", field("name", search=True), field("code", "autonumber"), field("note", "long_text")
            )
        )
    )
    assert found(workshop, "理财") == []
    workshop.become(
        app(entity("pupil", field("title", id="name", search=True), field("note", "long_text", search=True)))
    )
    row = workshop.tables.of("pupil").alias("r")
    with workshop.begin() as connection:
        condition = search.match(workshop.tables, "pupil", row, "理财")
        assert connection.execute(sa.select(row.c.title).where(condition)).scalars().all() == ["重庆银行"]


@every_database
def test_text_sorts_by_pinyin_and_absent_values_stand_last(workshop: Workshop) -> None:
    workshop.add("pupil", name=None)
    for sort, expected in (
        ("name", ["Anna Ünal", "重庆银行", "单雄信", "张三", None]),
        ("-name", ["张三", "单雄信", "重庆银行", "Anna Ünal", None]),
    ):
        table = workshop.tables.of("pupil")
        with workshop.begin() as connection:
            query = sa.select(table.c.name).order_by(*workshop.tables.order_by("pupil", [sort]))
            names = connection.execute(query).scalars().all()
        if sort == "name":
            assert names[0] == expected[0]
            assert names[-1] is None
            assert names.index("重庆银行") < names.index("张三")
        else:
            assert names[-1] is None
            assert names.index("张三") < names.index("重庆银行")


def test_tokens_stay_within_their_bounds() -> None:
    text = search.tokens_text(["很" * 50_000, "1" * 5_000, "a-" * 5_000])
    assert text is not None
    assert len(text) <= search.COLUMN_LENGTH_MAX
    assert max(map(len, text.split(" "))) <= search.TOKEN_LENGTH_MAX
    assert search.tokens_text(["", "！？"]) is None
