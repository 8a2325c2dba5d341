"""What is said about a record, who follows it, and the notices of who asks."""

from __future__ import annotations

from typing import Any, cast

from starlette.responses import Response
from starlette.routing import Route

from dougong_platform import talking
from dougong_platform.http import json_body, parameters
from dougong_platform.http.answers import json_answer, nothing
from dougong_platform.http.endpoint import Call, reads, writes
from dougong_platform.http.problem_types import BAD_PARAMETER
from dougong_runtime.errors import refuse
from dougong_runtime.talk import followers
from dougong_runtime.talk.comments import PAGE_MAX, TEXT_MAX, Comment
from dougong_runtime.talk.inbox import PAGE, READ_MAX, Notice, Which
from dougong_runtime.talk.inbox import PAGE_MAX as NOTICES_MAX

COMMENTS = 50


def list_comments(call: Call) -> Response:
    """`GET …/{id}/comments` `?cursor=&limit=`: the newest first."""
    given = parameters.parameters(call.request, "cursor", "limit")
    limit = parameters.number(given, "limit", COMMENTS, 1, PAGE_MAX)
    kept = talking.comments(call.site, call.records())
    found = kept.of(call.path("entity"), call.path("id"), before=_cursor(given), limit=limit)
    following = found[-1].id if len(found) == limit else None
    return json_answer({"items": [_comment(c) for c in found], "next": following})


def add_comment(call: Call) -> Response:
    """`POST …/{id}/comments` `{text}`: write one; people are named in it by `@`."""
    parameters.parameters(call.request)
    text = json_body.needed_text(call.json("text"), "text", length_max=TEXT_MAX)
    made = talking.comments(call.site, call.records()).add(call.path("entity"), call.path("id"), text)
    return json_answer(_comment(made), 201)


def change_comment(call: Call) -> Response:
    """`PATCH …/{id}/comments/{comment}` `{text}`: change one's own, for a quarter of an hour."""
    parameters.parameters(call.request)
    text = json_body.needed_text(call.json("text"), "text", length_max=TEXT_MAX)
    kept = talking.comments(call.site, call.records())
    return json_answer(_comment(kept.edit(call.path("entity"), call.path("id"), call.path("comment"), text)))


def delete_comment(call: Call) -> Response:
    """`DELETE …/{id}/comments/{comment}`: take one's own away."""
    parameters.parameters(call.request)
    talking.comments(call.site, call.records()).delete(
        call.path("entity"), call.path("id"), call.path("comment")
    )
    return nothing()


def get_following(call: Call) -> Response:
    """`GET …/{id}/follow`: whether the caller follows the record."""
    parameters.parameters(call.request)
    return json_answer({"follows": followers.follows(call.records(), call.path("entity"), call.path("id"))})


def follow(call: Call) -> Response:
    """`PUT …/{id}/follow`: follow it."""
    return _set_following(call, True)


def unfollow(call: Call) -> Response:
    """`DELETE …/{id}/follow`: follow it no longer, even as its owner."""
    return _set_following(call, False)


def _set_following(call: Call, wanted: bool) -> Response:
    parameters.parameters(call.request)
    followers.follow(call.records(), call.path("entity"), call.path("id"), wanted)
    return json_answer({"follows": wanted})


def list_notices(call: Call) -> Response:
    """`GET /notifications` `?which=all|unread|mentions&cursor=&limit=`: the caller's own, of what they may read now."""
    given = parameters.parameters(call.request, "which", "cursor", "limit")
    which = given.get("which", "all")
    if which not in ("all", "unread", "mentions"):
        raise refuse(
            BAD_PARAMETER, "which", zh="应为 all、unread 或 mentions", en="it must be all, unread or mentions"
        )
    limit = parameters.number(given, "limit", PAGE, 1, NOTICES_MAX)
    box = talking.inbox(call.site, call.connection, call.viewer)
    found, following = box.page(cast(Which, which), _cursor(given), limit)
    return json_answer({"items": [_notice(n) for n in found], "next": following, "unread": box.unread()})


def read_notices(call: Call) -> Response:
    """`POST /notifications/read` `{ids}` or `{all: true}`: mark one's own read; gives how many are unread still."""
    parameters.parameters(call.request)
    body = call.json("ids", "all")
    box = talking.inbox(call.site, call.connection, call.viewer)
    now = call.site.clock.now()
    if json_body.flag_member(body, "all"):
        box.mark_all(now)
    else:
        box.mark(json_body.texts_member(body, "ids")[:READ_MAX], now)
    return json_answer({"unread": box.unread()})


def _cursor(given: Any) -> str | None:
    cursor = given.get("cursor")
    return cursor if isinstance(cursor, str) else None


def _comment(comment: Comment) -> dict[str, Any]:
    return {
        "id": comment.id,
        "author": comment.author,
        "author_name": comment.author_name,
        "at": comment.at,
        "text": comment.text,
        "mentions": dict(comment.mentions),
        "edited_at": comment.edited_at,
        "may_edit": comment.may_edit,
        "may_delete": comment.may_delete,
    }


def _notice(notice: Notice) -> dict[str, Any]:
    return {
        "id": notice.id,
        "kind": notice.kind,
        "at": notice.at,
        "read": notice.is_read,
        "app": notice.app,
        "entity": notice.entity.name,
        "record": notice.record,
        "title": notice.title,
        "actor": notice.actor,
        "actor_name": notice.actor_name,
        "field": notice.field.name if notice.field is not None else None,
        "before": notice.before,
        "after": notice.after,
        "count": notice.count,
        "comment": notice.comment,
        "text": notice.text,
    }


def site_routes(prefix: str) -> list[Route]:
    """The caller's own notices."""
    return [
        Route(prefix + "/notifications", reads(list_notices), methods=["GET"]),
        Route(prefix + "/notifications/read", writes(read_notices), methods=["POST"]),
    ]


def routes(prefix: str) -> list[Route]:
    """What belongs to a record."""
    one = prefix + "/{entity}/{id}"
    return [
        Route(one + "/comments", reads(list_comments), methods=["GET"]),
        Route(one + "/comments", writes(add_comment), methods=["POST"]),
        Route(one + "/comments/{comment}", writes(change_comment), methods=["PATCH"]),
        Route(one + "/comments/{comment}", writes(delete_comment, body="none"), methods=["DELETE"]),
        Route(one + "/follow", reads(get_following), methods=["GET"]),
        Route(one + "/follow", writes(follow, body="none"), methods=["PUT"]),
        Route(one + "/follow", writes(unfollow, body="none"), methods=["DELETE"]),
    ]
