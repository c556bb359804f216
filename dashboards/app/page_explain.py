"""Explain: what moves a policy's choices, and why one patient was moved, and what if not?"""

from __future__ import annotations

from typing import Any

import param

from dashboards.app.asked_page import AskedModel, AskedView, Work
from dashboards.app.explained import Question, explain
from dashboards.app.result import Result, Tables
from policies.replication import dump_json

ORDERS, RANKS = "what is ordered", "who waiting goes first"
RUNS = 4
"""In which the policy is watched; more are for the command line."""
OFFERED = 8
"""Moved patients whose numbers are named."""


class Model(AskedModel):
    """What is asked of a side's policy."""

    about = param.Selector(
        objects=[ORDERS, RANKS], label="Explain", doc="A policy that always orders the same has ranks only."
    )
    patient = param.Integer(default=0, bounds=(0, None), label="Patient", doc="Number in run 1.")
    moved = param.List(default=[], doc="Patients of run 1 who were moved, a few.")

    def take(self, result: Result) -> None:
        """Offer what a result has; what was chosen stays if it can."""
        self.offer_sides(result)
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
        ranks = self.about == RANKS

        def work(result: Result, tables: Tables) -> Work:
            side = tables.side
            question = Question(
                dump_json(side.scenario), side.policy, side.label, result.answer.seed, RUNS, ranks, patient
            )
            return explain, question

        await self.ask(work)
        self.offer_patients()


class View(AskedView):
    """Explain, on the screen."""

    model: Model

    def __init__(self, model: Model) -> None:
        import panel_material_ui as pmui

        from dashboards.app import look

        super().__init__(model, ("side", "about"))
        self.patient = look.field(pmui.IntInput, model.param.patient, sx=look.NUMBER, **self.wide)
        self.moved = look.html()
        self.buttons = [
            self.button("Explain the choices", "query_stats", model.explain),
            self.button("Follow the patient", "route", model.follow),
        ]
        model.param.watch(self._offer, "moved")

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
        self.forget_but(result)
        self.top.object = (
            f"<h1 class='page' data-result='{result.short}'>What moves the choices, and why was this patient moved?"
            "</h1><p class='question'>A contribution says what moves a score, and not whether the choice is good. "
            f"The policy is watched for {RUNS} runs; <code>fairward explain</code> takes more.</p>"
        )

    def _offer(self, *_: Any) -> None:
        numbers = ", ".join(map(str, self.model.moved))
        said = f"Moved in run 1: {numbers}." if numbers else "Nobody who was moved is known yet."
        self.moved.object = f"<p class='note'>{said}</p>"
