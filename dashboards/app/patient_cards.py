"""The cards of Patients: whose lives these are, what stands there where a scenario has no people, one exhibit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape
from typing import Any

import panel_material_ui as pmui

from dashboards.app import look
from dashboards.app.patients.told import FEWEST
from dashboards.app.result import Result
from dashboards.report.exhibit import Exhibit
from scenarios.scenario import Scenario

MOST_SLIM = 14
"""Rows of a table beside another card."""
BELOW = (0, 0, 12, 0)


def top(result: Result | None) -> str:
    """Return the head of the page as HTML; `result` is that of the people shown, None where they are of none."""
    mark = f" data-result='{result.short}'" if result is not None else ""
    whose = (
        "People of the result on the other pages, made up and without names."
        if result is not None
        else "People who are not of the result on the other pages, made up and without names."
    )
    return (
        f"<h1 class='page'{mark}>Who are the patients, and why are they in this band?</h1>"
        f"<p class='question'>{whose} Groups of fewer than {FEWEST} are hidden.</p>"
    )


def nobody_card(scenario: Scenario, kinds: dict[str, str], runs: int, load: Callable[[str], Any]) -> Any:
    """Return what is shown where a scenario has no people: why, and buttons that load one that has (title -> name)."""
    text = (
        f"<h2>“{escape(scenario.title or scenario.name)}” has no people</h2><p class='sentence'>Its patients come "
        "from streams, one by one, and nothing of them is kept between visits: no drifting risk, no past, no band. "
        "Below are people of other kinds. These scenarios of the library have people of their own:</p>"
    )
    buttons = [
        pmui.Button(
            label=f"Load and run: {title}", variant="outlined", margin=4,
            sizing_mode="stretch_width", on_click=_loads(load, name),
        )
        for title, name in kinds.items()
    ]  # fmt: skip
    note = look.html(f"<p class='note'>{runs} paired runs, up to a minute; then all pages show them.</p>")
    beside = look.columns(*((button, {"xs": 12, "md": 4}) for button in buttons))
    return look.card(look.html(text), beside, note, margin=BELOW)


def _loads(load: Callable[[str], Any], name: str) -> Callable[[Any], Any]:
    async def pressed(event: Any) -> None:
        await load(name)

    return pressed


def exhibit_cards(exhibits: Sequence[Exhibit], key: str) -> list[Any]:
    """Return exhibits as cards, slim ones first and beside one another; `key` is of their result, or empty."""
    cards = [(_card(one, key), look.HALF if _is_slim(one) else look.WHOLE) for one in exhibits]
    return [look.columns(*sorted(cards, key=lambda card: card[1] is look.WHOLE))]


def _is_slim(exhibit: Exhibit) -> bool:
    """Whether half the width of a screen is enough."""
    table = exhibit.table
    return bool(exhibit.svg) or table is None or (len(table.columns) <= 5 and len(table.rows) <= MOST_SLIM)


def _card(exhibit: Exhibit, key: str) -> Any:
    head = look.heading(exhibit.title, exhibit.subtitle, key)
    return look.card(look.html(head + look.figures(exhibit) + look.reading(exhibit)), margin=BELOW)
