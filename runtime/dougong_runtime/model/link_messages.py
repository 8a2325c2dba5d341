"""Messages and connectors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from dougong_runtime.documents.cursor import Cursor
from dougong_runtime.documents.problems import UNKNOWN_FIELD, WRONG_FIELD
from dougong_runtime.documents.references import Target
from dougong_runtime.fields.base import Formula
from dougong_runtime.formulas.types import BOOLEAN, Kind
from dougong_runtime.model.linker import Linker

Template = Mapping[str, tuple[str | Formula, ...]]
"""Language → words and formulas in turn."""
CHANNELS = ("mail", "sms", "wecom", "dingtalk", "feishu", "in_app")


@dataclass(frozen=True, slots=True)
class ChannelUse:
    """A channel of a message: where the address stands, and words of its own."""

    channel: str
    address: str | None
    """Path from the receiver; None where the channel needs none."""
    subject: Template = field(default_factory=dict, hash=False)
    body: Template = field(default_factory=dict, hash=False)
    connector: str | None = None


@dataclass(frozen=True, slots=True)
class MessageModel:
    """A message, linked."""

    to: str
    channels: tuple[ChannelUse, ...]
    subject: Template = field(hash=False)
    body: Template = field(hash=False)
    eligible: Formula | None = None


def link_message(linker: Linker, at: Cursor) -> MessageModel | None:
    """One message; None (noted) where the entity it is addressed to is unknown."""
    to = linker.entity(at.get("to"))
    if to is None:
        return None
    respects = at.get("respects")
    if respects is not None:
        for name in ("consent", "opt_out", "from", "to"):
            node = respects.get(name)
            if node is not None and ":" not in str(node.value):
                linker.path(node, to)
    for node in at.items("attach"):
        _attached(linker, node, to)
    return MessageModel(
        to=to,
        channels=tuple(_channels(linker, at, to)),
        subject=linker.template(at.get("subject"), to, "message"),
        body=linker.template(at.get("body"), to, "message"),
        eligible=linker.formula(at.get("eligible"), to, "message", BOOLEAN),
    )


def _channels(linker: Linker, at: Cursor, to: str) -> Iterator[ChannelUse]:
    for node in at.items("channels"):
        if not isinstance(node.value, dict):
            yield ChannelUse(str(node.value), None)
            continue
        channel = next((name for name in CHANNELS if name in node), "in_app")
        address = node.get(channel)
        known = linker.path(address, to) if address is not None and isinstance(address.value, str) else None
        yield ChannelUse(
            channel=channel,
            address=address.value if address is not None and known is not None else None,
            subject=linker.template(node.get("subject"), to, "message"),
            body=linker.template(node.get("body"), to, "message"),
            connector=linker.document(node.get("connector"), "connector"),
        )


def _attached(linker: Linker, at: Cursor, to: str) -> None:
    """A file: along a path from the receiver, `<entity>.<field>` of what the message is sent about, or a report's."""
    head, _, rest = str(at.value).partition(".")
    shapes = linker.shapes
    if head == "report" and head not in shapes[to].fields and head not in shapes:
        return
    if head in shapes[to].fields or head not in shapes:
        found = linker.path(at, to)
        kind = found.type.kind if found is not None else None
    else:
        shape = shapes[head].fields.get(rest)
        kind = shape.type.kind if shape is not None else None
        if shape is None:
            linker.unknown(UNKNOWN_FIELD, at, rest, shapes[head].fields, of=head)
        else:
            linker.refer(at, Target("field", rest, head), "part", len(head) + 1, len(rest))
    if kind is not None and kind is not Kind.FILE:
        linker.refuse(WRONG_FIELD, f"「{at.value}」不是文件。", f"“{at.value}” is no file.", at)


@dataclass(frozen=True, slots=True)
class ConnectorModel:
    """A connector, linked."""

    type: str
    direction: str
    entity: str | None = None
    key: str | None = None
    fields: tuple[str, ...] = ()
    """Fields of the entity that what arrives is mapped to."""


def link_connector(linker: Linker, at: Cursor) -> ConnectorModel:
    """One connector."""
    entity = linker.entity(at.get("entity"))
    key = linker.field(at.get("key"), entity)
    fields = []
    for name, node in at.pairs("map"):
        if entity is not None and name in linker.shapes[entity].fields:
            linker.refer(node, Target("field", name, entity), "key")
            fields.append(name)
        elif entity is not None:
            linker.unknown(UNKNOWN_FIELD, node, name, linker.shapes[entity].fields, of=entity)
    linker.document(at.get("as"), "role")
    return ConnectorModel(
        type=at.text("type"),
        direction=at.text("direction", "both"),
        entity=entity,
        key=key.name if key is not None else None,
        fields=tuple(fields),
    )
