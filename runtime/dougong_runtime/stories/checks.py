"""What a story can look at: a value, a count, a refusal, what somebody sees and what they do not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, TypeAlias

from dougong_runtime.errors import Problem, Refused
from dougong_runtime.labels import Label
from dougong_runtime.records.query import Query
from dougong_runtime.stories.scene import Cast

MASK = "•"
"""A value that is masked holds this."""
Check: TypeAlias = Callable[[Cast, Mapping[str, Any], Refused | None], None]


class Differs(Exception):
    """Something went otherwise than the story tells."""

    def __init__(self, zh: str, en: str) -> None:
        self.label = Label(zh, en)
        super().__init__(en)

    @classmethod
    def refused(cls, refused: Refused) -> Differs:
        """A step was refused that the story does not expect to be."""
        told = (*refused.problems, *refused.warnings)
        return cls(
            f"上一步被拒绝：{'；'.join(_said(p, 'zh') for p in told)}",
            f"The step before was refused: {'; '.join(_said(p, 'en') for p in told)}",
        )


def _said(problem: Problem, language: Any) -> str:
    return f"[{_name(problem)}] {problem.text(language)}"


def _name(problem: Problem) -> str:
    """The rule that refused, or the type of problem."""
    return str(problem.facts.get("rule") or problem.type.name)


def check_refused(cast: Cast, step: Mapping[str, Any], outcome: Refused | None) -> None:
    """`{refused: rule}`: by a rule's name or a type of problem; `{refused: true}`: by anything. `field` narrows it."""
    wanted, field = step["refused"], step.get("field")
    if outcome is None:
        raise Differs("上一步应被拒绝，却成功了。", "The step before should have been refused, and was not.")
    for problem in outcome.problems:
        named = wanted is True or wanted in (_name(problem), problem.type.name)
        if named and (field is None or problem.field == field):
            return
    raise Differs(
        f"应因「{wanted}」被拒绝，实际是：{'；'.join(_said(p, 'zh') for p in outcome.problems)}",
        f"Should have been refused by “{wanted}”; was: {'; '.join(_said(p, 'en') for p in outcome.problems)}",
    )


def check_warned(cast: Cast, step: Mapping[str, Any], outcome: Refused | None) -> None:
    """`{warned: rule}`: nothing stands in the way but a reason for this."""
    names = [_name(p) for p in outcome.warnings] if outcome is not None else []
    if outcome is None or outcome.problems or step["warned"] not in names:
        raise Differs(
            f"上一步应有提醒「{step['warned']}」，实际：{names or '没有'}。",
            f"The step before should have warned of “{step['warned']}”; warnings: {names or 'none'}.",
        )


def check_value(cast: Cast, step: Mapping[str, Any], outcome: Refused | None) -> None:
    """`{value: wang.aum, is: "1080000.00", within: 0.01}`, as somebody sees it where `as` stands there."""
    name, _, path = str(step["value"]).partition(".")
    found = _read(cast, name, step.get("as"), (path,) if path else None)
    value = found.get(path) if path else found.get("id")
    wanted = step.get("is")
    field = cast.entity(name).fields.get(path)
    if field is not None and field.targets and wanted is not None:
        wanted = cast.values(cast.entity(name).name, {path: wanted})[path]
    if not _equal(value, wanted, step.get("within")):
        raise Differs(
            f"{step['value']} 应为 {wanted}，实际为 {value}。",
            f"{step['value']} should be {wanted}; it is {value}.",
        )


def check_count(cast: Cast, step: Mapping[str, Any], outcome: Refused | None) -> None:
    """`{count: visit, where: "patient = wang", is: 1}`, of the records that somebody sees."""
    where = cast.formula(step["where"]) if step.get("where") else None
    page = cast.records(step.get("as")).list(Query(step["count"], filter=where, fields=("id",), limit=1))
    if page.count != step["is"]:
        raise Differs(
            f"「{step['count']}」应有 {step['is']} 条，实际 {page.count} 条。",
            f"There should be {step['is']} of {step['count']}; there are {page.count}.",
        )


def check_sees(cast: Cast, step: Mapping[str, Any], outcome: Refused | None) -> None:
    """`{sees: wang, as: li, fields: [name]}`: the record is there, and these values whole."""
    try:
        found = _read(cast, step["sees"], step.get("as", cast.actor), None)
    except Differs:
        raise Differs(f"看不到「{step['sees']}」。", f"“{step['sees']}” is not seen.") from None
    for name in step.get("fields", ()):
        if found.get(name) is None or _masked(found[name]):
            raise Differs(
                f"看不到 {step['sees']}.{name} 的值（{found.get(name)}）。",
                f"The value of {step['sees']}.{name} is not seen ({found.get(name)}).",
            )


def check_hidden(cast: Cast, step: Mapping[str, Any], outcome: Refused | None) -> None:
    """`{hidden: wang}`: no such record for them; `{hidden: wang.phone}`: its value is absent or masked."""
    name, _, path = str(step["hidden"]).partition(".")
    try:
        found = _read(cast, name, step.get("as", cast.actor), None)
    except Differs:
        return
    if not path or (found.get(path) is not None and not _masked(found[path])):
        shown = f"{found.get(path)}" if path else name
        raise Differs(
            f"不应看到 {step['hidden']}（{shown}）。", f"{step['hidden']} should not be seen ({shown})."
        )


CHECKS: Mapping[str, Check] = {
    "refused": check_refused,
    "warned": check_warned,
    "value": check_value,
    "count": check_count,
    "sees": check_sees,
    "hidden": check_hidden,
}


def _read(cast: Cast, name: str, who: str | None, fields: tuple[str, ...] | None) -> dict[str, Any]:
    entity, record = cast.entity(name).name, cast.id(name)
    try:
        return cast.records(who).get(entity, record, fields=fields)
    except Refused as refused:
        raise Differs.refused(refused) from None


def _masked(value: Any) -> bool:
    return isinstance(value, str) and MASK in value


def _equal(value: Any, wanted: Any, within: Any) -> bool:
    if isinstance(wanted, bool) or isinstance(value, bool) or value is None or wanted is None:
        return bool(value == wanted) or (wanted == "" and value is None)
    left, right = _number(value), _number(wanted)
    if left is not None and right is not None:
        return abs(left - right) <= Decimal(str(within or 0))
    if isinstance(value, list) and isinstance(wanted, list):
        return value == wanted
    return str(value) == str(wanted)


def _number(value: Any) -> Decimal | None:
    if isinstance(value, (list, dict)):
        return None
    try:
        return Decimal(str(value))
    except InvalidOperation:
        return None
