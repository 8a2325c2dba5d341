"""No act leaves a document in a shape that its schema does not allow: what canvases draw can be relied on. And none
leaves what could not be written to a file and read again, or two things that could not be told apart.

A builder changes one field of a hundred. The other ninety-nine are the very objects that they were, or are known by
what they say: only what is new is held against the schema, which is what makes an act cost a few milliseconds.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from hashlib import blake2b
from typing import Any

from dougong_designer.patch import Documents
from dougong_runtime.documents.kinds import KINDS
from dougong_runtime.documents.packages import plain_path
from dougong_runtime.documents.problems import BAD_NAME, BAD_VALUE, UNKNOWN_KIND, said
from dougong_runtime.documents.schema import check_document, schema_of
from dougong_runtime.documents.source import FILE_KEY, Raw, file_bytes
from dougong_runtime.documents.yaml_text import CONTROL, DEPTH_MAX, SCALAR_LENGTH_MAX, PathSteps, Places
from dougong_runtime.errors import Place, Problem, Refused
from dougong_runtime.names import is_name

PROBLEMS_MAX = 20
FILE_KEY_LENGTH_MAX = 200
KNOWN_MAX = 100_000
"""Members of lists that a process remembers to have found right; 16 bytes each."""

_known: dict[bytes, None] = {}


def check_shapes(old: Documents, new: Documents, keys: Iterable[str]) -> None:
    """Raise Refused with what is wrong in the documents at `keys` and was not wrong before: their names, their shape."""
    found: list[Problem] = []
    for key in sorted(keys):
        if key not in new:
            continue
        problems = [*_problems(key, new[key], old.get(key)), *_same_id_elsewhere(key, new)]
        if problems:
            known = {_said(problem) for problem in _problems(key, old[key])} if key in old else set()
            found += [problem for problem in problems if _said(problem) not in known]
    if found:
        raise Refused(found[:PROBLEMS_MAX])


def _problems(key: str, data: Any, before: Any = None) -> list[Problem]:
    """What is wrong with a document; `before`: as it was, whose members are not looked at again."""
    kind, _, name = key.partition("/")
    place = Places(key)
    if key.startswith(FILE_KEY):
        return _problems_of_file(key, data)
    if kind not in KINDS:
        return [Problem(UNKNOWN_KIND, None, {"name": kind, "nearest": None}, place.at(()))]
    if not isinstance(data, dict):
        return [said(BAD_VALUE, "文档应是一组属性。", "A document is a set of properties.", place.at(()))]
    new, digests = _what_is_new(kind, data, before)
    unwritable = [*_unwritable(key, new), *_twice_in_lists(key, data)]
    if unwritable:
        return unwritable
    problems = check_document(Raw(kind, name, new, place))[1]
    if not problems:
        _remember(digests)
    else:
        problems = check_document(Raw(kind, name, data, place))[1]
    if not is_name(name) or data.get("name") != name or data.get("kind") != kind:
        problems = [*problems, Problem(BAD_NAME, "name", {"name": name}, place.at(("name",)))]
    return problems


def _problems_of_file(key: str, data: Any) -> list[Problem]:
    """What is wrong with a file that travels with the app: its path, how it is kept."""
    path, place = key.removeprefix(FILE_KEY), Places(key).at(())
    if plain_path(path) != path or len(key) > FILE_KEY_LENGTH_MAX or CONTROL.search(path):
        return [said(BAD_VALUE, f"「{path[:80]}」不能作路径。", f"“{path[:80]}” cannot be a path.", place)]
    try:
        if isinstance(data, dict) and len(data) == 1 and all(isinstance(v, str) for v in data.values()):
            file_bytes(data)
            return []
    except (KeyError, ValueError):
        pass
    return [said(BAD_VALUE, "文件应有 text 或 base64。", "A file has a text, or base64.", place)]


def _unwritable(key: str, data: Any) -> list[Problem]:
    """What no file could hold, and members of a list that have the same id."""
    places, found = Places(key), []
    waiting: list[tuple[PathSteps, Any]] = [((), data)]
    while waiting:
        path, value = waiting.pop()
        if isinstance(value, str):
            if len(value) > SCALAR_LENGTH_MAX or CONTROL.search(value):
                zh = f"文本过长（上限 {SCALAR_LENGTH_MAX:,} 字符）或含有控制字符。"
                en = f"A text is too long (the limit is {SCALAR_LENGTH_MAX:,} characters) or holds a control character."
                found.append(said(BAD_VALUE, zh, en, places.at(path)))
        elif isinstance(value, (dict, list)):
            if len(path) >= DEPTH_MAX:
                zh, en = f"嵌套超过 {DEPTH_MAX} 层。", f"It nests deeper than {DEPTH_MAX}."
                return [said(BAD_VALUE, zh, en, places.at(path[:3]))]
            if isinstance(value, dict):
                waiting += [((*path, "…"), name) for name in value if CONTROL.search(name)]
                waiting += [((*path, name), inner) for name, inner in value.items()]
            else:
                waiting += [((*path, index), inner) for index, inner in enumerate(value)]
            if path:
                found += _twice(value, places.at(path))
    return found


def _twice_in_lists(key: str, data: dict[str, Any]) -> list[Problem]:
    return [p for name, value in data.items() for p in _twice(value, Places(key).at((name,)))]


def _twice(members: Any, place: Place) -> list[Problem]:
    """Members of a list with one id."""
    seen: set[str] = set()
    found = []
    for member in members if isinstance(members, list) else ():
        identity = _id_of(member)
        if identity is not None:
            if identity in seen:
                zh, en = f"编号「{identity}」出现了两次。", f"The id “{identity}” stands there twice."
                found.append(said(BAD_VALUE, zh, en, place))
            seen.add(identity)
    return found


def _id_of(thing: Any) -> str | None:
    identity = thing.get("id") if isinstance(thing, dict) else None
    return identity if isinstance(identity, str) else None


def _same_id_elsewhere(key: str, new: Documents) -> list[Problem]:
    kind = key.partition("/")[0] + "/"
    identity = _id_of(new[key])
    others = [k for k, d in new.items() if k.startswith(kind) and k != key and _id_of(d) == identity]
    if identity is None or not others:
        return []
    zh, en = f"与 {others[0]} 的编号相同。", f"It has the id of {others[0]}."
    return [said(BAD_VALUE, zh, en, Places(key).at(("id",)))]


def _what_is_new(kind: str, data: dict[str, Any], before: Any) -> tuple[dict[str, Any], list[bytes]]:
    """A document without the members of its lists that it had before or that are known to be right, and the digests of
    the others.

    No schema of a kind lets a member of its lists depend on what stands beside it, but for how many they are; a list
    that is too long is left whole, and none is emptied.
    """
    limits = {name: part.get("maxItems") for name, part in schema_of(kind).get("properties", {}).items()}
    made, digests = {}, []
    for name, value in data.items():
        limit = limits.get(name)
        if _are_members(value) and (limit is None or len(value) <= limit):
            former = before.get(name) if isinstance(before, dict) else None
            met = {id(member) for member in former} if isinstance(former, list) else set()
            marked = ((m, _digest(kind, name, m)) for m in value if id(m) not in met)
            fresh = [(m, d) for m, d in marked if d not in _known]
            digests += [digest for _, digest in fresh]
            made[name] = [member for member, _ in fresh] or value[:1]
        else:
            made[name] = value
    return made, digests


def _are_members(value: Any) -> bool:
    return isinstance(value, list) and len(value) > 1 and all(isinstance(m, Mapping) for m in value)


def _digest(kind: str, name: str, member: Any) -> bytes:
    text = json.dumps([kind, name, member], ensure_ascii=False, separators=(",", ":"))
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def _remember(digests: Iterable[bytes]) -> None:
    if len(_known) > KNOWN_MAX:
        _known.clear()
    _known.update(dict.fromkeys(digests))


def _said(problem: Problem) -> tuple[str, str, str]:
    return problem.type.name, problem.text("en"), problem.place.path if problem.place else ""
