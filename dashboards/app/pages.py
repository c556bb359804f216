"""The register of pages: a page is a file `page_<name>.py` with `Model` and `View`, and one line here."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import Any, Protocol

from dashboards.app.result import Result
from dashboards.app.session import Session


class View(Protocol):
    """What a page shows; made as `View(model)`."""

    def layout(self) -> Any:
        """Return what is shown, made once; contents are filled by `show`."""
        ...

    async def show(self, result: Result) -> None:
        """Fill it from a result."""
        ...


@dataclass(frozen=True)
class Page:
    """One entry of the navigation."""

    name: str
    """In the URL, and `page_<name>.py`."""
    title: str
    question: str
    """What the page answers, under its title."""

    def view(self, session: Session) -> View:
        """Return the page for one visitor."""
        module = import_module(f"dashboards.app.page_{self.name}")
        view: View = module.View(module.Model(session))
        return view


PAGES = (
    Page("decide", "Decide", "What changes, for whom, and how sure is that?"),
    Page("equity", "Equity", "Which groups are worse off, and is any rule broken?"),
    Page("flow", "Flow", "Where do patients go, hour by hour, and what exactly happened?"),
    Page("tradeoffs", "Trade-offs", "What is gained here is lost there: which options does nothing beat?"),
    Page("override", "Override", "What is recommended now, and what if you decide otherwise?"),
    Page("explain", "Explain", "What moves the choices, and why was this patient moved?"),
    Page("patients", "Patients", "Who are the patients, and why are they in this band?"),
    Page("runs", "Runs & audit", "What was run, when and from what?"),
    Page("about", "About", "What do the words mean, and what can this not say?"),
)
