"""Text that people or documents wrote, as safe HTML."""

from __future__ import annotations

import re

import nh3
from markdown_it import MarkdownIt
from markupsafe import Markup

_TAGS = {
    "a", "b", "blockquote", "br", "code", "div", "em", "h1", "h2", "h3", "h4", "hr", "i", "li", "ol", "p", "pre",
    "s", "span", "strong", "sub", "sup", "table", "tbody", "td", "th", "thead", "tr", "u", "ul",
}  # fmt: skip
_MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table").enable("strikethrough")


def rich(html: str) -> Markup:
    """Rich text with nothing in it but structure and links: no style, script, image, form or foreign address scheme."""
    clean = nh3.clean(
        html,
        tags=_TAGS,
        attributes={"a": {"href"}},
        url_schemes={"http", "https", "mailto", "tel"},
        link_rel="noopener noreferrer",
    )
    return Markup(clean)


def escape(text: str) -> str:
    """Text of a record as Markdown that says just that."""
    return re.sub(r"([\\`*_{}\[\]()#+.!|<>~-])", r"\\\1", text)


def markdown(text: str) -> Markup:
    """Markdown of a document; HTML in it is shown, not obeyed."""
    return rich(_MARKDOWN.render(text))


def plain_text(html: str) -> str:
    """The words of rich text, without its marks."""
    return Markup(html).striptags()
