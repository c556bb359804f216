"""The frame of every page: title, navigation, the sidebar, messages, the address."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import panel as pn
import panel_material_ui as pmui

from dashboards.app import look
from dashboards.app.desk import CHOICES, URL_VERSION, Desk
from dashboards.app.pages import PAGES, Page, View
from dashboards.app.session import Session
from dashboards.app.sidebar import sidebar

IN_ADDRESS = {"url_version": "v", "page": "page", **{name: name for name in CHOICES}}
FILL: dict[str, Any] = {"sizing_mode": "stretch_width"}
CHANGED = "The choices have changed. The charts show the previous result until you press **Run**."
STALE = "This first result was made by another version of Fairward. **Run** makes it anew."


class Shell:
    """The frame, for one visitor."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.desk: Desk = session.desk
        self._views: dict[str, View] = {}
        self._shown: dict[str, str] = {}
        self._laid_out: set[str] = set()
        self._places = {page.name: look.filled(margin=(14, 0, 0, 0)) for page in PAGES}
        self._tabs = pmui.Tabs(
            *((page.title, self._places[page.name]) for page in PAGES),
            dynamic=True,
            margin=0,
            sx=look.TABS,
            **FILL,
        )
        self._say = pmui.Alert(object="", visible=False, severity="warning", margin=(0, 0, 10, 0), **FILL)
        self._note = pmui.Alert(object="", visible=False, severity="info", margin=(0, 0, 10, 0), **FILL)

    def page(self) -> pmui.Page:
        """Return the page; what takes time to draw follows when the browser is there."""
        self._connect()
        with suppress(Exception):  # tried again, and told, when the browser is there
            self._view(PAGES[self._tabs.active])
        main = pmui.Column(self._say, self._note, self._tabs, margin=(8, 20, 40, 20), **FILL)
        page = pmui.Page(
            title="Fairward", theme_config=look.THEME, sidebar=sidebar(self.desk), sidebar_width=320, main=[main],
            sidebar_open=not look.on_a_phone(), sidebar_resizable=False, raw_css=[look.STILL], sx=look.NO_BUSY_BAR,
            meta_name="Fairward", meta_description="What-if for a network of hospitals, on synthetic patients",
        )  # fmt: skip

        async def first() -> None:
            await self.fill()
            _dark_where_the_system_is(page)

        pn.state.onload(first)
        if self.desk.stale:  # a link asks for another result than the one that is there
            pn.state.onload(self.desk.run)
        return page

    async def fill(self) -> None:
        """Make and fill the page that is open; where that fails the visitor is told, and the other pages still work."""
        page = PAGES[self._tabs.active]
        try:
            await self._fill(page)
        except Exception:
            self.desk.message = (
                f"The page “{page.title}” cannot be shown: a fault of Fairward, told in the server's log."
            )
            raise

    async def _fill(self, page: Page) -> None:
        view, result, place = self._view(page), self.desk.result, self._places[page.name]
        fresh = page.name not in self._laid_out
        if fresh:
            layout = view.layout()
            self._laid_out.add(page.name)
        try:
            if result is not None and self._shown.get(page.name) != result.key:
                self._shown[page.name] = result.key
                # All at once: a Bokeh chart that is moved while it is being built is lost.
                with pn.io.hold():
                    await view.show(result)
        finally:
            if fresh:
                place[:] = [*place, layout]

    def _view(self, page: Page) -> View:
        """Return a page; its head, if it has one, is seen before its charts are drawn."""
        if page.name not in self._views:
            view = page.view(self.session)
            if (head := getattr(view, "head", None)) is not None:
                self._places[page.name][:] = [head]
            self._views[page.name] = view
        return self._views[page.name]

    def _connect(self) -> None:
        names = [page.name for page in PAGES]
        desk, tabs = self.desk, self._tabs

        def opened(*_: Any) -> None:
            desk.page = names[tabs.active]
            pn.state.execute(self.fill)

        def asked(*_: Any) -> None:
            if desk.page in names and tabs.active != names.index(desk.page):
                tabs.active = names.index(desk.page)

        def finished(*_: Any) -> None:
            pn.state.execute(self.fill)

        asked()
        tabs.param.watch(opened, "active")
        desk.param.watch(asked, "page")
        desk.param.watch(finished, "version")
        desk.param.watch(self._speak, ["message", "stale", "running", "version"])
        self._speak()

    def _speak(self, *_: Any) -> None:
        desk = self.desk
        self._say.param.update(object=look.as_written(desk.message), visible=bool(desk.message))
        outdated = desk.result is not None and desk.result.shipped and self.session.service.outdated
        said = CHANGED if desk.stale and not desk.running else STALE if outdated else ""
        self._note.param.update(object=said, visible=bool(said))


def _dark_where_the_system_is(page: pmui.Page) -> None:
    """Follow the visitor's system, also when it changes; the button in the bar decides until then."""
    system = pn.state.browser_info
    if system is None:
        return

    def follow(*_: Any) -> None:
        page.dark_theme = bool(system.dark_mode)

    system.param.watch(follow, "dark_mode")
    follow()


def address(desk: Desk) -> None:
    """Keep the choices in the address, as scalars with a version, and take them from it."""
    location = pn.state.location
    if location is None:
        return
    location.sync(desk, dict(IN_ADDRESS), on_error=desk.not_in_link)
    if desk.url_version != URL_VERSION:
        desk.message = (
            "The address was made by another version of Fairward; what it says may have changed its meaning."
        )
