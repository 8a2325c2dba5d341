"""Renaming in a linked app."""

from __future__ import annotations

from dougong_runtime.documents.refactor import rename as rename_documents
from dougong_runtime.documents.references import Target
from dougong_runtime.model.app import App
from dougong_runtime.model.link import link_stored, references_of


def rename(app: App, target: Target, name: str) -> App:
    """The app with one thing renamed everywhere: `rename(app, Target("field", "fee", "visit"), "charge")`.

    Raises Refused where the name cannot be, is taken, or where there is no such thing.
    """
    return link_stored(rename_documents(app.source, references_of(app.source), target, name))
