"""Beside a field's properties: where it is shown, and putting it into forms, views and lists as one act."""

from __future__ import annotations

from typing import Any

from dougong_designer.entities import fields as of_fields
from dougong_designer.entities import placing
from dougong_designer.entities.placing import WHY, Home
from dougong_designer.places import href
from dougong_platform.http.pages.studio.base import ICONS
from dougong_platform.http.pages.studio.entity_acts import ACTS, Done
from dougong_platform.http.pages.visit import Here
from dougong_platform.studio import Studio
from dougong_runtime.labels import Label

CHOSEN = "at:"
"""What an input's name begins with, before the home that it stands for: each is its own, so that a form is a mapping."""


def put_into(here: Here, studio: Studio, key: str) -> Done:
    """A field put into the homes that are ticked."""
    documents, identity = studio.draft.documents, here.visit.text("at")
    into = [name.removeprefix(CHOSEN) for name in here.visit.form if name.startswith(CHOSEN)]
    made = placing.put_into(documents, key, identity, into)
    field = of_fields.field_at(documents, key, identity)
    label = here.reader.label(Label.of(field.get("label"), str(field.get("name"))))
    count = sum(made[one] is not documents[one] for one in documents)
    return Done(made, said=here.reader.t("entity.placing.done", label=label, n=count))


ACTS["put-into"] = put_into


def shown(here: Here, studio: Studio, key: str, identity: str) -> dict[str, Any]:
    """For the panel: homes where it stands, and those that it could go to, the proposed ones ticked."""
    found = placing.homes(studio.draft.documents, key, identity)
    free = [_home(here, studio, one) for one in found if not one.shown]
    return {
        "shown": [_home(here, studio, one) for one in found if one.shown],
        "free": free,
        "proposed": sum(one["is_ticked"] for one in free),
        "can": any(not one["why"] for one in free),
    }


def _home(here: Here, studio: Studio, home: Home) -> dict[str, Any]:
    return {
        "name": CHOSEN + home.at,
        "label": here.reader.label(home.label),
        "kind": home.kind,
        "icon": "list-details" if home.kind == "list" else ICONS.get(home.kind, "file"),
        "href": href(studio.name, home.document),
        "why": here.reader.label(WHY[home.why]) if home.why else "",
        "is_ticked": home.wise,
    }
