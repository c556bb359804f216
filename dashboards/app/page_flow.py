"""Flow: one run of both sides patient by patient: who was moved where, hour by hour, which ways, and the event log."""

from __future__ import annotations

import asyncio
from typing import Any

import param

from dashboards.app.asked_page import AskedModel
from dashboards.app.followed import Followed, asked, follow
from dashboards.app.hours import Frame
from dashboards.app.log_pages import LogPage, Sought, log_csv, log_page, log_table
from dashboards.app.result import Result
from dashboards.app.service import compute_key
from dashboards.app.session import Session
from dashboards.app.taken_paths import HOSPITAL, Flows, flows
from dashboards.report.wording import number
from policies.parts import policy_folder
from scenarios.errors import FairwardError, UsageError
from sim.event_words import KINDS

ANY = "any"
SAME = "A patient has the same number on both sides."
OTHERS = "The sides do not have the same patients, so a number means another patient on the other side."
FILTERS = ("side", "hospital", "event", "patient", "after")


class Model(AskedModel):
    """Which run is followed, which hour and which rows of its log are shown."""

    run = param.Selector(objects=[], label="Run", doc="Both sides treat the same patients in it.")
    by = param.Selector(
        objects=[HOSPITAL], label="Paths begin with", doc="Where patients came, or who they are."
    )
    hour = param.Integer(default=1, bounds=(1, None))
    hospital = param.Selector(objects=[ANY], default=ANY, label="Hospital")
    event = param.Selector(objects=[ANY, *KINDS.values()], default=ANY, label="Event")
    patient = param.String(default="", label="Patient", doc="A number; empty: any.")
    after = param.Integer(default=0, bounds=(0, None), label="From hour")
    page = param.Integer(default=1, bounds=(1, None))
    version = param.Integer(default=0, doc="Counts runs followed.")
    pages_read = param.Integer(default=0, doc="Counts pages of the log.")

    def __init__(self, session: Session, **more: Any) -> None:
        super().__init__(session, **more)
        self.result: Result | None = None
        """Which the run followed is of."""
        self.runs: dict[str, Followed] = {}
        """By side, the reference first."""
        self.shown: LogPage | None = None
        self.param.watch(self._first_page, list(FILTERS))

    def take(self, result: Result) -> None:
        """Offer what a result has; what was chosen stays if it can."""
        self.offer_sides(result)
        self.offer("run", result.answer.replications, result.answer.replications[0])
        self.offer("hospital", [ANY, *result.answer.scenario.hospitals], ANY)

    async def follow(self, *_: Any) -> None:
        """Follow the run under both sides, in the pool; what is chosen meanwhile is followed next."""
        if self.busy:
            return
        self.param.update(busy=True, message="")
        try:
            while (wanted := self.session.desk.result) is not None and (wanted, self.run) != self._have():
                questions = {label: asked(wanted, label, self.run) for label in wanted.answer.policies}
                compute = self.session.service.compute
                done = await asyncio.gather(
                    *(compute(compute_key("follow", q), follow, q) for q in questions.values())
                )
                self._show(wanted, dict(zip(questions, done, strict=True)))
            await self.seek()
        except FairwardError as error:
            self.message = str(error)
        finally:
            self.busy = False

    def _have(self) -> tuple[Result | None, int]:
        return self.result, self.followed

    def _show(self, result: Result, found: dict[str, Followed]) -> None:
        self.result, self.runs = result, found
        option = list(found.values())[-1]
        beginnings = [name for name in option.journeys.columns if name not in ("care", "outcome")]
        self.offer("by", beginnings, HOSPITAL)
        waiting = option.hours.waiting.sum(axis=1)
        waiting[: int(option.hours.warm_up)] = -1
        self.param.update(hour=int(waiting.argmax()) + 1, version=self.version + 1)

    @property
    def followed(self) -> int:
        """The number of the run that is followed; 0: none yet."""
        return next((one.replication for one in self.runs.values()), 0)

    @property
    def key(self) -> str:
        """The key of the result that is followed, as people see it."""
        return self.result.short if self.result is not None else ""

    @property
    def kind(self) -> str:
        """What fills hospitals: beds, where there are any."""
        return next(iter(self.runs.values())).hours.kind

    @property
    def warm_up(self) -> float:
        """Hours that results do not count."""
        return next(iter(self.runs.values())).hours.warm_up

    @property
    def same_patients(self) -> bool:
        """Whether both sides met the same patients."""
        return len({one.workload for one in self.runs.values()}) == 1

    @property
    def titles(self) -> dict[str, str]:
        """Hospitals by name, as people call them."""
        assert self.result is not None
        return {
            name: self.result.story.hospital_title(name) for name in self.result.answer.scenario.hospitals
        }

    def frames(self) -> dict[str, Frame]:
        """Return how both sides stand at the hour shown."""
        return {label: one.hours.frame(min(self.hour, len(one.hours))) for label, one in self.runs.items()}

    def flows(self) -> dict[str, Flows]:
        """Return the paths of both sides."""
        return {label: flows(one.journeys, self.by) for label, one in self.runs.items()}

    def this_hour(self, *_: Any) -> None:
        """Look for what happened in the hour before the one shown."""
        self.after = self.hour - 1

    def sought(self) -> Sought:
        """Return what of the log is looked for. Raises `UsageError` for a patient who cannot be."""
        written = self.patient.strip()
        if written and not (written.isascii() and written.isdecimal() and len(written) < 12):
            raise UsageError(f"Patient: expected a number from 0, or nothing for all, got “{written[:20]}”.")
        kinds = {words: kind for kind, words in KINDS.items()}
        return Sought(
            None if self.hospital == ANY else self.hospital, kinds.get(self.event),
            int(written) if written else None, float(self.after),
        )  # fmt: skip

    async def seek(self, *_: Any) -> None:
        """Read one page of the log, off the event loop."""
        if self.side not in self.runs:
            return
        one, page = self.runs[self.side], self.page
        try:
            sought = self.sought()
        except UsageError as error:
            self.message = str(error)
            return
        shown = await asyncio.to_thread(log_page, one.log, one.words, sought, page)
        if (one, page) == (self.runs.get(self.side), self.page):
            self.shown = shown
            self.param.update(message="", pages_read=self.pages_read + 1)

    async def csv(self) -> bytes:
        """Return every row that is sought, with what it is of."""
        one = self.runs[self.side]
        about = {"result": one.key, "side": one.label, "run": one.replication}
        return await asyncio.to_thread(log_csv, one.log, one.words, self.sought(), about)

    def csv_name(self) -> str:
        """Return a file name that says of which result, run and side the log is."""
        one = self.runs[self.side]
        return f"fairward-log-{one.key}-run-{one.replication}-{policy_folder(one.label)}.csv"

    def _first_page(self, *_: Any) -> None:
        self.page = 1


class View:
    """Flow, on the screen."""

    def __init__(self, model: Model) -> None:
        import panel_material_ui as pmui

        from dashboards.app import look
        from dashboards.app.flow_cards import HourCard

        self.model = model
        wide: dict[str, Any] = {"sizing_mode": "stretch_width", "margin": 6}
        p = model.param
        self.run, self.by = (look.field(pmui.Select, p[name], **wide) for name in ("run", "by"))
        kinds = {"patient": pmui.TextInput, "after": pmui.IntInput}
        self.filters = [
            look.field(
                kinds.get(name, pmui.Select), p[name], sx=look.NUMBER if name == "after" else None, **wide
            )
            for name in FILTERS
        ]
        self.pages = pmui.Pagination(count=1, value=0, size="small", margin=6)
        self.csv = pmui.FileDownload(
            label="These rows (CSV)", filename="log.csv", callback=self._csv, margin=6, embed=False, auto=True
        )
        self.bar = look.progress("Following the patients", p.busy)
        self.say = pmui.Alert(object="", visible=False, severity="warning", **wide)
        self.top, self.log_head, self.log = (look.html() for _ in range(3))
        self.cards = [look.filled() for _ in range(3)]
        self.hourly = HourCard(model)
        self.to_log = pmui.Button(
            label="Find this hour in the log below", icon="manage_search", variant="outlined", size="small",
            on_click=model.this_hour, margin=6, width=280,
        )  # fmt: skip
        p.watch(self._speak, "message")
        p.watch(model.follow, "run")
        p.watch(self._followed, "version")
        p.watch(self._ways, "by")
        p.watch(self.hourly.show, "hour")
        p.watch(model.seek, [*FILTERS, "page"])
        p.watch(self._page_read, "pages_read")
        self.pages.param.watch(self._turned, "value")

    def layout(self) -> Any:
        """Return the page."""
        import panel_material_ui as pmui

        from dashboards.app import look

        size = {"xs": 6, "sm": 4, "lg": 2}
        which = look.columns((self.run, {"xs": 12, "sm": 6}), (self.by, {"xs": 12, "sm": 6}))
        log = look.card(
            self.log_head, look.columns(*((widget, size) for widget in self.filters)), self.log,
            pmui.FlexBox(self.pages, self.csv, margin=0),
        )  # fmt: skip
        return pmui.Column(
            self.top, look.card(which, self.bar, self.say, margin=(0, 0, 12, 0)), *self.cards, log,
            sizing_mode="stretch_width", margin=0,
        )  # fmt: skip

    async def show(self, result: Result) -> None:
        """Say what is coming, and follow the run; the charts come when it is done."""
        import panel as pn

        self.model.take(result)
        self.top.object = (
            f"<h1 class='page' data-result='{result.short}'>Where do patients go, hour by hour?</h1>"
            "<p class='question'>One run of each side, synthetic patients. It is an example, not an estimate: "
            "differences with their intervals stand on Decide.</p>"
        )
        pn.state.execute(self.model.follow)

    async def _followed(self, *_: Any) -> None:
        import panel as pn

        from dashboards.app.flow_cards import whole_card

        with pn.io.hold():
            self.cards[0][:] = [whole_card(self.model)]
            self.cards[1][:] = [self.hourly.card(self.to_log)]
        await self._ways()

    async def _ways(self, *_: Any) -> None:
        import panel as pn

        from dashboards.app import look
        from dashboards.app.flow_cards import ways_card
        from dashboards.app.sankey_chart import sankey_chart

        model = self.model
        if not model.runs:
            return
        now, found, room = (model.by, model.version), model.flows(), not look.on_a_phone()
        charts = {
            label: await model.session.service.draw(sankey_chart, flow, model.titles, model.key, room)
            for label, flow in found.items()
        }
        if now == (model.by, model.version):
            with pn.io.hold():
                self.cards[2][:] = [ways_card(model, found, charts)]

    def _page_read(self, *_: Any) -> None:
        from dashboards.app import look

        model, page = self.model, self.model.shown
        assert page is not None
        one = model.runs[model.side]
        method = (
            f"Run {one.replication} of {one.label}: {number(page.n_rows, 0)} rows found."
            f" {SAME if model.same_patients else OTHERS}"
        )
        self.log_head.object = look.heading("What exactly happened?", method, one.key)
        self.log.object = look.grid(log_table(page, model.titles))
        self.pages.param.update(count=page.n_pages, value=page.number - 1)
        self.csv.filename = model.csv_name()

    def _turned(self, event: Any) -> None:
        self.model.page = event.new + 1

    async def _csv(self) -> Any:
        import io

        return io.BytesIO(await self.model.csv())

    def _speak(self, *_: Any) -> None:
        from dashboards.app.look import as_written

        self.say.param.update(object=as_written(self.model.message), visible=bool(self.model.message))
