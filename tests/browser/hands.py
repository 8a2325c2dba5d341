"""What hands do with a page: go to a record, drag one thing onto another, by mouse or by finger."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Locator, Page, expect

Point = tuple[int, int]


def ready(page: Page) -> None:
    """Wait until the page's behaviours are there: a hand that is given a page does not press within its first moment."""
    expect(page.locator("html[data-connecting]")).to_have_count(0)


def drag(
    page: Page,
    what: Locator,
    to: Locator,
    *,
    at: Point = (40, 12),
    on: Point = (60, 60),
    midway: Callable[[], None] = lambda: None,
) -> None:
    """Press, a first small move, then on to the place, and let go; `at` and `on` are within the two. `midway` happens
    while it is in the hand."""
    ready(page)
    what.scroll_into_view_if_needed()
    a, b = what.bounding_box(), to.bounding_box()
    assert a is not None
    assert b is not None
    page.mouse.move(a["x"] + at[0], a["y"] + at[1])
    page.mouse.down()
    page.mouse.move(a["x"] + at[0] + 8, a["y"] + at[1] + 8, steps=3)
    midway()
    page.mouse.move(b["x"] + on[0], b["y"] + on[1], steps=8)
    page.mouse.up()


class Finger:
    """A finger on a page of a context with touch: what browsers make of its touches is theirs, as on a tablet."""

    HOLD_MS = 450
    """Longer than the moment after which a finger has taken hold of a thing."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.session = page.context.new_cdp_session(page)

    def down(self, x: float, y: float) -> None:
        """Touch the page."""
        self._send("touchStart", x, y)

    def move(self, x: float, y: float) -> None:
        """Move on, still touching it."""
        self._send("touchMove", x, y)

    def up(self) -> None:
        """Let go."""
        self.session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})

    def hold(self, what: Locator, *, at: Point | None = None) -> tuple[float, float]:
        """Rest on a thing, in its middle unless told where, until it is taken hold of; gives the place."""
        ready(self.page)
        what.scroll_into_view_if_needed()
        x, y = self._place(what, at)
        self.down(x, y)
        self.page.wait_for_timeout(self.HOLD_MS)
        # A busy machine takes longer; a hand sees the picture under its finger.
        expect(self.page.locator(".drag-touch")).to_be_attached()
        return x, y

    def over(self, start: tuple[float, float], to: Locator, *, on: Point | None = None) -> None:
        """Carry what is held over a place, and rest there a moment."""
        self._go(start, self._place(to, on))
        self.page.wait_for_timeout(150)

    def drag(self, what: Locator, to: Locator, *, at: Point | None = None, on: Point | None = None) -> None:
        """Hold a thing, carry it to a place and let go; `at` and `on` are within the two."""
        self.over(self.hold(what, at=at), to, on=on)
        self.up()

    def swipe(
        self, what: Locator, *, by: Point = (0, 0), at: Point | None = None, to: Locator | None = None
    ) -> None:
        """Touch a thing and move on at once, by so much or to another thing: as one scrolls, or pulls a handle."""
        ready(self.page)
        what.scroll_into_view_if_needed()
        x, y = self._place(what, at)
        end = self._place(to, None) if to else (x + by[0], y + by[1])
        self.down(x, y)
        self._go((x, y), end)
        self.up()

    def _place(self, what: Locator, at: Point | None) -> tuple[float, float]:
        box = what.bounding_box()
        assert box is not None
        x, y = at or (box["width"] / 2, box["height"] / 2)
        return box["x"] + x, box["y"] + y

    def _go(self, start: tuple[float, float], end: tuple[float, float], steps: int = 10) -> None:
        for n in range(1, steps + 1):
            part = n / steps
            self.move(start[0] + (end[0] - start[0]) * part, start[1] + (end[1] - start[1]) * part)
            self.page.wait_for_timeout(16)

    def _send(self, kind: str, x: float, y: float) -> None:
        self.session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]})


def address_of(page: Page, name: str) -> str:
    """The address of a patient, by the list."""
    page.goto(f"/apps/clinic/views/patients?search={name}")
    return str(page.locator("a[data-opens-record]").first.get_attribute("href")).partition("?")[0]
