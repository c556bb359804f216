"""Explain: what moves a policy's choices, and why one patient was moved, and what if not."""

from __future__ import annotations

from html import escape
from typing import Any

import param

from dashboards.app.explained import Explained, Question, explain
from dashboards.app.result import Result
from dashboards.app.service import compute_key
from dashboards.app.session import Session
from policies.replication import dump_json
from scenarios.errors import FairwardError

ORDERS, RANKS = "what is ordered", "who waiting goes first"
RUNS = 4
"""In which the policy is watched; more are for the command line."""
OFFERED = 8
"""Moved patients whose numbers are named."""


class Model(param.Parameterized):
    """What is asked, and what was found."""

    side = param.Selector(objects=[], label="Side", doc="Which of the two is explained.")
    about = param.Selector(
        objects=[ORDERS, RANKS], label="Explain", doc="A policy that always orders the same has ranks only."
    )
    patient = param.Integer(default=0, bounds=(0, None), label="Patient", doc="Number in run 1.")
    moved = param.List(default=[], doc="Patients of run 1 who were moved, a few.")
    busy = param.Boolean(default=False)
    message = param.String(default="")

    def __init__(self, session: Session, **more: Any) -> None:
        super().__init__(**more)
        self.session = session
        self.found: Explained | None = None

    def take(self, result: Result) -> None:
        """Offer what a result has; what was chosen stays if it can."""
        labels = list(result.answer.policies)
        self.param["side"].objects = labels
        self.side = self.side if self.side in labels else labels[-1]
        self.offer_patients()

    def offer_patients(self) -> None:
        """Name some who were moved in run 1, where the runs are here."""
        result = self.session.desk.result
        self.moved = []
        if result is None or self.side not in result.sides:
            return
        visits = result.sides[self.side].table(result.answer.replications[0], "visits")
        moved = visits.loc[visits["n_transfers"] > 0, "patient"].head(OFFERED)
        self.moved = [int(number) for number in moved]
        if self.moved and self.patient not in self.moved:
            self.patient = self.moved[0]

    async def explain(self, *_: Any) -> None:
        """Explain the choices of the side."""
        await self._ask(None)

    async def follow(self, *_: Any) -> None:
        """Follow the patient, and run the other future."""
        await self._ask(self.patient)

    async def _ask(self, patient: int | None) -> None:
        desk, service = self.session.desk, self.session.service
        if self.busy or desk.result is None:
            return
        self.param.update(busy=True, message="")
        try:
            if not desk.result.sides:
                await desk.run()
            result = desk.result
            if self.side not in result.sides:
                raise FairwardError(desk.message or "The runs of this result are not here. Press Run first.")
            side = result.sides[self.side].side
            question = Question(
                dump_json(side.scenario), side.policy, result.answer.seed, RUNS, self.about == RANKS, patient,
                result.short,
            )  # fmt: skip
            self.found = await service.compute(
                compute_key("explain", result.key, question), explain, question
            )
            self.offer_patients()
        except FairwardError as error:
            self.message = str(error)
        finally:
            self.busy = False


class View:
    """Explain, on the screen."""

    def __init__(self, model: Model) -> None:
        import panel_material_ui as pmui

        from dashboards.app import look

        self.model = model
        wide = {"sizing_mode": "stretch_width", "margin": 6}
        self.pickers = [
            pmui.Select.from_param(model.param[name], size="small", description=model.param[name].doc, **wide)
            for name in ("side", "about")
        ]
        self.patient = pmui.IntInput.from_param(model.param.patient, size="small", **wide)
        self.moved = look.html()
        self.buttons = [
            pmui.Button(
                label=label,
                icon=icon,
                variant="contained",
                color="primary",
                on_click=action,
                disabled=model.param.busy,
                margin=6,
            )
            for label, icon, action in (
                ("Explain the choices", "query_stats", model.explain),
                ("Follow the patient", "route", model.follow),
            )
        ]
        self.bar = pmui.LinearProgress(visible=model.param.busy, **wide)
        self.say = pmui.Alert(object="", visible=False, alert_type="warning", **wide)
        self.top, self.found = look.html(), pmui.Column(sizing_mode="stretch_width", margin=0)
        model.param.watch(self._speak, "message")
        model.param.watch(self._offer, "moved")
        model.param.watch(self._done, "busy")

    def layout(self) -> Any:
        """Return the page."""
        import panel_material_ui as pmui

        from dashboards.app import look

        size = {"xs": 12, "sm": 6}
        asked = look.card(
            look.columns(*((picker, size) for picker in self.pickers)), self.buttons[0],
            look.columns((self.patient, size), (self.moved, size)), self.buttons[1], self.bar, self.say,
            margin=(0, 0, 12, 0),
        )  # fmt: skip
        return pmui.Column(self.top, asked, self.found, sizing_mode="stretch_width", margin=0)

    async def show(self, result: Result) -> None:
        """Offer what can be asked; explanations are made when asked for."""
        self.model.take(result)
        self.found[:] = []
        self.top.object = (
            f"<h1 class='page' data-result='{result.short}'>What moves the choices, and why was this patient moved?"
            "</h1><p class='question'>A contribution says what moves a score, and not whether the choice is good. "
            f"The policy is watched for {RUNS} runs; <code>fairward explain</code> takes more.</p>"
        )

    def _offer(self, *_: Any) -> None:
        numbers = ", ".join(map(str, self.model.moved))
        said = f"Moved in run 1: {numbers}." if numbers else "Nobody who was moved is known yet."
        self.moved.object = f"<p class='note'>{said}</p>"

    def _done(self, *_: Any) -> None:
        from dashboards.app import look

        found, result = self.model.found, self.model.session.desk.result
        if self.model.busy or found is None or result is None or found.key != result.short:
            return
        head = f"<h2 data-result='{found.key}'>{escape(found.title[:1].upper() + found.title[1:])}</h2>"
        cards = [look.card(look.html(head + look.sentences(found.sentence)))]
        for exhibit in found.exhibits:
            head = look.heading(exhibit.title, exhibit.subtitle, found.key)
            cards.append(look.card(look.html(head + look.figures(exhibit) + look.reading(exhibit))))
        notes = "".join(f"<li>{escape(note)}</li>" for note in found.notes)
        cards.append(
            look.card(
                look.html(f"<h2 data-result='{found.key}'>What this does not show</h2><ul>{notes}</ul>")
            )
        )
        for card in cards:
            card.margin = (0, 0, 12, 0)
        self.found[:] = cards

    def _speak(self, *_: Any) -> None:
        from dashboards.app.look import as_written

        self.say.param.update(object=as_written(self.model.message), visible=bool(self.model.message))
