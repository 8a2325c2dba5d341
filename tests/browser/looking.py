"""What is wrong with a page at a glance: what axe finds, parts that run over each other or out of their place, and
what can hardly be seen on its ground. Stars that are not given and the tick of a task yet to be ticked may be faint."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from playwright.sync_api import Locator, Page

AXE = (Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js").read_text("utf-8")
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
SEEN = """
place => {
  const found = [];
  const named = e => e.tagName.toLowerCase() + [...e.classList].map(c => "." + c).join("");
  const styles = new Map();
  const style = e => styles.get(e) ?? (styles.set(e, getComputedStyle(e)), styles.get(e));
  const shown = e => e.checkVisibility({ opacityProperty: true, visibilityProperty: true });
  const hidden = e => e.closest(".vh") || !shown(e);
  const flows = e => !["absolute", "fixed", "sticky"].includes(style(e).position) && style(e).float === "none";
  const clipped = (e, top) => {
    for (let up = e.parentElement; up && up !== top; up = up.parentElement) {
      if (style(up).overflowX !== "visible") return true;
    }
    return false;
  };
  const numbers = colour => (colour.match(/[\\d.]+/g) ?? [0, 0, 0, 0]).map(Number);
  const alpha = colour => numbers(colour)[3] ?? 1;
  const light = colour => {
    const [r, g, b] = numbers(colour).map(v => v / 255).map(v => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (one, other) => {
    const [a, b] = [light(one), light(other)].sort((x, y) => y - x);
    return (a + 0.05) / (b + 0.05);
  };
  const ground = e => {
    for (let up = e; up; up = up.parentElement) if (alpha(style(up).backgroundColor) > 0.9) return style(up).backgroundColor;
    return style(document.body).backgroundColor;
  };
  for (const top of document.querySelectorAll(place)) {
    const name = top.dataset.component ?? top.id ?? place;
    const edge = top.getBoundingClientRect();
    for (const e of top.querySelectorAll("*")) {
      if (e.closest("svg") !== null && e.tagName !== "svg") continue;
      if (hidden(e)) continue;
      const box = e.getBoundingClientRect();
      if (box.width === 0 || box.height === 0) continue;
      if ((box.right > edge.right + 1 || box.left < edge.left - 1) && flows(e) && !clipped(e, top))
        found.push(`${name}: ${named(e)} is wider than its place: ${Math.round(box.left - edge.left)} to ${Math.round(box.right - edge.left)} of ${Math.round(edge.width)}`);
      if (e.tagName === "svg" && e.querySelector("use") && !e.closest(".stars, .ring") && contrast(style(e).color, ground(e)) < 1.9)
        found.push(`${name}: ${named(e)} in ${named(e.parentElement)} can hardly be seen`);
      if (e.matches("input.in, select.in, textarea.in, input.check") && !e.disabled && !e.readOnly && alpha(style(e).borderTopColor) > 0 && contrast(style(e).borderTopColor, ground(e.parentElement)) < 2.9)
        found.push(`${name}: the edge of ${named(e)} can hardly be seen`);
      const within = [...e.children].filter(c => !hidden(c) && flows(c) && c.getBoundingClientRect().width > 0 && style(c).display !== "inline");
      for (let i = 1; i < within.length; i++) {
        const [a, b] = [within[i - 1].getBoundingClientRect(), within[i].getBoundingClientRect()];
        const across = Math.min(a.right, b.right) - Math.max(a.left, b.left);
        const down = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
        if (across > 2 && down > 2) found.push(`${name}: ${named(within[i - 1])} and ${named(within[i])} run over each other`);
      }
    }
  }
  return [...new Set(found)];
}
"""


AROUND = "[role=dialog], dialog, [role=toolbar], [role=listbox], [role=menu], .menu"
"""What opens over a page; where one is named, it alone is examined."""


def findings(page: Page, within: Locator | None = None) -> list[str]:
    """What axe has to say of the page, or of what has opened around an element: a line each with rule and element."""
    page.evaluate(AXE)
    run = "rules => axe.run(document, rules)"
    opened = f"(e, rules) => axe.run(e.closest('{AROUND}') ?? document, rules)"
    answer: dict[str, Any] = (
        page.evaluate(run, RULES) if within is None else within.first.evaluate(opened, RULES)
    )
    return [
        f"{v['id']}: {node['target']} {node['failureSummary'].splitlines()[-1].strip()}"
        for v in answer["violations"]
        for node in v["nodes"]
    ]


def at_a_glance(page: Page, places: str) -> list[str]:
    """What is seen to be wrong in each of the places that a selector names, a line each."""
    found: list[str] = page.evaluate(SEEN, places)
    return found


def too_wide(page: Page) -> list[str]:
    """The page where it is wider than the window."""
    wide = int(page.evaluate("document.documentElement.scrollWidth - innerWidth"))
    return [f"{page.url} is {wide} px too wide"] if wide > 0 else []
