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
FILES_MAX = 50
"""Files that one field holds."""
_PIXELS_MAX = 1_000_000
_FACTS = frozenset({"id", "name", "size", "sha256", "media_type", "seconds", "width", "height"})


class FileType(FieldType):
    """file: facts of one file, or of several: id, name, size, sha256, media_type, of an image width and height, and
    seconds for sound and film. Writers name files by their ids; the facts are the host's."""

    name: ClassVar[str] = "file"
    widget = "file"
    sortable = False
    label = Label("文件", "File")
    help = Label("一个或几个附件。", "One attached file, or several.")
    media: ClassVar[str] = ""
    """What the media type must begin with."""
    schema: ClassVar[Mapping[str, Any]] = {
        "size_max": {"type": "integer", "minimum": 1},
        "media_types": {"type": "array", "items": {"type": "string"}},
        "multiple": {"type": "boolean"},
    }

    def value_type(self, raw: Mapping[str, Any]) -> ValueType:
        """A file's facts; of several, data that formulas only compare with nothing."""
        return JSON if raw.get("multiple") else FILE

    def columns(self, field: Field) -> tuple[sa.Column[Any], ...]:
        """The facts as a JSON object, or a list of them."""
        return (sa.Column(field.name, JsonValue()),)

    def coerce(self, field: Field, raw: object) -> Value:
        """A file's id, an object with its id, or one with all its facts; where several are taken, a list of these."""
        if is_blank(raw):
            return None
        if not field.options.get("multiple"):
            return self._one(field, raw)
        several = [self._one(field, v) for v in (raw if isinstance(raw, (list, tuple)) else [raw])]
        if len(several) > FILES_MAX:
            raise ValueProblem(f"最多 {FILES_MAX} 个文件。", f"takes at most {FILES_MAX} files.")
        return list({v["id"]: v for v in several}.values()) or None

    def _one(self, field: Field, raw: object) -> dict[str, Any]:
        if isinstance(raw, str):
            raw = {"id": raw.strip()}
        if not isinstance(raw, Mapping):
            raise ValueProblem("应为已上传的文件。", "must be a file that was handed in.")
        key = raw.get("id")
        if not (isinstance(key, str) and _FILE_KEY.match(key)):
            raise ValueProblem("应为已上传文件的 id。", "needs the id of a file that was handed in.")
        if set(raw) == {"id"}:
            return {"id": key}
        size, digest, media = raw.get("size"), raw.get("sha256"), raw.get("media_type")
        name = read_text(raw.get("name"), 255)
        counts = {n: raw[n] for n in ("seconds", "width", "height") if raw.get(n) is not None}
        if (
            set(raw) - _FACTS
            or name is None
            or not _is_count(size)
            or not (isinstance(digest, str) and _SHA256.match(digest))
            or not (isinstance(media, str) and _MEDIA_TYPE.match(media))
            or not all(_is_count(n) for n in counts.values())
            or max(counts.get("width", 0), counts.get("height", 0)) > _PIXELS_MAX
        ):
            raise ValueProblem(
                "文件信息不完整：需要 id、name、size、sha256 和 media_type。",
                "lacks facts of the file: id, name, size, sha256 and media_type are needed.",
            )
        self.check(field, media, int(str(size)))
        return {"id": key, "name": name, "size": size, "sha256": digest, "media_type": media, **counts}

    def check(self, field: Field, media: str, size: int) -> None:
        """Raises ValueProblem for a file of a type or size (bytes) that the field does not take."""
        if not media.startswith(self.media) or not self._media_allowed(field, media):
            raise ValueProblem(f"不接受 {media} 类型的文件。", f"does not take files of type {media}.")
        limit = self.size_max(field)
        if limit is not None and size > limit:
            raise ValueProblem(f"文件不能超过 {limit:,} 字节。", f"takes files of up to {limit:,} bytes.")

    def size_max(self, field: Field) -> int | None:
        """Bytes that a file may have; None where the document says nothing."""
        limit = field.options.get("size_max")
        return None if limit is None else int(limit)

    def accepts(self, field: Field) -> tuple[str, ...]:
        """Media types that the field takes, as an input's `accept` says them; () for all."""
        listed = tuple(str(m) for m in field.options.get("media_types") or ())
        return listed or ((f"{self.media}*",) if self.media else ())

    def _media_allowed(self, field: Field, media: str) -> bool:
        allowed = field.options.get("media_types")
        return not allowed or any(
            media == a or (a.endswith("/*") and media.startswith(a[:-1])) for a in allowed
        )

    def to_json(self, field: Field, value: Value) -> Json:
        """The facts."""
        if isinstance(value, list):
            return [dict(v) for v in value]
        return None if value is None else dict(value)

    def to_text(self, field: Field, value: Value, language: Language) -> str:
        """The file's name; of several, their names."""
        if value is None:
            return ""
        return ", ".join(str(v.get("name", v["id"])) for v in (value if isinstance(value, list) else [value]))

    def sample(self, field: Field, random: random.Random) -> Value:
        """Facts of a file that is not there."""
        made = self._sample(field, random)
        return [made] if field.options.get("multiple") else made

    def _sample(self, field: Field, random: random.Random) -> dict[str, Any]:
        allowed = [m for m in field.options.get("media_types", ()) if not m.endswith("/*")]
        return {
            "id": f"{random.getrandbits(64):016x}",
            "name": "sample.png",
            "size": min(random.randrange(1, 10**6), int(field.options.get("size_max", 10**6))),
            "sha256": f"{random.getrandbits(256):064x}",
            "media_type": allowed[0] if allowed else "image/png",
        }


def _is_count(raw: object) -> bool:
    return isinstance(raw, int) and not isinstance(raw, bool) and raw >= 0


class ImageType(FileType):
    """image."""

    name: ClassVar[str] = "image"
    widget = "image"
    media = "image/"
    label = Label("图片", "Image")
    help = Label("一张或几张图片。", "A picture, or several.")


class SignatureType(FileType):
    """signature: a drawn signature, kept as an image."""

    name: ClassVar[str] = "signature"
    widget = "signature"
    media = "image/"
    schema: ClassVar[Mapping[str, Any]] = {
        name: shape for name, shape in FileType.schema.items() if name != "multiple"
    }
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
