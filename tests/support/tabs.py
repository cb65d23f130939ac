"""Pages that go from test to test, each time as good as new.

A new browser context costs as much as several pages: processes that start, and every file of the portal once more.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from playwright.sync_api import Browser, ConsoleMessage, Error

from tests.support.stage import EMPTY

# What a test may do to a page, its context or their clock that cannot be undone, or not more cheaply than by a new one.
_LASTING = [
    "add_init_script", "add_locator_handler", "expose_binding", "expose_function", "fast_forward", "grant_permissions",
    "install", "new_cdp_session", "on", "once", "pause_at", "route", "route_from_har", "route_web_socket",
    "set_default_navigation_timeout", "set_extra_http_headers", "set_fixed_time", "set_geolocation", "set_offline",
    "set_system_time",
]  # fmt: skip
_MOST_KEPT = 6


class Tab:
    """A page in a context of its own, and what its console says of errors."""

    def __init__(self, browser: Browser, options: dict[str, Any]) -> None:
        self.options = options
        self.faults: list[str] = []
        self._listening = True
        self._changed_for_good = False
        self._context = browser.new_context(**options)
        self.page = self._context.new_page()
        self.page.set_default_timeout(10_000)
        self.page.on("console", self._note)
        self.page.on("pageerror", lambda error: self._hear(str(error)))
        self._open_tools = self._context.new_cdp_session
        self._tools: Any = None
        for thing in (self._context, self.page, self._context.clock):
            self._watch(thing)

    def begin(self) -> None:
        """Serve another test."""
        self.faults, self._listening = [], True
        self.page.set_default_timeout(10_000)

    def renew(self) -> bool:
        """Leave nothing of what a test did; False where only a new one is as good as new."""
        if self._changed_for_good or self.page.is_closed() or self._context.service_workers:
            return False
        try:
            self._leave()
            self._forget()
        except Error:
            return False
        return True

    def close(self) -> None:
        """Close it with all that belongs to it."""
        self._context.close()

    def _leave(self) -> None:
        """Go where no script runs; what the console said until then is heard."""
        for other in self._context.pages:
            if other != self.page:
                other.close()
        self.page.evaluate("0")
        self._listening = False
        self.page.goto(EMPTY)

    def _forget(self) -> None:
        # What stays is the cache: there the portal's files have names that say what they hold, and all else is asked
        # for anew or differs by cookie.
        self._tools = self._tools or self._open_tools(self.page)
        self._context.clear_cookies()
        address = {"origin": self.options["base_url"], "storageTypes": "all"}
        self._tools.send("Storage.clearDataForOrigin", address)
        self._tools.send("Page.resetNavigationHistory")
        self.page.evaluate("sessionStorage.clear(); window.name = ''")
        self.page.mouse.move(0, 0)
        if self.page.viewport_size != self.options["viewport"]:
            self.page.set_viewport_size(self.options["viewport"])
        scheme = self.options["color_scheme"]
        self.page.emulate_media(media="null", reduced_motion="null", forced_colors="null", color_scheme=scheme)

    def _note(self, message: ConsoleMessage) -> None:
        # A refused form answers 4xx, which browsers report as an error; tests look at the answers themselves.
        if message.type == "error" and not message.text.startswith("Failed to load resource"):
            self._hear(message.text)

    def _hear(self, fault: str) -> None:
        if self._listening:
            self.faults.append(fault)

    def _watch(self, thing: Any) -> None:
        for name in _LASTING:
            if hasattr(thing, name):
                setattr(thing, name, self._noted(getattr(thing, name)))

    def _noted(self, method: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(method)
        def do(*args: Any, **kwargs: Any) -> Any:
            self._changed_for_good = True
            return method(*args, **kwargs)

        return do


class Tabs:
    """The tabs of one browser that wait for a test which wants one with their options."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._kept: dict[str, Tab] = {}

    def lend(self, options: dict[str, Any]) -> Tab:
        """A tab with these options of a context."""
        tab = self._kept.pop(repr(sorted(options.items())), None)
        if tab is None:
            return Tab(self._browser, options)
        tab.begin()
        return tab

    def take_back(self, tab: Tab, *, keep: bool) -> None:
        """Make a tab as good as new for another test, or close it."""
        name = repr(sorted(tab.options.items()))
        if not keep or name in self._kept or not tab.renew():
            tab.close()
            return
        self._kept[name] = tab
        if len(self._kept) > _MOST_KEPT:
            self._kept.pop(next(iter(self._kept))).close()
