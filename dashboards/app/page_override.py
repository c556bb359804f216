"""Override: step through one run, see what is recommended and why not, decide otherwise, and have it on record."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from html import escape
from typing import Any

import param

from dashboards.app.advised import (
    by_group,
    census,
    label,
    ledger_table,
    most_changed,
    sentence,
    waiting_course,
)
from dashboards.app.result import Result
from dashboards.app.session import Session
from dashboards.report.wording import counted
from policies.advice.advised_run import AdvisedRun
from policies.advice.ledger import Ledger
from policies.advice.modes import MODES
from policies.changes import Change, Given, Without
from policies.futures import Futures
from scenarios.errors import FairwardError, UsageError
from scenarios.rules import QueueRule
from sim.protocol import Waiting

LEDGER = "ledger.sqlite"
"""In the folder of runs."""
SHOWN_ENTRIES = 20
NOBODY, AS_ADVISED = "nobody", "as recommended"
RULES = ("first-come", "acuity", "longest-wait-within-target")
"""Queue rules that need no parameters."""
STARTING = ({"xs": 12, "sm": 6}, {"xs": 6, "sm": 3}, {"xs": 6, "sm": 3})
"""How wide the fields are with which a run is begun."""
MOST_OFFERED = 60
"""Waiting patients that can be chosen for a move: those who wait longest."""


class Model(param.Parameterized):
    """One run under the option's policy, and what the visitor does with its advice."""

    mode = param.Selector(
        default="normal",
        objects={f"{name}: {mode.title}": name for name, mode in MODES.items()},
        label="Supply",
        doc="Changes beds, staff or vaccine, not who comes.",
    )
    replication = param.Integer(default=1, bounds=(1, 1000), label="Run", doc="Which patients come.")
    who = param.String(default="", label="Your name", doc="Stands in the record.")
    rationale = param.String(default="", label="Why", doc="Needed to override; stands in the record.")
    left_out = param.ListSelector(
        default=[], objects=[], label="Leave out", doc="Recommended orders that are not given."
    )
    divert = param.ListSelector(default=[], objects=[], label="Send ambulances away from")
    rule_at = param.Selector(objects=[], label="Queue at")
    rule = param.Selector(default=AS_ADVISED, objects=[AS_ADVISED, *RULES], label="is ordered by")
    patient = param.Selector(default=NOBODY, objects=[NOBODY], label="Move a patient")
    to = param.Selector(objects=[], label="to")

    busy = param.Boolean(default=False)
    message = param.String(default="")
    version = param.Integer(default=0, doc="Counts what happened to the run; views depend on it.")

    def __init__(self, session: Session, **more: Any) -> None:
        super().__init__(**more)
        self.session = session
        self.ledger = Ledger(session.shelf.place / LEDGER)
        self.run: AdvisedRun | None = None
        self.seen: Futures | None = None
        """Both futures of the changes chosen; None when they have not been looked at."""
        self._moves: dict[str, tuple[Waiting, tuple[str, ...]]] = {}
        choices = ["left_out", "divert", "rule_at", "rule", "patient", "to"]
        self.param.watch(self._forget, choices)
        self.param.watch(self._offer_places, "patient")

    async def start(self, *_: Any) -> None:
        """Begin the run of the option that the sidebar says."""

        def begun() -> AdvisedRun:
            option = self.session.desk.question().option
            seed = self.session.desk.seed
            return AdvisedRun(option.scenario, option.policy, seed, self.replication, self.mode, self.ledger)

        def begin() -> None:
            self.run = begun()

        await self._do(begin)

    async def look(self, *_: Any) -> None:
        """See both futures of the changes chosen."""

        def look() -> None:
            self.seen = self._started().futures(self.changes())

        await self._do(look, moved=False)

    async def accept(self, *_: Any) -> None:
        """Follow the advice, and have that on record."""
        await self._do(lambda: self._started().accept(self.who, self.rationale))

    async def override(self, *_: Any) -> None:
        """Order what is chosen instead, and have that on record."""
        await self._do(lambda: self._started().override(self.changes(), self.who, self.rationale, self.seen))

    async def a_day_on(self, *_: Any) -> None:
        """Follow the advice for a day, without entries."""

        def on() -> None:
            run = self._started()
            until = (run.decision.time if run.decision else 0.0) + 24.0
            run.follow(lambda decision: decision.time >= until)

        await self._do(on)

    async def until_somebody_waits(self, *_: Any) -> None:
        """Follow the advice, at least once, to a decision at which somebody waits, without entries."""

        def on() -> None:
            run = self._started()
            before = run.number
            run.follow(lambda decision: run.number > before and bool(decision.waiting))

        await self._do(on)

    def changes(self) -> list[Change]:
        """Return what the choices change of the recommendation. Raises `UsageError` if that is nothing."""
        run = self._started()
        by_label = {label(order): order for order in run.orders()}
        found: list[Change] = [
            Without(by_label[said].hospital, by_label[said].part)
            for said in self.left_out
            if said in by_label
        ]
        found += [Given(name, {"divert": True}) for name in self.divert]
        if self.rule != AS_ADVISED and self.rule_at:
            found.append(Given(self.rule_at, {"queue_rule": QueueRule.model_validate({self.rule: {}})}))
        if self.patient in self._moves and self.to:
            found.append(self._move())
        if not found:
            raise UsageError("No change is chosen: leave out an order, or give another.")
        return found

    def _move(self) -> Change:
        run = self._started()
        waiting, _ = self._moves[self.patient]
        hospital = list(run.scenario.hospitals)[waiting.hospital]
        given = run.recommended.orders.get(hospital)
        moves = dict(given.moves) if given is not None else {}
        return Given(hospital, {"moves": {**moves, waiting.patient: self.to}})

    def _started(self) -> AdvisedRun:
        if self.run is None:
            raise UsageError("There is no run yet: press Start.")
        return self.run

    async def _do(self, work: Callable[[], None], moved: bool = True) -> None:
        """Work in a thread, one thing at a time: the run lives in this process and its kernel lets others go on."""
        if self.busy:
            return
        self.param.update(busy=True, message="")
        try:
            await asyncio.to_thread(work)
        except FairwardError as error:
            self.message = str(error)
        else:
            if moved:
                self._offer()
            self.version += 1
        finally:
            self.busy = False

    def _offer(self) -> None:
        """Offer what can be chosen at the present decision, and choose nothing of it."""
        run = self._started()
        decision, places = run.decision, list(run.scenario.hospitals)
        self._moves = {}
        if decision is not None:
            needs = decision.names.needs
            for waiting in sorted(decision.waiting, key=lambda w: -w.hours)[:MOST_OFFERED]:
                legal = decision.hospitals[waiting.hospital].legal.moves[needs.index(waiting.step)]
                if legal and not waiting.boarding:
                    said = (
                        f"{waiting.patient}, {decision.names.acuities[waiting.acuity]}, waits {waiting.hours:.1f} h "
                        f"at {places[waiting.hospital]} for {waiting.step}"
                    )
                    self._moves[said] = (waiting, tuple(places[h] for h in legal))
        for name, objects in (
            ("left_out", [label(order) for order in run.orders()]),
            ("divert", places),
            ("rule_at", places),
            ("patient", [NOBODY, *self._moves]),
        ):
            self.param[name].objects = objects
        self.param.update(
            left_out=[], divert=[], rule_at=places[0], rule=AS_ADVISED, patient=NOBODY, rationale=""
        )

    def _offer_places(self, *_: Any) -> None:
        legal: Sequence[str] = self._moves[self.patient][1] if self.patient in self._moves else ()
        self.param["to"].objects = list(legal)
        self.to = legal[0] if legal else None

    def _forget(self, *_: Any) -> None:
        if self.seen is not None:
            self.seen = None
            self.version += 1


def lead(model: Model) -> str:
    """Return the state of the run as HTML."""
    run = model.run
    if run is None:
        return (
            "<h1 class='lead'>Step through one run of the option in the sidebar, and overrule it where you know "
            "better.</h1><p class='soft'>You see the recommended orders and, before you decide, both futures of the "
            "same patients. What you do stands in a record to which one can only add.</p>"
        )
    when = (
        "The run is over."
        if run.decision is None
        else f"Decision {run.number}, at hour {run.decision.time:g}."
    )
    return (
        f"<h1 class='lead'>{escape(when)}</h1><p class='soft'>{escape(run.name)}. Supply: "
        f"{escape(MODES[run.mode].title)}. Synthetic patients.</p>"
    )


def ledger_text(model: Model) -> str:
    """Return the record's head as HTML: how long it is, and whether somebody has meddled with it."""
    entries = model.ledger.entries()
    if not entries:
        return "<p class='soft'>Nothing has been decided yet.</p>"
    broken = model.ledger.broken()
    state = (
        "Every entry is as it was written."
        if broken is None
        else f"Entry {broken} is not as it was written: the record has been changed from outside."
    )
    return f"<p class='sentence'>{counted(len(entries), 'entry', 'entries')}. {escape(state)}</p>"


class View:
    """Override, on the screen."""

    def __init__(self, model: Model) -> None:
        import panel as pn
        import panel_material_ui as pmui

        from dashboards.app import look

        fill: dict[str, Any] = {"sizing_mode": "stretch_width"}
        self.model = model
        user = getattr(pn.state, "user", None)
        if user and not model.who:
            model.who = str(user)
        self.lead, self.table, self.advice, self.record = (look.html() for _ in range(4))
        self.said = pmui.Alert(object="", visible=False, severity="warning", margin=(8, 0), **fill)
        self.both = look.filled()
        p = model.param
        self.to = look.field(pmui.Select, p.to, visible=False)
        self.starting = [
            look.field(pmui.Select, p.mode),
            look.field(pmui.IntInput, p.replication, sx=look.NUMBER),
            self._button("Start", model.start, "contained"),
        ]
        self.choosing = [
            pmui.CheckBoxGroup.from_param(p.left_out, description="", **fill),
            pmui.CheckBoxGroup.from_param(p.divert, description="", inline=True, **fill),
            pmui.Row(
                *(look.field(pmui.Select, p[name]) for name in ("rule_at", "rule")),
                **fill,
            ),
            look.field(pmui.Select, p.patient),
            self.to,
            look.field(pmui.TextInput, p.who),
            look.field(pmui.TextInput, p.rationale),
        ]
        self.deciding = pmui.FlexBox(
            self._button("See both futures", model.look),
            self._button("Accept", model.accept, "contained"),
            self._button("Override", model.override, "contained"),
            self._button("Follow the advice for a day", model.a_day_on),
            self._button("… until somebody waits", model.until_somebody_waits),
        )
        self.download = pmui.FileDownload(
            callback=self._csv, filename="fairward-ledger.csv", label="Download the record (CSV)", margin=(8, 0),
            embed=False, auto=True,
        )  # fmt: skip
        self.work = look.filled(visible=False, margin=(0, 0, 12, 0))
        model.param.watch(self._fill, ["version", "message", "to"])

    def layout(self) -> Any:
        """Return the page."""
        import panel_material_ui as pmui

        from dashboards.app import look

        self.work[:] = [
            look.columns(
                (
                    look.card(
                        look.html(
                            look.heading("How do the hospitals stand?", "What the policy sees, in short.")
                        ),
                        self.table,
                    ),
                    look.HALF,
                ),
                (look.card(self.advice, *self.choosing, self.deciding), look.HALF),
                (self.both, look.WHOLE),
            )
        ]
        record = look.card(
            look.html(
                look.heading(
                    "Who decided what, and why?",
                    "A record to which one can only add; each entry holds the hash of the one before.",
                )
            ),
            self.record,
            self.download,
        )
        self._fill()
        return pmui.Column(
            look.card(
                self.lead, look.columns(*zip(self.starting, STARTING, strict=True)), self.said, margin=(0, 0, 12, 0)
            ),
            self.work, record,
            sizing_mode="stretch_width", margin=0,
        )  # fmt: skip

    async def show(self, result: Result) -> None:
        """Nothing here depends on the result of the other pages: a run is begun by Start."""

    def _button(self, text: str, action: Callable[..., Any], variant: str = "outlined") -> Any:
        import panel_material_ui as pmui

        width = 48 + 9 * len(text)
        return pmui.Button(
            label=text,
            variant=variant,
            on_click=action,
            margin=(6, 10, 6, 0),
            width=width,
            sizing_mode="fixed",
        )

    def _csv(self) -> Any:
        import io

        return io.BytesIO(self.model.ledger.as_csv().encode())

    def _fill(self, *_: Any) -> None:
        from dashboards.app import look

        model, run = self.model, self.model.run
        self.said.param.update(object=look.as_written(model.message), visible=bool(model.message))
        self.lead.object = lead(model)
        try:
            entries = model.ledger.entries()[-SHOWN_ENTRIES:]
            self.record.object = ledger_text(model) + (look.grid(ledger_table(entries)) if entries else "")
        except FairwardError as error:
            self.record.object = f"<p class='sentence'>{escape(str(error))}</p>"
        self.to.visible = bool(model.to)
        self.work.visible = run is not None and run.decision is not None
        if run is None or run.decision is None:
            return
        self.table.object = look.grid(census(run, run.decision))
        orders = "".join(f"<li>{escape(label(order))}</li>" for order in run.orders())
        self.advice.object = look.heading(
            "What is recommended?", f"The orders of {run.policy} until the next decision."
        ) + (
            f"<ul>{orders}</ul>" if orders else "<p class='sentence'>Nothing: go on as the scenario says.</p>"
        )
        self._futures(run)

    def _futures(self, run: AdvisedRun) -> None:
        import panel as pn

        from dashboards.app import look
        from dashboards.app.futures_chart import HEIGHT, futures_chart

        seen = self.model.seen
        if seen is None:
            self.both[:] = []
            return
        course = waiting_course(seen, run.scenario.horizon)
        groups = by_group(seen, run)
        said = look.sentences(sentence(seen, f"replication {run.replication}"))
        hourly = "".join(
            f"<tr><th scope='row'>{hour:g}</th><td>{a}</td><td>{b}</td></tr>"
            for hour, a, b in zip(
                course.hours[::6], course.as_it_was[::6], course.if_changed[::6], strict=True
            )
        )
        table = (
            "<details><summary>The same as a table</summary><table><thead><tr><th scope='col'>Hour</th>"
            "<th scope='col'>As recommended</th><th scope='col'>As changed</th></tr></thead>"
            f"<tbody>{hourly}</tbody></table></details>"
        )
        self.both[:] = [
            look.card(
                look.html(
                    look.heading(
                        "What if?",
                        "Both futures of the same patients with the same luck; later the policy decides in both.",
                    )
                ),
                pn.pane.Bokeh(
                    futures_chart(course.hours, course.as_it_was, course.if_changed),
                    sizing_mode="stretch_width",
                    height=HEIGHT,
                    margin=0,
                ),
                look.html(
                    said + table + (look.grid(groups) if groups else "") + look.grid(most_changed(seen))
                ),
            )
        ]
