"""What can be refused about a file that comes in or goes out."""

from __future__ import annotations

from dougong_runtime.errors import Refused, problem_type, refuse

BAD_FILE = problem_type(
    "bad-file",
    422,
    "这个文件不能导入：{zh}",
    "This file cannot be imported: {en}",
    title="unreadable file",
    remedy=("修改文件后再导入。", "Correct the file and import it again."),
)
BAD_HEADER = problem_type(
    "bad-header",
    422,
    "表头「{header}」：{zh}",
    "Header “{header}”: {en}",
    remedy=("最接近的是：{nearest}", "Nearest: {nearest}"),
)
BAD_EXPORT = problem_type(
    "bad-export",
    422,
    "不能导出：{zh}",
    "It cannot be exported: {en}",
    remedy=("改用 CSV，或缩小范围。", "Use CSV, or narrow the choice."),
)


def bad_file(zh: str, en: str) -> Refused:
    """The refusal of a whole file."""
    return refuse(BAD_FILE, zh=zh, en=en)
