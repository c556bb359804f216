"""Equity: any group or crossing against any reference, the rules that must hold, and who is vaccinated."""

from __future__ import annotations

from html import escape
from typing import Any

import param

from dashboards.app.audited import Asked, Audited, audit
from dashboards.app.result import Result
from dashboards.app.service import compute_key
from dashboards.app.session import Session
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


class Model(param.Parameterized):
    """What is asked of the audit, and what it found."""

    side = param.Selector(objects=[], label="Side", doc="Which of the two is audited.")
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
    busy = param.Boolean(default=False)
    message = param.String(default="")

    def __init__(self, session: Session, **more: Any) -> None:
        super().__init__(**more)
        self.session = session
        self.found: Audited | None = None

    def take(self, result: Result) -> None:
        """Offer what a result has; what was chosen stays if it can."""
        scenario = result.answer.scenario
        names = list(categories(compile_network(scenario)))
        first = next((name for name in scenario.equity.groups if name in names), names[0])
        self.param["side"].objects = list(result.answer.policies)
        self.param["by"].objects = names
        self.param["crossed"].objects = [NONE, *names]
        self.param.update(
            side=self.side if self.side in result.answer.policies else result.answer.policies[-1],
            by=self.by if self.by in names else first,
            crossed=self.crossed if self.crossed in (NONE, *names) else NONE,
        )
        self.offer_references(scenario)
        self.gates = self.gates or GATES.format(by=self.by)

    def offer_references(self, scenario: Scenario) -> None:
        """Offer everybody, the best-off and each group, as the attributes now are."""
        known = [OVERALL, BEST, *groups_of(compile_network(scenario), self.attribute)]
        self.param["reference"].objects = known
        self.reference = self.reference if self.reference in known else OVERALL

    @property
    def attribute(self) -> str:
        """What groups are by: one attribute, or two crossed."""
        return self.by if self.crossed in (NONE, self.by) else f"{self.by}*{self.crossed}"

    async def audit(self, *_: Any) -> None:
        """Audit the side chosen; a shipped result holds no patients, so its runs are made first."""
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
            asked = self._asked(result)
            self.found = await service.compute(compute_key("audit", result.key, asked), audit, asked)
        except FairwardError as error:
            self.message = str(error)
        finally:
            self.busy = False

    def _asked(self, result: Result) -> Asked:
        if len(self.gates) > LONGEST_GATES:
            raise FairwardError(f"Rules: expected at most {LONGEST_GATES} characters.")
        tables = result.sides[self.side]
        places = [
            tables.parts.place(tables.side.policy, n) / "visits.parquet" for n in result.answer.replications
        ]
        reference = (
            self.reference if self.reference in (OVERALL, BEST) else f"{self.attribute}={self.reference}"
        )
        return Asked(
            dump_json(tables.side.scenario), self.side, result.answer.seed, tuple(map(str, places)),
            self.attribute, reference, self.gates, result.short,
        )  # fmt: skip


class View:
    """Equity, on the screen."""

    def __init__(self, model: Model) -> None:
        import panel_material_ui as pmui

        from dashboards.app import look

        self.model = model
        wide = {"sizing_mode": "stretch_width", "margin": 6}
        self.pickers = [
            pmui.Select.from_param(model.param[name], size="small", description=model.param[name].doc, **wide)
            for name in ("side", "by", "crossed", "reference")
        ]
        self.gates = pmui.TextAreaInput.from_param(
            model.param.gates, rows=7, max_length=LONGEST_GATES, **wide
        )
        self.button = pmui.Button(
            label="Audit", icon="balance", variant="contained", color="primary", on_click=model.audit,
            disabled=model.param.busy, margin=6,
        )  # fmt: skip
        self.bar = pmui.LinearProgress(visible=model.param.busy, sizing_mode="stretch_width", margin=6)
        self.say = pmui.Alert(
            object="", visible=False, alert_type="warning", sizing_mode="stretch_width", margin=6
        )
        self.top, self.found = look.html(), pmui.Column(sizing_mode="stretch_width", margin=0)
        self.vaccine = pmui.Column(sizing_mode="stretch_width", margin=0)
        model.param.watch(self._speak, "message")
        model.param.watch(self._done, "busy")
        model.param.watch(self._offer, ["by", "crossed"])

    def layout(self) -> Any:
        """Return the page."""
        import panel_material_ui as pmui

        from dashboards.app import look

        boxes = [(picker, {"xs": 12, "sm": 6, "lg": 3}) for picker in self.pickers]
        asked = look.card(
            look.columns(*boxes),
            pmui.Details(self.gates, title="Rules that must hold", sizing_mode="stretch_width", margin=6),
            self.button, self.bar, self.say, margin=(0, 0, 12, 0),
        )  # fmt: skip
        return pmui.Column(self.top, asked, self.found, self.vaccine, sizing_mode="stretch_width", margin=0)

    async def show(self, result: Result) -> None:
        """Fill the page: what the answer itself says of the groups at once, the audit when it is done."""
        from dashboards.app import look
        from dashboards.app.page_decide import dots

        self.model.take(result)
        self.top.object = _top(result)
        self.vaccine[:] = [
            look.card(*dots(exhibit, result), margin=(0, 0, 12, 0)) for exhibit in result.vaccine
        ]
        if result.sides:
            await self.model.audit()
        else:
            self.found[:] = [
                look.card(*dots(exhibit, result), margin=(0, 0, 12, 0)) for exhibit in result.groups[:2]
            ]

    def _done(self, *_: Any) -> None:
        from dashboards.app import look

        found, result = self.model.found, self.model.session.desk.result
        if self.model.busy or found is None or result is None or found.key != result.short:
            return
        cards = [
            look.card(
                look.html(
                    f"<h2 data-result='{found.key}'>The audit in a sentence</h2>"
                    + look.sentences(found.sentence)
                )
            )
        ]
        for exhibit in found.exhibits:
            head = look.heading(exhibit.title, exhibit.subtitle, found.key)
            cards.append(look.card(look.html(head + look.figures(exhibit) + look.reading(exhibit))))
        notes = "".join(f"<li>{escape(note)}</li>" for note in found.notes)
        cards.append(
            look.card(look.html(f"<h2 data-result='{found.key}'>What to bear in mind</h2><ul>{notes}</ul>"))
        )
        for card in cards:
            card.margin = (0, 0, 12, 0)
        self.found[:] = cards

    def _offer(self, *_: Any) -> None:
        result = self.model.session.desk.result
        if result is not None:
            self.model.offer_references(result.answer.scenario)

    def _speak(self, *_: Any) -> None:
        from dashboards.app.look import as_written

        self.say.param.update(object=as_written(self.model.message), visible=bool(self.model.message))


def _top(result: Result) -> str:
    how = "Small groups are hidden, and cannot be worked out by subtraction."
    if not result.sides:
        how += " The result that is shipped holds no patients: Audit makes its runs again, some seconds."
    return (
        f"<h1 class='page' data-result='{result.short}'>Who is worse off, and is any rule broken?</h1>"
        f"<p class='question'>{how}</p>"
    )
