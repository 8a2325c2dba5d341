"""PDFs of records: who may take one out, and with which font it is written."""

from __future__ import annotations

from pathlib import Path

from dougong_platform.site import Site
from dougong_runtime.audit import log
from dougong_runtime.errors import FORBIDDEN, problem_type, refuse
from dougong_runtime.labels import Label
from dougong_runtime.pages.record_page.look import Look
from dougong_runtime.pages.record_page.printing import printed
from dougong_runtime.records.query import Query
from dougong_runtime.transfer.fonts import find_font

NO_FONT = problem_type(
    "no-font",
    501,
    "这台服务器没有中文字体，不能生成 PDF。",
    "This server has no font with Chinese in it, and cannot write a PDF.",
    remedy=(
        "安装一种中文字体，或在设置 pdf_font 里写明字体文件；也可以打印网页并存为 PDF。",
        "Install one, or name its file in the setting pdf_font; or print the page and save it as a PDF.",
    ),
)


def font_of(site: Site) -> Path | None:
    """The font that PDFs are written with; None where this machine has none."""
    return find_font(site.settings.pdf_font)


def may_take_out(look: Look) -> bool:
    """Whether the reader may take this record out of the site."""
    records, name = look.desk.records, look.entity.name
    if not records.can(name, "export") or records.viewer.acting_for is not None:
        return False
    asked = Query(name, f"id = '{look.record}'", fields=("id",), limit=1, count=False, export=True)
    return bool(records.list(asked).items)


def record_pdf(site: Site, look: Look) -> bytes:
    """The PDF of a record, entered in the audit like an export. Raises Refused: FORBIDDEN, NO_FONT."""
    font = font_of(site)
    if font is None:
        raise refuse(NO_FONT)
    if not may_take_out(look):
        raise refuse(FORBIDDEN, entity=look.entity.label, action=Label("导出", "exporting"))
    # Loaded by who writes one: it takes a second.
    from dougong_runtime.transfer.pdf import pdf

    content = pdf(printed(look), font)
    look.desk.records.beside.said(
        log.EXPORT, look.entity.name, look.record, facts={"format": "pdf", "count": 1}
    )
    return content
