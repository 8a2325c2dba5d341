"""What hands do with a page: go to a record, drag one thing onto another."""

from __future__ import annotations

from playwright.sync_api import Locator, Page

Point = tuple[int, int]


def drag(page: Page, what: Locator, to: Locator, *, at: Point = (40, 12), on: Point = (60, 60)) -> None:
    """Press, a first small move, then on to the place, and let go; `at` and `on` are within the two."""
    what.scroll_into_view_if_needed()
    a, b = what.bounding_box(), to.bounding_box()
    assert a is not None
    assert b is not None
    page.mouse.move(a["x"] + at[0], a["y"] + at[1])
    page.mouse.down()
    page.mouse.move(a["x"] + at[0] + 8, a["y"] + at[1] + 8, steps=3)
    page.mouse.move(b["x"] + on[0], b["y"] + on[1], steps=8)
    page.mouse.up()


def address_of(page: Page, name: str) -> str:
    """The address of a patient, by the list."""
    page.goto(f"/apps/clinic/views/patients?search={name}")
    return str(page.locator("a[data-opens-record]").first.get_attribute("href")).partition("?")[0]
