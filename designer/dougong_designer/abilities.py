"""Who may build an app, and who may publish what was built."""

from __future__ import annotations

from collections.abc import Callable

from dougong_runtime.errors import FORBIDDEN, NOT_FOUND, refuse
from dougong_runtime.host import Viewer
from dougong_runtime.labels import Label
from dougong_runtime.model.app import App, Role


def may_build(viewer: Viewer, app: App) -> bool:
    """Whether the viewer may change the app's draft: a role with `build: true`, or an administrator. Nobody does who
    looks on as another."""
    return _may(viewer, app, lambda role: role.build)


def may_publish(viewer: Viewer, app: App) -> bool:
    """Whether the viewer may publish the draft and go back to versions: a role with `publish: true`, or an
    administrator. Who may publish decides what every role of the app may see, their own included."""
    return _may(viewer, app, lambda role: role.publish)


def require_build(viewer: Viewer, app: App) -> None:
    """Raise Refused: NOT_FOUND for who has no business with the app, else FORBIDDEN."""
    if not may_build(viewer, app):
        raise _refused(viewer, app, Label("搭建", "building"))


def require_publish(viewer: Viewer, app: App) -> None:
    """Raise Refused likewise where the viewer may not publish."""
    if not may_publish(viewer, app):
        raise _refused(viewer, app, Label("发布", "publishing"))


def _may(viewer: Viewer, app: App, allows: Callable[[Role], bool]) -> bool:
    if viewer.acting_for is not None:
        return False
    if viewer.is_admin or viewer.is_system:
        return True
    roles = (app.roles[name] for name in viewer.roles_in(app.name) if name in app.roles)
    return any(allows(role) for role in roles)


def _refused(viewer: Viewer, app: App, action: Label) -> Exception:
    if not (viewer.is_admin or viewer.roles_in(app.name)):
        return refuse(NOT_FOUND)
    return refuse(FORBIDDEN, entity=app.label, action=action)
