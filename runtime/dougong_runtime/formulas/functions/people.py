"""Who asks, and what surrounds the formula."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from dougong_runtime.formulas.function import Example, Function, define
from dougong_runtime.formulas.parse import Constant, Name
from dougong_runtime.formulas.resolve import NotFound, walk
from dougong_runtime.formulas.tree import Call, Changed, Context, Hop, Node, Path, Setting
from dougong_runtime.formulas.types import BOOLEAN, TEXT, Kind, ValueType, record
from dougong_runtime.labels import Label
from dougong_runtime.names import nearest

if TYPE_CHECKING:
    from dougong_runtime.formulas.check import Checker
    from dougong_runtime.formulas.parse import Calling

FAMILY = "people"
LABEL = Label("人员与环境", "People and surroundings")
ROLES = ValueType(Kind.LIST)


def _asked(checker: Checker, syntax: Calling) -> None:
    if not checker.somebody_asks:
        checker.fail(
            syntax,
            f"计算字段的值对所有人相同，不能用 {syntax.written}()",
            f"A computed field is the same for everybody, so {syntax.written}() has no meaning in it",
        )


def _no_arguments(checker: Checker, syntax: Calling) -> None:
    if syntax.arguments:
        checker.fail(syntax, f"{syntax.written}() 没有参数", f"{syntax.written}() takes no argument")


def _check_user(checker: Checker, syntax: Calling) -> Node:
    _no_arguments(checker, syntax)
    _asked(checker, syntax)
    if syntax.parts == ("roles",):
        return Context("roles", ROLES)
    if not syntax.parts:
        return Path("user", (), "id", record("user"))
    try:
        found = walk(checker.shapes, "user", syntax.parts, syntax.part_offsets, "user")
    except NotFound as error:
        checker.fail(syntax, error.problem.zh, error.problem.en, error.problem.nearest)
    if found.is_many:
        checker.fail(syntax, "USER() 后面的路径不能指向多条记录", "A path after USER() leads to one record")
    return Path("user", found.hops, found.field, found.type, found.part)


def _check_team(checker: Checker, syntax: Calling) -> Node:
    _no_arguments(checker, syntax)
    _asked(checker, syntax)
    return Path("user", (), "team", record("team"))


def _check_leader(checker: Checker, syntax: Calling) -> Node:
    _no_arguments(checker, syntax)
    _asked(checker, syntax)
    return Path("user", (Hop("forward", "team", "team", "team"),), "leader", record("user"))


def _check_has_role(checker: Checker, syntax: Calling) -> Node:
    _asked(checker, syntax)
    if len(syntax.arguments) != 1 or not isinstance(syntax.arguments[0], Constant):
        checker.fail(syntax, "写法是 HAS_ROLE('role')", "It is written HAS_ROLE('role')")
    return Call("has", (Context("roles", ROLES), checker.node(syntax.arguments[0])), BOOLEAN)


def _check_channel(checker: Checker, syntax: Calling) -> Node:
    _no_arguments(checker, syntax)
    if checker.place not in ("message", "workflow"):
        checker.fail(syntax, "CHANNEL() 只能用在消息里", "CHANNEL() stands only in messages")
    return Context("channel", TEXT)


def _check_setting(checker: Checker, syntax: Calling) -> Node:
    part = syntax.arguments[0] if len(syntax.arguments) == 1 else None
    if not isinstance(part, Constant) or not isinstance(part.value, str):
        checker.fail(syntax, "写法是 SETTING('code')", "It is written SETTING('code')")
    type_ = checker.settings.get(part.value)
    if type_ is None:
        checker.fail(
            part,
            f"没有参数「{part.value}」",
            f"There is no setting “{part.value}”",
            nearest(part.value, checker.settings),
        )
    return Setting(part.value, type_)


def _check_changed(checker: Checker, syntax: Calling) -> Node:
    part = syntax.arguments[0] if len(syntax.arguments) == 1 else None
    if not checker.judges_a_write:
        checker.fail(syntax, "CHANGED 只能用在规则和触发条件里", "CHANGED stands only in rules and triggers")
    if not isinstance(part, Name) or len(part.parts) != 1:
        checker.fail(syntax, "写法是 CHANGED(字段)", "It is written CHANGED(field)")
    found = checker.resolve(part)
    if found.is_many or found.base != "row":
        checker.fail(
            part, "CHANGED 问的是本记录的一个字段", "CHANGED asks about one field of the record itself"
        )
    return Changed(found.field, BOOLEAN)


for _function in (
    Function(
        name="USER", family=FAMILY, syntax="USER(), USER().team.leader, USER().roles", check=_check_user,
        help=Label("看的人或操作的人；后面可跟字段。没有班组的人和谁都不同班组。",
                   "Who reads or acts; fields may follow. Who has no team shares it with nobody."),
        examples=(Example("USER().name", "Li"), Example("USER().roles = NULL", False)),
    ),
    Function(
        name="TEAM", family=FAMILY, syntax="TEAM()", check=_check_team,
        help=Label("看的人的班组，同 USER().team。", "The team of who asks, as USER().team."),
        examples=(Example("TEAM() = USER().team", True),),
    ),
    Function(
        name="LEADER", family=FAMILY, syntax="LEADER()", check=_check_leader,
        help=Label("看的人的班组长，同 USER().team.leader。", "The leader of the team of who asks."),
        examples=(Example("LEADER() = USER()", False),),
    ),
    Function(
        name="HAS_ROLE", family=FAMILY, syntax="HAS_ROLE('role')", check=_check_has_role,
        help=Label("看的人是否有这个角色。", "Whether who asks holds the role."),
        examples=(Example("HAS_ROLE('fitter')", True), Example("HAS_ROLE('clerk')", False)),
    ),
    Function(
        name="CHANNEL", family=FAMILY, syntax="CHANNEL()", check=_check_channel,
        help=Label("消息正要走的渠道，如 'sms'。", "The channel a message is about to take, such as 'sms'."),
    ),
    Function(
        name="SETTING", family=FAMILY, syntax="SETTING('code')", check=_check_setting,
        help=Label("参数的当前值，不必重新发布就能改。", "The current value of a setting, which changes without publishing."),
        examples=(Example("SETTING('discount')", Decimal("0.15")), Example("100 * SETTING('discount')", Decimal(15))),
    ),
    Function(
        name="CHANGED", family=FAMILY, syntax="CHANGED(field)", check=_check_changed,
        help=Label("这次写入是否改了这个字段；OLD.x 是改前的值。", "Whether this write changes the field; OLD.x is the value before."),
    ),
):  # fmt: skip
    define(_function)
