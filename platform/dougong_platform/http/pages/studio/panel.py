"""The property panel of any place in a document: its inputs, and one act for each change of one of them.

`GET /studio/{app}/panel?at=<pointer>` draws it. `POST /studio/{app}/panel` does one thing (`do`) and answers with the
input again, with what refused it beside it:

set       the property at `at` gets what its inputs bear (named as the property; `name.zh`, `name.key`, …)
clear     it is taken out
shape     it becomes another of the things it can be (`shape`: which)
drop:3, up:3          an entry of a list of names, by its number, goes or moves up
add       a member of the list at `at`: `kind`, and `before` which it stands
remove, duplicate     the member at `at`
move      the member at `at` into the list `to`, before `before`

`seen`: the value that the person saw, as JSON. Where another has changed it since, nothing is done and that is said.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute

from dougong_designer import draft as drafts
from dougong_designer import patch as patches
from dougong_designer.draft import Step
from dougong_designer.panel import acts
from dougong_designer.panel.place import Property, panel, property_at
from dougong_designer.panel.schema import MISSING, member_kinds, place
from dougong_designer.panel.values import Texts, entered
from dougong_designer.patch import CHANGED_MEANWHILE, Tokens
from dougong_platform.http.pages.studio.acting import acted, acting
from dougong_platform.http.pages.studio.base import frame_of, open_studio
from dougong_platform.http.pages.visit import Here, Pages, Visit
from dougong_platform.http.problem_types import CSRF, NOT_SIGNED_IN
from dougong_platform.studio import Studio
from dougong_runtime.errors import NOT_FOUND, Problem, Refused, refuse

TEMPLATE = "studio/panel.html"
NAMES = ("name", "code", "value", "id")
"""Properties that may define a name: changing one rewrites every place that says it."""


def routes(pages: Pages) -> list[BaseRoute]:
    """`/studio/{app}/panel`."""
    return [
        pages.get("/studio/{app}/panel", show),
        pages.post("/studio/{app}/panel", change),
    ]


def show(visit: Visit) -> Response:
    """The panel of the place `at`; where that is gone, of the nearest one above it that is there."""
    with visit.reading() as here:
        studio = open_studio(here)
        tokens = tokens_at(visit.query("at"))
        while len(tokens) > 1:
            try:
                return drawn(here, studio, tokens)
            except Refused:
                tokens = tokens[:-1]
        return drawn(here, studio, tokens)


def drawn(here: Here, studio: Studio, tokens: Tokens) -> Response:
    """The panel of a place."""
    values = panel_values(studio, tokens)
    return here.block(TEMPLATE, "panel", studio=frame_of(here, studio, tokens[0]), **values)


def panel_values(studio: Studio, tokens: Tokens) -> dict[str, Any]:
    """What `studio/panel.html` is given, and every canvas that shows it beside itself."""
    return {
        "panel": panel(studio.draft, tokens),
        "kinds_of": kinds_of(studio),
        "pointer": patches.pointer(tokens),
    }


def kinds_of(studio: Studio) -> Callable[[str], Any]:
    """For templates: which kinds of members the list at a pointer takes."""
    return lambda at: member_kinds(place(studio.draft.documents, tokens_at(at)))


def tokens_at(text: str) -> Tokens:
    """The path that a pointer names. Raises Refused (NOT_FOUND)."""
    try:
        tokens = patches.tokens_of(text)
    except ValueError:
        tokens = ()
    if not tokens:
        raise refuse(NOT_FOUND)
    return tokens


def change(visit: Visit) -> Response:
    """One act on one property or member."""
    do = visit.text("do") or "set"
    if do in _ON_MEMBERS:
        return acting(visit, lambda here, studio: _on_member(here, studio, do))
    try:
        with visit.writing() as here:
            studio = open_studio(here, writes=True)
            tokens = tokens_at(visit.text("at"))
            step = _on_property(studio, visit, do, tokens)
            if _is_renamed_document(tokens, step):
                return _to(studio, f"{tokens[0].partition('/')[0]}/{visit.text(tokens[-1])}", step)
            if step is not None and tokens[-1] == "id":
                return _under_its_new_id(here, studio, (*tokens[:-2], visit.text("id")), step)
            return _again(here, studio, tokens, step)
    except Refused as refused:
        first = (refused.problems or refused.warnings)[0]
        if first.type in (CSRF, NOT_SIGNED_IN) or first.type.status in (403, 404):
            raise
        with visit.reading() as here:
            return _refused(here, open_studio(here), visit, tokens_at(visit.text("at")), refused)


def _on_property(studio: Studio, visit: Visit, do: str, tokens: Tokens) -> Step | None:
    draft = studio.draft
    shown = property_at(draft, tokens)
    _check_seen(studio, tokens, shown.value, visit.form.get("seen"))
    if do == "clear":
        return _amended(studio, acts.setting(draft.documents, tokens, MISSING))
    if do == "shape":
        today = studio.site.clock.now().date()
        return _amended(studio, acts.reshaping(draft.documents, tokens, visit.whole("shape") or 0, today))
    if shown.widget in ("fixed", "group", "members"):
        raise refuse(NOT_FOUND)
    value = entered(shown.widget, shown.schema, shown.value, _texts(visit, shown, do))
    if shown.widget == "switch":
        value = _switched(studio, shown, tokens, visit.text(shown.name) == "true")
    if (
        shown.name in NAMES
        and isinstance(value, str)
        and isinstance(shown.value, str)
        and value != shown.value
    ):
        renamed = _renamed(studio, tokens, value)
        if renamed is not None:
            return renamed
    return _amended(studio, acts.setting(draft.documents, tokens, value))


def _amended(studio: Studio, patch: patches.Patch) -> Step | None:
    return studio.amend(patch) if patch else None


def _texts(visit: Visit, shown: Property, do: str) -> Texts:
    """The texts of the property's inputs, entries of a list dropped or moved as was asked."""

    def all_of(name: str) -> list[str]:
        return [text for text in visit.form.getlist(name) if isinstance(text, str)]

    name = shown.name
    if shown.widget == "label":
        return {part: all_of(f"{name}.{part}")[:1] for part in ("zh", "en")}
    if shown.widget == "map":
        return {part: all_of(f"{name}.{part}") for part in ("key", "value")}
    texts = all_of(name)
    if shown.widget != "names":
        return {"": texts if shown.widget == "choices" else texts[-1:]}
    act, _, entry = do.partition(":")
    if act in ("drop", "up") and entry.isascii() and entry.isdecimal() and int(entry) < len(texts):
        one = texts.pop(int(entry))
        if act == "up":
            texts.insert(max(0, int(entry) - 1), one)
    return {"": texts}


def _switched(studio: Studio, shown: Property, tokens: Tokens, on: bool) -> Any:
    """The value of a switch. Put back to what holds without it, it is taken out again, unless the running version
    states it."""
    if on == shown.is_on:
        return shown.value
    resting = shown.default if shown.default is not MISSING else False
    try:
        patches.value_at(studio.draft.original, tokens)
    except (KeyError, IndexError, TypeError, ValueError):
        return MISSING if on == resting and not shown.is_required else on
    return on


def _renamed(studio: Studio, tokens: Tokens, value: str) -> Step | None:
    """The thing that gets its name at a place under another one, everywhere; None where that place names nothing."""
    path = patches_path(studio, tokens)
    targets = studio.linked.references.defined_at(tokens[0], path)
    return studio.rename(targets[0], value) if targets else None


def patches_path(studio: Studio, tokens: Tokens) -> tuple[str | int, ...]:
    """A path with the numbers of members, as problems and references write it."""
    path: list[str | int] = []
    value: Any = studio.draft.documents[tokens[0]]
    for token in tokens[1:]:
        if isinstance(value, list):
            inner = patches.value_at({"": value}, ("", token))
            path.append(next(n for n, one in enumerate(value) if one is inner))
            value = inner
        else:
            path.append(token)
            value = value.get(token) if isinstance(value, dict) else None
    return tuple(path)


def _is_renamed_document(tokens: Tokens, step: Step | None) -> bool:
    return step is not None and len(tokens) == 2 and tokens[1] == "name"


def _to(studio: Studio, key: str, step: Step | None) -> Response:
    response = HTMLResponse("")
    response.headers["HX-Redirect"] = f"/studio/{studio.name}/{key}"
    return response


def _under_its_new_id(here: Here, studio: Studio, member: Tokens, step: Step) -> Response:
    """The input again where the member's own id was changed; its panel is asked for anew under that."""
    answer = _again(here, studio, (*member, "id"), step)
    told = json.loads(answer.headers["HX-Trigger"])
    told["member-chosen"] = {"target": "body", "at": patches.pointer(member)}
    answer.headers["HX-Trigger"] = json.dumps(told)
    return answer


def _check_seen(studio: Studio, tokens: Tokens, now: Any, seen: object) -> None:
    """Refuse where another builder has given the property another value than the person saw."""
    if not isinstance(seen, str):
        return
    try:
        was = json.loads(seen) if seen else MISSING
    except ValueError:
        raise refuse(NOT_FOUND) from None
    if (now is MISSING and was is MISSING) or (
        now is not MISSING and was is not MISSING and patches.same(now, was)
    ):
        return
    for step in drafts.steps(studio.connection, studio.name):
        if any(_overlaps(tokens, one.touches) for one in step.patch):
            if step.user == studio.viewer.user:
                return
            told = "—" if now is MISSING else json.dumps(now, ensure_ascii=False)[:120]
            raise refuse(CHANGED_MEANWHILE, where=patches.pointer(tokens), who=step.by, now=told)


def _overlaps(one: Tokens, other: Tokens) -> bool:
    length = min(len(one), len(other))
    return one[:length] == other[:length]


def _again(here: Here, studio: Studio, tokens: Tokens, step: Step | None) -> Response:
    """The input as it stands now, and word of the step to what shows the draft."""
    answer = _input(here, studio, property_at(studio.draft, tokens))
    if step is not None:
        answer.headers["HX-Trigger"] = acted(here, studio, step).headers["HX-Trigger"]
    return answer


def _refused(here: Here, studio: Studio, visit: Visit, tokens: Tokens, refused: Refused) -> Response:
    """The input with what was entered, and the refusal beside it."""
    shown = property_at(studio.draft, tokens)
    texts = _texts(visit, shown, visit.text("do") or "set")
    return _input(here, studio, shown, error=_said(here, refused), texts=texts)


def _said(here: Here, refused: Refused) -> str:
    language = here.reader.language
    found: list[Problem] = [*refused.problems, *refused.warnings]
    return " ".join(f"{p.text(language)} {p.remedy(language)}".strip() for p in found[:3])


def _input(
    here: Here, studio: Studio, shown: Property, error: str = "", texts: Texts | None = None
) -> Response:
    values: dict[str, Any] = {"p": shown, "error": error, "texts": texts, "kinds_of": kinds_of(studio)}
    return here.block(TEMPLATE, "input", studio=frame_of(here, studio), **values)


# --- members of lists ---------------------------------------------------------------------------------------
_ON_MEMBERS = frozenset({"add", "remove", "duplicate", "move"})


def _on_member(here: Here, studio: Studio, do: str) -> Response:
    visit, documents = here.visit, studio.draft.documents
    tokens, before = tokens_at(visit.text("at")), visit.text("before") or None
    chosen = tokens[:-1]
    known = _tokens_of(studio, tokens if do == "add" else tokens[:-1])
    if do == "add":
        given = _given(visit.text("given"))
        today = studio.site.clock.now().date()
        patch, chosen = acts.adding(documents, tokens, visit.text("kind"), before, today, given)
    elif do == "remove":
        patch = acts.removing(documents, tokens)
    elif do == "duplicate":
        patch, chosen = acts.doubling(documents, tokens), (*tokens[:-1], "-")
    else:
        listing = tokens_at(visit.text("to")) if visit.text("to") else tokens[:-1]
        patch, chosen = acts.moving(documents, tokens, listing, before), (*listing, tokens[-1])
        if tokens[-1].isdecimal() and patch:
            chosen, known = (*listing, "-"), []
    step = _amended(studio, patch)
    if chosen[-1] == "-":
        chosen = (*chosen[:-1], _new_token(studio, chosen[:-1], known, patch))
    answer = acted(here, studio, step)
    if step is not None and do != "remove":
        told = json.loads(answer.headers["HX-Trigger"])
        told["member-chosen"] = {"target": "body", "at": patches.pointer(chosen)}
        answer.headers["HX-Trigger"] = json.dumps(told)
    return answer


def _given(text: str) -> dict[str, Any]:
    try:
        found = patches.plain(json.loads(text)) if text else {}
    except ValueError:
        raise refuse(NOT_FOUND) from None
    return found if isinstance(found, dict) else {}


def _tokens_of(studio: Studio, listing: Tokens) -> list[str]:
    value = place(studio.draft.documents, listing).value
    listed = value if isinstance(value, list) else []
    return [str(one.get("id") or n) if isinstance(one, dict) else str(n) for n, one in enumerate(listed)]


def _new_token(studio: Studio, listing: Tokens, known: list[str], patch: patches.Patch) -> str:
    """The token of the member that was just added."""
    now = _tokens_of(studio, listing)
    new = [token for token in now if token not in known]
    if len(new) == 1 and not new[0].isdecimal():
        return new[0]
    said = patch[-1].path[-1]
    return said if said.isdecimal() else now[-1]
