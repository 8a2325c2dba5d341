"""The properties of what is chosen on a form or page, beside its canvas."""

from __future__ import annotations

from typing import Any

from dougong_designer.entities.fields import fields_of
from dougong_designer.layouts.panel import panel, sights
from dougong_platform.http.pages.visit import Here
from dougong_platform.studio import Studio
from dougong_runtime.errors import Refused


def panel_of(here: Here, studio: Studio, key: str, at: str) -> dict[str, Any]:
    """What the template draws: of what is chosen, or of the document where that is not there any more."""
    documents, app = studio.draft.documents, studio.draft.app
    data = studio.draft.document(key)
    try:
        made = panel(documents, app, key, at)
    except Refused:
        made = panel(documents, app, key, "")
    entity = str(data.get("entity", ""))
    raw = next(
        (f for f in fields_of(documents.get(f"entity/{entity}") or {}) if f.get("name") == made.field), None
    )
    return {
        "panel": made,
        "panel_base": f"/studio/{app}/{key}",
        "panel_entity": entity,
        "panel_field": raw,
        "panel_sights": sights(documents, entity, made.field) if made.field else (),
    }
