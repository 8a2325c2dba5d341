"""The studio's words in Chinese and English, joined to those of the pages; and where its templates lie."""

from __future__ import annotations

from pathlib import Path

from dougong_designer.words_entities import ENTITY_WORDS
from dougong_designer.words_formulas import FORMULA_WORDS
from dougong_designer.words_labels import LABEL_WORDS
from dougong_designer.words_layout import LAYOUT_WORDS
from dougong_designer.words_menu import MENU_WORDS
from dougong_designer.words_panel import PANEL_WORDS
from dougong_designer.words_publish import PUBLISH_WORDS
from dougong_designer.words_relations import RELATION_WORDS
from dougong_designer.words_roles import ROLE_WORDS
from dougong_designer.words_shell import SHELL_WORDS
from dougong_designer.words_spreadsheet import SHEET_WORDS
from dougong_designer.words_starts import START_WORDS
from dougong_designer.words_views import VIEW_WORDS
from dougong_runtime.pages import words

TEMPLATES = Path(__file__).parent / "templates"

for _part in (
    ENTITY_WORDS,
    FORMULA_WORDS,
    SHELL_WORDS,
    ROLE_WORDS,
    LAYOUT_WORDS,
    START_WORDS,
    RELATION_WORDS,
    SHEET_WORDS,
    VIEW_WORDS,
    LABEL_WORDS,
    MENU_WORDS,
    PANEL_WORDS,
    PUBLISH_WORDS,
):
    words.add(_part)
