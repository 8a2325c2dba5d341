"""People and teams, as entities of the system itself.

Every app contains them, so that paths such as `owner.team.leader`, foreign keys and row rules are plain joins.
Passwords, sessions and roles held are the platform's.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

from dougong_runtime.fields.base import Field, Formula, Option
from dougong_runtime.formulas.tree import Literal
from dougong_runtime.formulas.types import BOOLEAN, TEXT, Kind, ValueType, record
from dougong_runtime.labels import Label
from dougong_runtime.model.app import App, Entity, Inverse
from dougong_runtime.model.system_fields import system_fields
from dougong_runtime.names import derived_id

DIRECTORY_NAME = "dougong"


def _field(
    entity: str, name: str, type_name: str, zh: str, en: str, value_type: ValueType = TEXT, **more: Any
) -> Field:
    identity = derived_id(DIRECTORY_NAME, "entity", entity, "field", name)
    return Field(identity, name, type_name, Label(zh, en), value_type, **more)


def _language(value: str, zh: str, en: str) -> Option:
    identity = derived_id(DIRECTORY_NAME, "entity", "user", "field", "language", "option", value)
    return Option(identity, value, Label(zh, en))


_USER = (
    _field("user", "username", "text", "用户名", "Username", required=True, unique=True, search=True),
    _field("user", "name", "text", "姓名", "Name", required=True, search=True),
    _field("user", "email", "email", "邮箱", "Mail"),
    _field("user", "phone", "phone", "电话", "Phone"),
    _field("user", "team", "team", "团队", "Team", record("team"), targets=("team",), inverse="members"),
    _field(
        "user",
        "active",
        "boolean",
        "在用",
        "Active",
        BOOLEAN,
        default=Formula("true", Literal(True, BOOLEAN)),
    ),
    _field(
        "user",
        "language",
        "choice",
        "语言",
        "Language",
        ValueType(Kind.CHOICE, options=("zh", "en")),
        choices=(_language("zh", "中文", "Chinese"), _language("en", "英文", "English")),
    ),
    _field("user", "time_zone", "text", "时区", "Time zone"),
)
_TEAM = (
    _field("team", "name", "text", "名称", "Name", required=True, unique=True, search=True),
    _field(
        "team", "parent", "team", "上级团队", "Parent", record("team"), targets=("team",), inverse="children"
    ),
    _field(
        "team",
        "leader",
        "user",
        "负责人",
        "Leader",
        record("user"),
        targets=("user",),
        inverse="leads",
        on_delete="clear",
    ),
)


def _entity(name: str, label: Label, fields: tuple[Field, ...], icon: str, *inverses: Inverse) -> Entity:
    return Entity(
        app=DIRECTORY_NAME,
        id=derived_id(DIRECTORY_NAME, "entity", name),
        name=name,
        label=label,
        title="name",
        fields=MappingProxyType(
            {**system_fields(DIRECTORY_NAME, name), **{field.name: field for field in fields}}
        ),
        inverses=MappingProxyType({inverse.name: inverse for inverse in inverses}),
        icon=icon,
    )


DIRECTORY = App(
    name=DIRECTORY_NAME,
    label=Label("人员与团队", "People and teams"),
    version="1.0.0",
    entities=MappingProxyType(
        {
            "user": _entity(
                "user", Label("人员", "Person"), _USER, "user", Inverse("leads", "team", "leader")
            ),
            "team": _entity(
                "team",
                Label("团队", "Team"),
                _TEAM,
                "users-group",
                Inverse("members", "user", "team"),
                Inverse("children", "team", "parent"),
            ),
        }
    ),
    roles=MappingProxyType({}),
    documents=MappingProxyType({}),
)
