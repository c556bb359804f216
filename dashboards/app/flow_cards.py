"""The cards of Flow: the map of a whole run, the map hour by hour with its player, the paths. All of one result."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

import panel as pn
import panel_material_ui as pmui

from dashboards.app import look
from dashboards.app.followed import side_of
from dashboards.app.hours import Frame
from dashboards.app.map_chart import MapChart
from dashboards.app.map_places import in_the_order_of_directions, places, radii
from dashboards.app.moves_told import clock, hour_sentence, state_table, whole_sentence, whole_table
from dashboards.app.taken_paths import CARE_MEANS, SMALL, Flows, flow_tables, flows_sentence
from dashboards.report.exhibit import Table
from dashboards.report.wording import sentence_case

if TYPE_CHECKING:
    from dashboards.app.page_flow import Model

PLACED = "Distances follow the travel times as well as a page allows."
ORDERED = "Directions follow the travel times, distances do not."
BELOW = (0, 0, 12, 0)
MILLISECONDS = 800
"""An hour, when the player runs."""
STEPS = {
    "& .MuiIconButton-root": {"color": "text.primary"},
    "@media (prefers-reduced-motion: reduce)": {
        "& .play, & .pause, & .slower, & .faster": {"display": "none"}
    },
}
"""Who asks for less motion has no button that starts any; hours are stepped through."""
BUTTONS = ["slower", "first", "previous", "pause", "play", "next", "last", "faster"]
FEW = 4
"""Patients on one way in an hour that get the widest arrow, if there are never more."""


def whole_card(model: Model) -> Any:
    """Return who was moved where in the whole run, on both sides."""
    frames = {label: one.hours.whole() for label, one in model.runs.items()}
    titles = list(model.titles.values())
    most = max((n for frame in frames.values() for n in frame.moved.values()), default=1)
    queue = max(float(frame.waiting.max()) for frame in frames.values())
    method = (
        f"Run {model.followed} after the warm-up. A circle's area is its number of beds, how far it is filled how many "
        f"{model.kind} were in use on average; a dashed ring: patients waiting. An arrow's width and number: patients "
        f"who departed that way. {ORDERED if in_the_order_of_directions(len(titles)) else PLACED}"
    )
    said = "\n".join(whole_sentence(label, one.hours, titles) for label, one in model.runs.items())
    tables = (
        whole_table(frames, titles),
        state_table(frames, titles, "In use of what is open and patients waiting, on average"),
    )
    charts = {label: _map(model, label, frame, most, queue) for label, frame in frames.items()}
    return look.card(
        look.html(look.heading("Who was moved where?", method, model.key)),
        _beside({label: _pane(chart) for label, chart in charts.items()}),
        look.html(look.sentences(said) + _folded(tables)), margin=BELOW,
    )  # fmt: skip


class HourCard:
    """The hospitals at one hour, and the player that moves it."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.player = pmui.Player(
            label="Hour", start=1, end=1, value=1, interval=MILLISECONDS, loop_policy="once", show_loop_controls=False,
            show_value=True, value_align="start", visible_buttons=BUTTONS, sx=STEPS,
            sizing_mode="stretch_width", margin=6,
        )  # fmt: skip
        self.text = look.html()
        self.maps: dict[str, MapChart] = {}
        self.drawn_for = 0
        """`version` of the model when the maps were drawn."""
        self.player.param.watch(self._played, "value")

    def card(self, *below: Any) -> Any:
        """Return it for the runs that the model has."""
        model = self.model
        hours = [one.hours for one in model.runs.values()]
        most = max(
            [
                FEW,
                *(int(h.moves.groupby(["hour", "origin", "to"]).size().max()) for h in hours if len(h.moves)),
            ]
        )
        queue = max(float(h.waiting.max()) for h in hours)
        self.maps = {label: _map(model, label, frame, most, queue) for label, frame in model.frames().items()}
        self.drawn_for = model.version
        self.player.param.update(direction=0, start=1, end=min(map(len, hours)), value=model.hour)
        method = (
            f"Run {model.followed}, just before each whole hour, as above; arrows: departures in the hour before. "
            f"It begins where most waited under {list(model.runs)[-1]}. Nothing moves until you press a button."
        )
        self.show()
        return look.card(
            look.html(look.heading("What happened when?", method, model.key)), self.player,
            _beside({label: _pane(chart) for label, chart in self.maps.items()}), self.text, *below,
            margin=BELOW,
        )  # fmt: skip

    def show(self, *_: Any) -> None:
        """Show the hour that the model says."""
        model = self.model
        if self.drawn_for != model.version:
            return  # the maps are of another run, perhaps of other hospitals
        frames, titles = model.frames(), list(model.titles.values())
        for label, frame in frames.items():
            self.maps[label].show(frame)
        warm = " (warm-up: not counted in results)" if model.hour <= model.warm_up else ""
        said = [f"Hour {model.hour}, {clock(model.hour)}{warm}."]
        said += [hour_sentence(label, frame, model.kind, titles) for label, frame in frames.items()]
        table = state_table(
            frames, titles, f"In use of what is open and patients waiting at hour {model.hour}"
        )
        self.text.object = look.sentences("\n".join(said)) + _folded((table,))

    def _played(self, event: Any) -> None:
        self.model.hour = event.new


def ways_card(model: Model, found: dict[str, Flows], charts: dict[str, Any]) -> Any:
    """Return which ways patients took, on both sides."""
    method = f"Run {model.followed}: all who came after the warm-up, each in one path. {CARE_MEANS}"
    said = "\n".join(flows_sentence(label, model.followed, flow) for label, flow in found.items())
    merged = any(flow.merged for flow in found.values())
    note = f"<p class='note'>{sentence_case(SMALL)} patients are put together.</p>" if merged else ""
    tables = "".join(
        f"<h3>{escape(label)}</h3>{_folded(flow_tables(flow, model.titles))}" for label, flow in found.items()
    )
    panes = [
        box
        for label, chart in charts.items()
        if chart is not None
        for box in (
            look.html(f"<h3>{escape(label)}</h3>"),
            pn.pane.Bokeh(chart, sizing_mode="stretch_width", height=chart.height, margin=0),
        )
    ]
    head = look.html(look.heading("Which ways did patients take?", method, model.key))
    return look.card(head, *panes, look.html(look.sentences(said) + tables + note), margin=BELOW)


def _map(model: Model, label: str, frame: Frame, most: int, queue: float) -> MapChart:
    scenario = side_of(model.result, label).scenario
    titles = list(model.titles.values())
    return MapChart(
        places(scenario), radii(scenario), titles, frame, most, queue, model.key, look.on_a_phone()
    )


def _pane(chart: MapChart) -> Any:
    return pn.pane.Bokeh(
        chart.figure, sizing_mode="scale_width", aspect_ratio=chart.figure.aspect_ratio, margin=0
    )


def _beside(panes: dict[str, Any]) -> Any:
    """Return charts under their labels, beside one another where there is room."""
    boxes = [
        pmui.Column(look.html(f"<h3>{escape(label)}</h3>"), pane, sizing_mode="stretch_width", margin=0)
        for label, pane in panes.items()
    ]
    return look.columns(*((box, look.HALF) for box in boxes))


def _folded(tables: tuple[Table, ...] | list[Table]) -> str:
    several = "The same as tables" if len(tables) > 1 else "The same as a table"
    return f"<details><summary>{several}</summary>{''.join(map(look.grid, tables))}</details>"
