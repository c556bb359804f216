"""Patients: people one by one, how their risk moves, what happened to them, which band they are in and why."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import Any

import param

from dashboards.app.asked_page import AskedModel, AskedView
from dashboards.app.desk import Desk
from dashboards.app.patients.cardiac import HeartCohort
from dashboards.app.patients.cohort import Source
from dashboards.app.patients.offered import ANYBODY, bands_offered, groups_offered, people_offered
from dashboards.app.patients.records import Records, library
from dashboards.app.patients.residents import Residents, Run, live
from dashboards.app.patients.tasks import Gathered, Seen, gather, library_with_people, look_at
from dashboards.app.result import Result
from dashboards.app.service import compute_key
from dashboards.app.session import Session
from dashboards.app.uploads import MOST_BYTES, held_to_size, shown_name
from dashboards.report.wording import tidy
from policies.replication import dump_json
from policies.thresholds.moves import (
    HIGHEST_HIGH,
    INDEX,
    LEAST_TOP_K,
    LOWEST_MODERATE,
    MOST_TOP_K,
    STEPS,
    Setting,
)
from policies.thresholds.settings_file import SHIPPED
from scenarios.errors import FairwardError, UsageError

PEOPLE, LIBRARY, HEART = (
    "people of this result",
    "shipped profiles",
    "heart patients",
)
LOADED_RUNS = 5
EXAMPLE = Path(__file__).parent / "patients" / "flu-season-profiles.yaml"
"""A scenario whose people have clinical profiles; none of the library's have."""
PAIR = ("vaccine-population", "vaccine-risk")
"""Policies that a scenario with people is loaded with, where it has vaccine."""
THRESHOLDS = [k / STEPS for k in range(LOWEST_MODERATE, HIGHEST_HIGH + 1)]
ASKED = ("source", "side", "run", "day", "by", "group", "band", "came", "person", "moderate", "high", "top_k")


class Model(AskedModel):
    """Whose lives are looked at, and one of them."""

    source = param.Selector(objects=[LIBRARY, HEART], label="Whose lives", doc="Where the people come from.")
    run = param.Selector(objects=[1], label="Run", doc="Each run has people of its own.")
    day = param.Integer(default=0, bounds=(0, None), label="Day", doc="On which the risks are shown.")
    by = param.Selector(objects=[], label="Groups by", doc="An attribute of the people.")
    group = param.Selector(objects=[ANYBODY], label="Choose among", doc="Of which group.")
    band = param.Selector(objects=[ANYBODY], label="In the band", doc="Of which risk band.")
    came = param.Boolean(default=True, label="Only those who came to a hospital")
    person = param.Selector(objects={}, label="Person", doc="The highest risk first.")
    moderate = param.Selector(objects=THRESHOLDS, default=SHIPPED.moderate / STEPS, label="Moderate from")
    high = param.Selector(objects=THRESHOLDS, default=SHIPPED.high / STEPS, label="High from")
    top_k = param.Selector(
        objects=list(range(LEAST_TOP_K, MOST_TOP_K + 1)), default=SHIPPED.top_k, label="Reasons given"
    )

    def __init__(self, session: Session, **more: Any) -> None:
        super().__init__(session, **more)
        self.gathered: Gathered | None = None
        self.seen: Seen | None = None
        self.offered = ""
        """What is to be said of the list of people."""
        self.uploads: dict[str, bytes] = {}
        self._answered: tuple[Any, ...] = ()
        self._had_people = False

    def take(self, result: Result) -> None:
        """Offer what a result has; what was chosen stays if it can. People, where there are any anew, are chosen."""
        has_people = result.answer.scenario.population is not None
        self.offer_sides(result)
        self.offer("run", list(result.answer.replications), result.answer.replications[0])
        last = int(result.answer.scenario.horizon // 24)
        self.param["day"].bounds = (0, last)
        self.day = last // 2 if not self._had_people else min(self.day, last)
        self.offer("source", [*([PEOPLE] if has_people else []), LIBRARY, HEART, *self.uploads], LIBRARY)
        if has_people and not self._had_people:
            self.source = PEOPLE
        self._had_people = has_people

    @property
    def own_bands(self) -> bool:
        """Whether the scenario sets the thresholds, so that none are chosen here."""
        result = self.session.desk.result
        population = None if result is None else result.answer.scenario.population
        return self.source == PEOPLE and population is not None and population.risk.bands is not None

    @property
    def has_people(self) -> bool:
        """Whether the result shown has people of its own."""
        return self._had_people

    @property
    def settled(self) -> bool:
        """Whether what was found answers what is asked."""
        return not self.busy and self._answered == self._asked()

    def upload(self, name: str, content: bytes) -> None:
        """Take a file of profiles and choose it; what is wrong with it is said."""
        shown = shown_name(name)
        try:
            held_to_size(shown, content, "Read it on a command line: fairward profiles report FILE.")
        except FairwardError as error:
            self.message = f"The upload was not taken. {error}"
            return
        self.uploads[f"uploaded: {shown}"] = content
        self.offer("source", [*self.param["source"].objects, f"uploaded: {shown}"], LIBRARY)
        self.source = f"uploaded: {shown}"

    async def load(self, name: str) -> None:
        """Choose a scenario of the library that has people, or the example, and run it."""
        desk: Desk = self.session.desk
        if self.busy:
            return
        self.busy = True
        try:
            if name == EXAMPLE.stem:
                desk.upload(EXAMPLE.name, EXAMPLE.read_bytes())
            else:
                desk.scenario = name
            desk.runs = LOADED_RUNS
            if set(PAIR) <= set(desk.policy_choices()):
                desk.param.update(reference=PAIR[0], policy=PAIR[1])
            await desk.run()
        finally:
            self.busy = False
        await self.follow()

    async def follow(self, *_: Any) -> None:
        """Bring what is shown up to what is asked; what is asked meanwhile is answered too."""
        if self.busy or self.session.desk.result is None or self._asked() == self._answered:
            return
        self.param.update(busy=True, message="")
        try:
            while (asked := self._asked()) != self._answered:
                try:
                    await self._answer()
                except FairwardError as error:
                    self.message = str(error)
                    self.gathered = self.seen = None
                if asked == self._asked():
                    self._answered = asked
        finally:
            self.busy = False

    def _asked(self) -> tuple[Any, ...]:
        result = self.session.desk.result
        key = result.key if result is not None and self.source == PEOPLE else ""
        return (key, *(getattr(self, name) for name in ASKED))

    async def _answer(self) -> None:
        service = self.session.service
        source = await self._source()
        by = self.by or ""
        found: Gathered = await service.compute(compute_key("gather", source.key, by), gather, source, by)
        self.gathered = found
        self.offer("by", {tidy(name): name for name in found.cohort.groups}, found.by)
        self._offer_people(found)
        self.seen = None
        if self.person is not None:
            key = compute_key("look", source.key, self.person, self.top_k)
            self.seen = await service.compute(key, look_at, source, self.person, self.top_k)

    async def _source(self) -> Source:
        setting = Setting(round(self.moderate * STEPS), round(self.high * STEPS), SHIPPED.top_k)
        if setting not in INDEX:
            raise UsageError("“Moderate from” must be below “High from”.")
        if self.source == LIBRARY:
            return library(INDEX[setting])
        if self.source == HEART:
            return HeartCohort(INDEX[setting])
        if self.source in self.uploads:
            return Records(self.source.removeprefix("uploaded: "), self.uploads[self.source], INDEX[setting])
        desk = self.session.desk
        if not desk.result.sides:
            await desk.run()
        result = desk.result
        if self.side not in result.sides:
            raise FairwardError(desk.message or "The runs of this result are not here. Press Run first.")
        tables = result.sides[self.side]
        run = Run(
            dump_json(tables.side.scenario), tables.side.policy, result.answer.seed, self.run,
            result.answer.provenance["logs"][self.side][result.answer.replications.index(self.run)],
            str(tables.parts.folder), self.side,
        )  # fmt: skip
        lives = await self.session.service.compute(compute_key("lives", run.key), live, run)
        return Residents(run, lives, self.day, INDEX[setting])

    def _offer_people(self, found: Gathered) -> None:
        cohort = found.cohort
        self.offer("group", groups_offered(cohort, found.by, found.counts), ANYBODY)
        self.offer("band", bands_offered(cohort), ANYBODY)
        offered = people_offered(cohort, found.by, self.group, self.band, self.came)
        self.offered = offered.said
        self.offer("person", offered.people, None)
        if self.person is None and offered.people:
            self.person = next(iter(self.param["person"].objects))


class View(AskedView):
    """Patients, on the screen."""

    model: Model

    def __init__(self, model: Model) -> None:
        import panel as pn
        import panel_material_ui as pmui

        from dashboards.app import look

        super().__init__(model, ("source", "by", "side", "run"))
        p = model.param
        self.day = look.field(pmui.IntInput, p.day, sx=look.NUMBER, **self.wide)
        self.levels = [look.field(pmui.Select, p[k], **self.wide) for k in ("moderate", "high", "top_k")]
        self.among = [look.field(pmui.Select, p[k], **self.wide) for k in ("group", "band", "person")]
        self.came = pmui.Checkbox.from_param(p.came, description="", **self.wide)
        self.offered = look.html()
        self.file = pmui.FileInput(
            label="Upload profiles (CSV or Parquet)",
            accept=".csv,.parquet",
            max_file_size=2 * MOST_BYTES,
            margin=6,
        )
        self.file.param.watch(self._upload, "value")
        self.empty = look.filled()
        model.param.watch(lambda *_: pn.state.execute(model.follow), list(ASKED))

    def layout(self) -> Any:
        """Return the page."""
        import panel_material_ui as pmui

        from dashboards.app import look

        third, quarter = {"xs": 12, "sm": 6, "lg": 4}, {"xs": 12, "sm": 6, "lg": 3}
        source, by, *of_run = self.pickers
        whose = look.card(
            look.columns((source, third), (by, third), (self.file, third)),
            look.columns(*((one, third) for one in (*of_run, self.day))),
            look.columns(*((one, third) for one in self.levels)), margin=(0, 0, 12, 0),
        )  # fmt: skip
        who = look.card(
            look.columns(*((one, quarter) for one in self.among), (self.came, quarter)),
            self.offered, self.bar, self.say, margin=(0, 0, 12, 0),
        )  # fmt: skip
        return pmui.Column(
            self.top, self.empty, whose, who, self.found, sizing_mode="stretch_width", margin=0
        )

    async def show(self, result: Result) -> None:
        """Offer what a result has; the people follow when a worker has them."""
        import panel as pn

        from dashboards.app.patient_cards import top

        self.model.take(result)
        self.top.object = top(result if self.model.source == PEOPLE else None)
        nobody = [] if self.model.has_people else [await self._nobody(result)]
        if result is not self.model.session.desk.result:
            return  # another came while the library was read, and is shown already
        self.empty[:] = nobody
        self._arrange()
        pn.state.execute(self.model.follow)

    async def _nobody(self, result: Result) -> Any:
        from dashboards.app.patient_cards import nobody_card

        model = self.model
        found = await model.session.service.compute("scenarios with people", library_with_people)
        kinds = {**found, "Flu season, people with clinical profiles": EXAMPLE.stem}
        return nobody_card(result.answer.scenario, kinds, LOADED_RUNS, model.load)

    def _arrange(self) -> None:
        """Show the pickers that do something."""
        people = self.model.source == PEOPLE
        for one in (*self.pickers[2:], self.day, self.came):
            one.visible = people
        for one in self.levels[:2]:
            one.visible = not self.model.own_bands

    def _upload(self, event: Any) -> None:
        if event.new:
            self.model.upload(str(self.file.filename or "profiles.csv"), event.new)

    def _done(self, *_: Any) -> None:
        from dashboards.app.patient_cards import exhibit_cards, top

        model, result = self.model, self.model.session.desk.result
        if not model.settled or result is None:
            return
        self._arrange()
        key = result.short if model.source == PEOPLE else ""
        self.top.object = top(result if key else None)
        self.offered.object = f"<p class='note'>{escape(model.offered)}</p>"
        shown = [one.exhibits for one in (model.gathered, model.seen) if one is not None]
        self.found[:] = exhibit_cards([exhibit for several in shown for exhibit in several], key)
