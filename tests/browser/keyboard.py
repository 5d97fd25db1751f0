"""Hands that have a keyboard and nothing else: Tab, Enter, Space, arrows and letters.

At each stop the focus has to be seen, on the screen and not under something else, and Tab has
to lead on.
"""

import re
from typing import Any

from playwright.sync_api import Page

MOST_STOPS = 250
MOST_LOOKS = 10
MOST_PARTS = 5  # a date has day, month, year and a calendar, all of them one field
_STOP = """() => {
  const it = document.activeElement;
  if (!it || it === document.body || it === document.documentElement) return null;
  if (!window.dipStops) window.dipStops = new WeakMap(), window.dipCount = 0;
  if (!window.dipStops.has(it)) window.dipStops.set(it, window.dipCount++);
  const style = getComputedStyle(it);
  const box = it.getBoundingClientRect();
  const x = Math.min(Math.max(box.left + box.width / 2, 0), innerWidth - 1);
  const y = Math.min(Math.max(box.top + Math.min(box.height / 2, 20), 0), innerHeight - 1);
  const top = document.elementFromPoint(x, y);
  const shown = top && (it.contains(top) || top.contains(it)
    || [...(it.labels || [])].some((label) => label.contains(top)));
  return {
    key: window.dipStops.get(it),
    html: it.outerHTML.slice(0, 160),
    tag: it.tagName,
    ringed: (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2)
      || style.boxShadow !== "none",
    inView: box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth,
    shown: Boolean(shown),
    name: (it.getAttribute("aria-label") || [...(it.labels || [])].map((l) => l.innerText).join(" ")
      || it.innerText || it.value || it.title || "").replace(/\\s+/g, " ").trim(),
  };
}"""


class Keyboard:
    """Somebody at this page who touches no mouse."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def go_to(self, name: str) -> None:
        """Press Tab until the focus is on what has this name, or a name that begins or ends so."""
        words = re.compile(rf"^(?:[a-z_]+ )?{re.escape(name)}(?:\b|$)")  # an icon has a name
        self.page.wait_for_load_state()
        key, same = None, 0
        for _ in range(MOST_STOPS):
            stop = self._stop()
            if stop is not None:
                where = f"{self.page.url}: {stop['html']}"
                assert stop["ringed"], f"the focus is not seen: {where}"
                assert stop["inView"], f"the focus is off the screen: {where}"
                assert stop["shown"], f"the focus is under something else: {where}"
                if words.search(stop["name"]):
                    return
                same = same + 1 if stop["key"] == key else 0
                assert same < MOST_PARTS, f"Tab does not lead on: {where}"
                key = stop["key"]
            self.page.keyboard.press("Tab")
        raise AssertionError(f"{self.page.url}: Tab does not lead to {name!r}")

    def _stop(self) -> dict[str, Any] | None:
        """Return where the focus is, once the page has scrolled there, which takes a moment."""
        for _ in range(MOST_LOOKS):
            stop: dict[str, Any] | None = self.page.evaluate(_STOP)
            if stop is None or (stop["inView"] and stop["shown"]):
                break
            self.page.wait_for_timeout(100)
        return stop

    def choose(self, name: str) -> None:
        """Follow a link, or press a button that leads to a page."""
        self.go_to(name)
        with self.page.expect_event("load"):
            self.page.keyboard.press("Enter")

    def tick(self, name: str) -> None:
        """Press Space on a box, or on what opens in its place."""
        self.go_to(name)
        self.page.keyboard.press("Space")

    def type(self, name: str, text: str) -> None:
        """Write in a field, over what it holds; a date as the browser's fields take it."""
        self.go_to(name)
        self.page.keyboard.press("ControlOrMeta+A")
        self.page.keyboard.type(text)

    def skip(self) -> None:
        """Follow the skip link, which has to come first and to lead to the content."""
        self.page.keyboard.press("Tab")
        stop = self.page.evaluate(_STOP)
        assert stop is not None
        assert stop["name"] == "Skip to the content", stop
        assert stop["inView"], stop
        self.page.keyboard.press("Enter")
        self.page.keyboard.press("Tab")
        inside = "document.querySelector('main').contains(document.activeElement)"
        assert self.page.evaluate(inside), self.page.evaluate(_STOP)
