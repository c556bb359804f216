"""Decide: the sentence, who pays, tiles, differences, who waits, how full it gets, and how runs differ."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Any

import param

from dashboards.app.first_look import NO_TEST, Look
from dashboards.app.result import Result
from dashboards.app.session import Session
from dashboards.app.tiles import Tile, tiles
from dashboards.report.exhibit import Exhibit
from dashboards.report.occupancy import MOST_PANELS, Course, courses_of, read_census
from dashboards.report.wording import counted, sentence_case, unit
from policies.sentence import headline_metric
from scenarios.errors import FairwardError
from scenarios.units import format_duration

LONG = 220
"""Characters from which the sentence is set smaller."""


@dataclass(frozen=True)
class Runs:
    """One number a run, for the dots."""

    title: str
    axis: str
    values: tuple[float, ...]


class Model(param.Parameterized):
    """What Decide shows of a result."""

    attribute = param.Selector(objects=[], label="Groups by", doc="Whose waits are compared.")

    def __init__(self, session: Session, **more: Any) -> None:
        super().__init__(**more)
        self.session = session

    def take(self, result: Result) -> None:
        """Offer the attributes of a result; the chosen one stays if it can."""
        names = [exhibit.name for exhibit in result.groups]
        titles = {_title(exhibit): exhibit.name for exhibit in result.groups}
        self.param["attribute"].objects = titles
        if self.attribute not in names:
            self.attribute = names[0] if names else None

    def groups(self, result: Result) -> Exhibit | None:
        """Return the exhibit of the attribute chosen."""
        return next((exhibit for exhibit in result.groups if exhibit.name == self.attribute), None)

    def headline(self, result: Result) -> str:
        """Return the sentence."""
        return sentence_case(result.answer.sentence)

    def facts(self, result: Result) -> list[tuple[str, str]]:
        """Return where the numbers come from, in short."""
        answer = result.answer
        return [
            ("Data", "synthetic patients"),
            ("Paired runs", str(len(answer.replications))),
            ("Hospitals", str(len(answer.scenario.hospitals))),
            ("Time", format_duration(answer.scenario.horizon)),
            ("Seed", str(answer.seed)),
            ("Result", result.short),
            ("Made", "shipped with Fairward" if result.shipped else "on this machine"),
        ]

    def tiles(self, result: Result) -> list[Tile]:
        """Return the numbers to look at first."""
        return tiles(result.story)

    def courses(self, result: Result) -> list[tuple[str, list[Course | None]]]:
        """Return (hospital's title, its course by policy), at most twelve, the fullest."""
        census = read_census(result.story)
        found = [courses_of(census[p]) if p in census else {} for p in result.story.policies]
        names = [h for h in result.answer.scenario.hospitals if any(h in c for c in found)]
        peak = {h: max(float(c[h].high.max()) for c in found if h in c) for h in names}
        kept = set(sorted(names, key=lambda h: (-peak[h], h))[:MOST_PANELS])
        return [(result.story.hospital_title(h), [c.get(h) for c in found]) for h in names if h in kept]

    def runs(self, result: Result) -> Runs:
        """Return the headline outcome of the option, run by run."""
        story = result.story
        option = story.policies[-1]
        name = headline_metric(result.answer.scenario, result.answer.summaries[option])
        frame = result.answer.outcomes[option]
        rows = frame[(frame["metric"] == name) & (frame["attribute"] == "") & (frame["hospital"] == "")]
        scale = unit(story.metric(name).unit)
        values = tuple(float(v) * scale.factor for v in rows["value"].dropna())
        title = story.metric(name).title
        return Runs(title, f"{title}, {scale.axis}", values)


def _title(exhibit: Exhibit) -> str:
    return sentence_case(exhibit.title.removeprefix("Who waits, by ").removesuffix("?"))


def lead(model: Model, result: Result) -> str:
    """Return the top of the page as HTML."""
    said = model.headline(result)
    facts = "".join(
        f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in model.facts(result)
    )
    first, _, rest = said.partition("; ")
    more = "".join(
        f"<p class='sentence'>{escape(sentence_case(part))}</p>" for part in rest.split("; ") if part
    )
    return (
        f"<h1 class='lead' data-result='{result.short}'>{escape(first)}{'.' if rest else ''}</h1>{more}"
        f"<dl class='facts'>{facts}</dl>"
    )


def tile_list(found: list[Tile], reference: str, key: str) -> str:
    """Return the tiles as HTML."""
    marks = {"better": "tag tag-better", "worse": "tag tag-worse"}
    boxes = "".join(
        _tile(t, reference, f"<span class='{marks.get(t.reading, 'tag tag-no')}'>{escape(t.reading)}</span>")
        for t in found
    )
    return f"<ul class='tiles' aria-label='Key results of the option' data-result='{key}'>{boxes}</ul>"


def glance(look: Look) -> str:
    """Return a first look as HTML: numbers with intervals, no verdict, and that what is below is of before."""
    boxes = "".join(
        _tile(t, look.reference, "<span class='tag tag-no'>first look</span>") for t in look.tiles
    )
    return (
        f"<section class='look' role='status' aria-label='First look'><p class='lead'>{escape(look.sentence)}</p>"
        f"<p class='sentence'>{escape(NO_TEST)}</p><ul class='tiles'>{boxes}</ul>"
        "<p class='note'>Everything below shows the previous result until then.</p></section>"
    )


def _tile(t: Tile, reference: str, tag: str) -> str:
    return (
        f"<li class='tile'><span class='what'>{escape(t.what)}</span><div class='value'>{escape(t.value)}</div>"
        f"<span class='was'>{escape(t.was)} under {escape(reference)}</span>{tag}"
        f"<span class='range'>{escape(t.change)}</span></li>"
    )


class View:
    """Decide, on the screen."""

    def __init__(self, model: Model) -> None:
        import panel_material_ui as pmui

        from dashboards.app import look

        self.model = model
        self.look, self.lead, self.tiles = look.html(), look.html(), look.html(margin=(14, 0))
        self._shown: Result | None = None
        self.effects = look.filled()
        self.attribute = look.field(pmui.Select, model.param.attribute, margin=(4, 0))
        self.who, self.full, self.dots, self.vaccine = (look.filled() for _ in range(4))
        self.taken = look.filled(margin=(12, 0, 0, 0))
        model.param.watch(self._regroup, "attribute")
        model.session.desk.param.watch(self._glance, "look")
        self._glance()
        if (result := model.session.desk.result) is not None:
            self._first(result)
        self.head = pmui.Column(self.look, self.lead, self.tiles, sizing_mode="stretch_width", margin=0)
        """What is there before any chart is drawn."""

    def layout(self) -> Any:
        """Return the page below its head."""
        import panel_material_ui as pmui

        from dashboards.app import look

        who = look.card(self.attribute, self.who, margin=(0, 0, 12, 0))
        beside = pmui.Column(who, self.dots, self.vaccine, sizing_mode="stretch_width", margin=0)
        return pmui.Column(
            look.columns((self.effects, look.HALF), (beside, look.HALF), (self.full, look.WHOLE)),
            self.taken, sizing_mode="stretch_width", margin=0,
        )  # fmt: skip

    async def show(self, result: Result) -> None:
        """Fill the page."""
        self.model.take(result)
        self._shown = result
        self._glance()
        self._first(result)
        for fill in (self._effects, self._groups, self._courses, self._runs, self._vaccine, self._take):
            fill(result)

    def _first(self, result: Result) -> None:
        self.lead.object = lead(self.model, result)
        self.tiles.object = tile_list(self.model.tiles(result), result.story.label(0), result.short)

    def _glance(self, *_: Any) -> None:
        """Show the first look, until the page shows what came of it, or nothing comes."""
        desk = self.model.session.desk
        if desk.look is not None:
            self.look.object = glance(desk.look)
        elif desk.result is self._shown:
            self.look.object = ""

    def _take(self, result: Result) -> None:
        import panel_material_ui as pmui

        from dashboards.app import exports, look

        kinds = (
            ("Report (HTML)", "html", exports.as_html), ("Report (PDF)", "pdf", exports.as_pdf),
            ("Numbers (CSV)", "csv", exports.as_csv), ("Numbers (Parquet)", "parquet", exports.as_parquet),
        )  # fmt: skip
        buttons = [
            pmui.FileDownload(
                label=label, filename=exports.file_name(result, suffix), callback=self._made(make, result),
                margin=4, embed=False, auto=True,
            )
            for label, suffix, make in kinds
        ]  # fmt: skip
        method = "Everything of this result: charts, tables, limits, hashes. Opens without a network."
        head = look.heading("Take it with you", method, result.short)
        self.taken[:] = [look.card(look.html(head), pmui.FlexBox(*buttons, margin=0))]

    def _made(self, make: Any, result: Result) -> Any:
        """Return what a button calls; what goes wrong is said on the page, not in a file."""

        def download() -> Any:
            try:
                return make(result)
            except FairwardError as error:
                self.model.session.desk.message = str(error)
                raise

        return download

    def _regroup(self, *_: Any) -> None:
        # While another result is taken `show` does it: a chart that is replaced while it is being built is lost.
        if self._shown is not None and self._shown is self.model.session.desk.result:
            self._groups(self._shown)

    def _effects(self, result: Result) -> None:
        from dashboards.app import look

        self.effects[:] = [
            look.card(*dots(exhibit, result, True), margin=(0, 0, 12, 0)) for exhibit in result.differences
        ]

    def _groups(self, result: Result) -> None:
        exhibit = self.model.groups(result)
        self.who[:] = dots(exhibit, result) if exhibit is not None else []

    def _courses(self, result: Result) -> None:
        import panel as pn
        import panel_material_ui as pmui

        from dashboards.app import look
        from dashboards.app.charts import course_chart

        exhibit = result.course
        if exhibit is None:
            self.full[:] = []
            return
        found, scenario = self.model.courses(result), result.answer.scenario
        top = 1.06 * max(
            [100.0, *(float(c.high.max()) for _, several in found for c in several if c is not None)]
        )
        charts = [
            pmui.Grid(
                pn.pane.Bokeh(
                    course_chart(title, several, scenario.horizon, scenario.warm_up, top, result.short),
                    sizing_mode="stretch_width", height=185, margin=0,
                ),
                size={"xs": 12, "sm": 6, "md": 4, "lg": 3}, sizing_mode="stretch_width",
            )
            for title, several in found
        ]  # fmt: skip
        self.full[:] = [
            look.card(
                look.html(look.heading(exhibit.title, exhibit.subtitle, result.short)),
                pmui.Grid(*charts, container=True, spacing=1, sizing_mode="stretch_width", margin=0),
                look.html(look.reading(exhibit)),
            )
        ]

    def _runs(self, result: Result) -> None:
        import panel as pn

        from dashboards.app import look
        from dashboards.app.charts import quantile_dots

        runs = self.model.runs(result)
        if len(runs.values) < 2:
            self.dots[:] = []
            return
        low, high = min(runs.values), max(runs.values)
        method = (
            f"{runs.title} under {result.story.labels[-1]}. Twenty dots, each as likely as another; "
            f"from {counted(len(runs.values), 'run')}."
        )
        said = f"In these runs it lies between {low:.2f} and {high:.2f}."
        rows = "".join(
            f"<tr><th scope='row'>{n}</th><td>{v:.3f}</td></tr>" for n, v in enumerate(runs.values, 1)
        )
        table = (
            "<details><summary>The same as a table</summary><table><thead><tr><th scope='col'>Run</th>"
            f"<th scope='col'>{escape(runs.axis)}</th></tr></thead><tbody>{rows}</tbody></table></details>"
        )
        self.dots[:] = [
            look.card(
                look.html(look.heading("How much do runs differ?", method, result.short)),
                pn.pane.Bokeh(
                    quantile_dots(runs.values, runs.axis, result.short),
                    sizing_mode="stretch_width",
                    height=190,
                    margin=0,
                ),
                look.html(look.sentences(said) + table),
            )
        ]

    def _vaccine(self, result: Result) -> None:
        from dashboards.app import look

        self.vaccine[:] = [look.card(*dots(exhibit, result)) for exhibit in result.vaccine if exhibit.rows]


def dots(exhibit: Exhibit, result: Result, difference: bool = False) -> list[Any]:
    """Return an exhibit of dots: heading, chart, sentence and table."""
    import panel as pn

    from dashboards.app import look
    from dashboards.app.charts import dot_chart

    found: list[Any] = [look.html(look.heading(exhibit.title, exhibit.subtitle, result.short))]
    if exhibit.rows:
        chart = dot_chart(exhibit.rows, result.story.labels, exhibit.axis, result.short, difference)
        found.append(pn.pane.Bokeh(chart, sizing_mode="stretch_width", height=chart.height, margin=0))
    return [*found, look.html(look.reading(exhibit))]
