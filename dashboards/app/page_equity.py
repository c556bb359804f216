"""Equity: any group or crossing against any reference, the rules that must hold, and who is vaccinated."""

from __future__ import annotations

from typing import Any

import param

from dashboards.app.asked_page import AskedModel, AskedView, Work
from dashboards.app.audited import Asked, audit
from dashboards.app.result import Result, Tables
from policies.replication import dump_json
from scenarios.errors import FairwardError
from scenarios.scenario import Scenario
from sim.fairness.by_group import categories, groups_of
from sim.fairness.disparity import BEST, OVERALL
from sim.network import compile_network

NONE = "none"
GATES = """gates:
  - name: no group is treated in time much less often than all
    outcome: within_target
    by: {by}
    compare: difference
    to: overall
    at_least: -10 points
"""
LONGEST_GATES = 20_000


class Model(AskedModel):
    """What is asked of the audit of a side."""

    by = param.Selector(objects=[], label="Groups by", doc="An attribute of patients.")
    crossed = param.Selector(
        objects=[NONE], default=NONE, label="Crossed with", doc="Groups of two attributes at once."
    )
    reference = param.Selector(
        objects=[OVERALL, BEST],
        default=OVERALL,
        label="Compared with",
        doc="Everybody, the best-off, or one group.",
    )
    gates = param.String(default="", label="Rules (gates), as YAML", doc="See docs/equity.md.")

    def take(self, result: Result) -> None:
        """Offer what a result has; what was chosen stays if it can."""
        scenario = result.answer.scenario
        names = list(categories(compile_network(scenario)))
        self.offer_sides(result)
        self.offer("by", names, next((name for name in scenario.equity.groups if name in names), names[0]))
        self.offer("crossed", [NONE, *names], NONE)
        self.offer_references(scenario)
        self.gates = self.gates or GATES.format(by=self.by)

    def offer_references(self, scenario: Scenario) -> None:
        """Offer everybody, the best-off and each group, as the attributes now are."""
        groups = groups_of(compile_network(scenario), self.attribute)
        self.offer("reference", [OVERALL, BEST, *groups], OVERALL)

    @property
    def attribute(self) -> str:
        """What groups are by: one attribute, or two crossed."""
        return self.by if self.crossed in (NONE, self.by) else f"{self.by}*{self.crossed}"

    async def audit(self, *_: Any) -> None:
        """Audit the side chosen; a result that came meanwhile is audited next."""
        await self.ask(self._asked)
        while not self.busy and not self.message and self.found_of != self.session.desk.result.short:
            await self.ask(self._asked)

    def _asked(self, result: Result, tables: Tables) -> Work:
        if len(self.gates) > LONGEST_GATES:
            raise FairwardError(f"Rules: expected at most {LONGEST_GATES} characters.")
        places = [
            tables.parts.place(tables.side.policy, n) / "visits.parquet" for n in result.answer.replications
        ]
        reference = (
            self.reference if self.reference in (OVERALL, BEST) else f"{self.attribute}={self.reference}"
        )
        asked = Asked(
            dump_json(tables.side.scenario), self.side, result.answer.seed, tuple(map(str, places)),
            self.attribute, reference, self.gates,
        )  # fmt: skip
        return audit, asked


class View(AskedView):
    """Equity, on the screen."""

    model: Model

    def __init__(self, model: Model) -> None:
        import panel_material_ui as pmui

        from dashboards.app import look

        super().__init__(model, ("side", "by", "crossed", "reference"))
        self.gates = look.field(
            pmui.TextAreaInput, model.param.gates, rows=7, max_length=LONGEST_GATES, **self.wide
        )
        self.audit = self.button("Audit", "balance", model.audit)
        self.vaccine = look.filled()
        model.param.watch(self._offer, ["by", "crossed"])

    def layout(self) -> Any:
        """Return the page."""
        import panel_material_ui as pmui

        from dashboards.app import look

        boxes = [(picker, {"xs": 12, "sm": 6, "lg": 3}) for picker in self.pickers]
        asked = look.card(
            look.columns(*boxes),
            pmui.Accordion(
                ("Rules that must hold", self.gates), title_variant="body1", variant="outlined", elevation=0,
                sizing_mode="stretch_width", margin=6,
            ),
            self.audit, self.bar, self.say, margin=(0, 0, 12, 0),
        )  # fmt: skip
        return pmui.Column(self.top, asked, self.found, self.vaccine, sizing_mode="stretch_width", margin=0)

    async def show(self, result: Result) -> None:
        """Fill the page: what the answer itself says of the groups at once, the audit when it is done."""
        import panel as pn

        from dashboards.app import look
        from dashboards.app.page_decide import dots

        self.model.take(result)
        self.top.object = _top(result)
        self.vaccine[:] = [
            look.card(*dots(exhibit, result), margin=(0, 0, 12, 0)) for exhibit in result.vaccine
        ]
        if result.sides:
            self.forget_but(result)
            pn.state.execute(self.model.audit)
        else:
            self.found[:] = [
                look.card(*dots(exhibit, result), margin=(0, 0, 12, 0)) for exhibit in result.groups[:2]
            ]

    def _offer(self, *_: Any) -> None:
        result = self.model.session.desk.result
        if result is not None:
            self.model.offer_references(result.answer.scenario)


def _top(result: Result) -> str:
    how = "Small groups are hidden, and cannot be worked out by subtraction."
    if not result.sides:
        how += " The result that is shipped holds no patients: Audit makes its runs again, some seconds."
    return (
        f"<h1 class='page' data-result='{result.short}'>Who is worse off, and is any rule broken?</h1>"
        f"<p class='question'>{how}</p>"
    )
