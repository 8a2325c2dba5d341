"""Files and free data: file, image, signature, json. The bytes of a file lie with the host; a record keeps its facts."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, ClassVar

import sqlalchemy as sa

from dougong_runtime.exact import JsonValue
from dougong_runtime.fields.base import FIELD_TYPES, Field, FieldType, Json, Value, ValueProblem
from dougong_runtime.fields.writing import is_blank, read_text
from dougong_runtime.formulas.types import FILE, JSON, ValueType
from dougong_runtime.labels import Label, Language

JSON_BYTES_MAX = 65_536
JSON_DEPTH_MAX = 20
_SHA256 = re.compile(r"[0-9a-f]{64}\Z")
_MEDIA_TYPE = re.compile(r"[a-z0-9!#$&^_.+-]{1,64}/[a-z0-9!#$&^_.+-]{1,64}\Z")
_FILE_KEY = re.compile(r"[A-Za-z0-9_-]{1,80}\Z")


class FileType(FieldType):
    """file: facts of one file: id, name, size, sha256, media_type, and seconds for sound and film."""

    name: ClassVar[str] = "file"
    widget = "file"
    sortable = False
    label = Label("文件", "File")
    help = Label("一个附件。", "An attached file.")
    media: ClassVar[str] = ""
    """What the media type must begin with."""
    schema: ClassVar[Mapping[str, Any]] = {
        "size_max": {"type": "integer", "minimum": 1},
        "media_types": {"type": "array", "items": {"type": "string"}},
    }

    def value_type(self, raw: Mapping[str, Any]) -> ValueType:
        """A file's facts."""
        return FILE

    def columns(self, field: Field) -> tuple[sa.Column[Any], ...]:
        """The facts as a JSON object."""
        return (sa.Column(field.name, JsonValue()),)

    def coerce(self, field: Field, raw: object) -> Value:
        """An object with all its facts, as the host answered when the file was handed in."""
        if is_blank(raw):
            return None
        if not isinstance(raw, Mapping):
            raise ValueProblem("应为已上传的文件。", "must be a file that was handed in.")
        unknown = set(raw) - {"id", "name", "size", "sha256", "media_type", "seconds"}
        size, digest, media = raw.get("size"), raw.get("sha256"), raw.get("media_type")
        seconds, key = raw.get("seconds"), raw.get("id")
        name = read_text(raw.get("name"), 255)
        if (
            unknown
            or name is None
            or not isinstance(size, int)
            or isinstance(size, bool)
            or size < 0
            or not (isinstance(digest, str) and _SHA256.match(digest))
            or not (isinstance(media, str) and _MEDIA_TYPE.match(media))
            or not (isinstance(key, str) and _FILE_KEY.match(key))
            or not (seconds is None or (isinstance(seconds, int) and not isinstance(seconds, bool)))
        ):
            raise ValueProblem(
                "文件信息不完整：需要 id、name、size、sha256 和 media_type。",
                "lacks facts of the file: id, name, size, sha256 and media_type are needed.",
            )
        if not media.startswith(self.media) or not self._media_allowed(field, media):
            raise ValueProblem(f"不接受 {media} 类型的文件。", f"does not take files of type {media}.")
        limit = field.options.get("size_max")
        if limit is not None and size > int(limit):
            raise ValueProblem(f"文件不能超过 {limit} 字节。", f"takes files of up to {limit} bytes.")
        facts = {"id": key, "name": name, "size": size, "sha256": digest, "media_type": media}
        return facts if seconds is None else {**facts, "seconds": seconds}

    def _media_allowed(self, field: Field, media: str) -> bool:
        allowed = field.options.get("media_types")
        return not allowed or any(
            media == a or (a.endswith("/*") and media.startswith(a[:-1])) for a in allowed
        )

    def to_json(self, field: Field, value: Value) -> Json:
        """The facts."""
        return None if value is None else dict(value)

    def to_text(self, field: Field, value: Value, language: Language) -> str:
        """The file's name."""
        return "" if value is None else str(value["name"])

    def sample(self, field: Field, random: random.Random) -> Value:
        """Facts of a file that is not there."""
        allowed = [m for m in field.options.get("media_types", ()) if not m.endswith("/*")]
        return {
            "id": f"{random.getrandbits(64):016x}",
            "name": "sample.png",
            "size": min(random.randrange(1, 10**6), int(field.options.get("size_max", 10**6))),
            "sha256": f"{random.getrandbits(256):064x}",
            "media_type": allowed[0] if allowed else "image/png",
        }


class ImageType(FileType):
    """image."""

    name: ClassVar[str] = "image"
    widget = "image"
    media = "image/"
    label = Label("图片", "Image")
    help = Label("一张图片。", "A picture.")


class SignatureType(FileType):
    """signature: a drawn signature, kept as an image."""

    name: ClassVar[str] = "signature"
    widget = "signature"
    media = "image/"
    label = Label("签名", "Signature")
    help = Label("手写签名。", "A drawn signature.")


class JsonType(FieldType):
    """json: an object or a list of anything, bounded in size and depth."""

    name: ClassVar[str] = "json"
    widget = "json"
    sortable = False
    label = Label("JSON 数据", "JSON")
    help = Label("供程序使用的结构化数据。", "Structured data for programs.")

    def value_type(self, raw: Mapping[str, Any]) -> ValueType:
        """JSON."""
        return JSON

    def columns(self, field: Field) -> tuple[sa.Column[Any], ...]:
        """JSON."""
        return (sa.Column(field.name, JsonValue()),)

    def coerce(self, field: Field, raw: object) -> Value:
        """An object or a list; a text is read as JSON."""
        if is_blank(raw):
            return None
        if isinstance(raw, str):
            if len(raw) > JSON_BYTES_MAX:
                raise self._too_large(field)
            try:
                raw = json.loads(raw, parse_float=Decimal)
            except (ValueError, RecursionError):
                raise ValueProblem("不是有效的 JSON。", "is not valid JSON.") from None
        if not isinstance(raw, (Mapping, list, tuple)):
            raise ValueProblem("应为 JSON 对象或列表。", "must be a JSON object or list.")
        value = self._plain(field, raw, 1)
        if len(json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")) > JSON_BYTES_MAX:
            raise self._too_large(field)
        return value

    def _too_large(self, field: Field) -> Exception:
        return ValueProblem(f"最多 {JSON_BYTES_MAX} 字节。", f"takes at most {JSON_BYTES_MAX} bytes.")

    def _plain(self, field: Field, raw: object, depth: int) -> Any:
        if depth > JSON_DEPTH_MAX:
            raise ValueProblem(
                f"嵌套不能超过 {JSON_DEPTH_MAX} 层。", f"may nest at most {JSON_DEPTH_MAX} deep."
            )
        match raw:
            case None | bool():
                return raw
            case int() if abs(raw) < 10**18:
                return raw
            case Decimal() | float() if Decimal(raw).is_finite() and Decimal(repr(float(raw))) == (
                Decimal(repr(raw)) if isinstance(raw, float) else raw
            ):
                return float(raw)
            case str():
                if "\x00" in raw or any("\ud800" <= c <= "\udfff" for c in raw):
                    raise ValueProblem("含有不可保存的字符。", "holds characters that cannot be kept.")
                return raw
            case Mapping() if all(isinstance(k, str) for k in raw):
                return {
                    self._plain(field, k, depth): self._plain(field, v, depth + 1) for k, v in raw.items()
                }
            case list() | tuple():
                return [self._plain(field, v, depth + 1) for v in raw]
        raise ValueProblem(
            f"JSON 中的 {str(raw)[:40]} 无法原样保存，请写成文字。",
            f"holds {str(raw)[:40]}, which JSON cannot keep exactly: write it as text.",
        )

    def to_json(self, field: Field, value: Value) -> Json:
        """As it is."""
        return value

    def to_text(self, field: Field, value: Value, language: Language) -> str:
        """As JSON."""
        return "" if value is None else json.dumps(value, ensure_ascii=False)

    def sample(self, field: Field, random: random.Random) -> Value:
        """A small object."""
        return {"count": random.randrange(100), "words": ["甲", "b"]}


for _made in (FileType(), ImageType(), SignatureType(), JsonType()):
    FIELD_TYPES.register(_made.name, _made)
