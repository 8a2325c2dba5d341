"""Words of comments, followers and notices."""

from __future__ import annotations

TALK_WORDS: dict[str, tuple[str, str]] = {
    "action.comment": ("评论", "commented on"),
    "action.comment_edit": ("修改评论", "changed a comment on"),
    "action.comment_delete": ("删除评论", "deleted a comment on"),
    "history.comment_delete": ("删除了一条评论", "deleted a comment"),
}
