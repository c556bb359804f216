"""Trade-offs: many policies on the same patients, by two outcomes; tap one to load it."""

from __future__ import annotations

from functools import partial
from html import escape
from typing import Any

import param

from dashboards.app.desk import Desk
from dashboards.app.result import Result
from dashboards.app.service import compute_key
from dashboards.app.session import Session
from policies.objective import Objective, parse_objective, values_of
from policies.told import Told
from policies.tradeoffs.front import Front, front
from policies.tradeoffs.telling import tell_front
from scenarios.errors import FairwardError
from scenarios.scenario import Scenario
from sim.network import compile_network
from sim.outcomes import METRICS

FIRST = ("first-come", "acuity", "longest-wait", "c-mu", "max-weight", "equity-weighted")
FIRST_VACCINE = ("neutral", "vaccine-population", "vaccine-risk", "vaccine-need")
OUTCOMES = ("untreated_hours", "within_target", "left_share", "died_share", "coverage", "waste_share")


class Model(param.Parameterized):
    """Which policies, by which outcomes, and the front that they make."""

    policies = param.ListSelector(default=[], objects=[], label="Policies", doc="All meet the same patients.")
    across = param.Selector(objects=[], label="Across", doc="The first outcome.")
    up = param.Selector(objects=[], label="Up", doc="The second outcome.")
    busy = param.Boolean(default=False)
    progress = param.Integer(default=0, bounds=(0, 100))
    message = param.String(default="")

    def __init__(self, session: Session, **more: Any) -> None:
        super().__init__(**more)
        self.session = session
        self.found: Front | None = None
        self.told: Told | None = None
        self.key = ""
        self.compared: tuple[str, ...] = ()
        """The policies of the front, as the sidebar names them."""
        session.desk.param.watch(self.take, "scenario")

    def take(self, *_: Any) -> None:
        """Offer what the scenario chosen has; what was chosen stays if it can."""
        try:
            scenario = self.session.desk.chosen
        except FairwardError:  # said elsewhere; the choices stay
            return
        known = self.session.desk.policy_choices()
        objectives = _objectives(scenario)
        first = FIRST_VACCINE if "vaccine-need" in known and "coverage" in objectives.values() else FIRST
        written = list(objectives.values())
        kept = [name for name in self.policies if name in known]
        across = self.across if self.across in written else written[0]
        others = [one for one in written if one != across]
        up = self.up if self.up in others else next((w for w in others if w.startswith("gap:")), others[-1])
        # Chosen before it is offered: a field whose choice is gone takes the first there is, and says so here.
        self.param["policies"].objects = {self.session.desk.policy_title(name): name for name in known}
        self.param["across"].objects = self.param["up"].objects = objectives
        self.param.update(policies=kept or [name for name in first if name in known], across=across, up=up)

    async def compare(self, *_: Any) -> None:
        """Run the policies with the levers as they are, and find the front."""
        desk, service = self.session.desk, self.session.service
        if self.busy:
            return
        self.param.update(busy=True, progress=0, message="")
        try:
            if len(self.policies) < 2 or self.across == self.up:
                raise FairwardError("Choose at least two policies, and two different outcomes.")
            objectives = [parse_objective(self.across), parse_objective(self.up)]
            scenario = desk.changed
            sides = [desk.side(name, scenario) for name in self.policies]
            key = compute_key([(side.identity, side.policy) for side in sides], desk.seed, desk.runs)
            frames = await service.several(key, sides, desk.seed, desk.runs, self._tick)
            labels = tuple(side.label for side in sides)
            self.found = await service.draw(_front, objectives, frames, labels, desk.seed)
            self.compared = tuple(self.policies)
            self.told = tell_front(self.found, scenario.title or scenario.name, key[:8])
            self.key = key[:8]
        except FairwardError as error:
            self.message = str(error)
        finally:
            self.busy = False

    async def load(self, k: int) -> None:
        """Make a policy the option and run it."""
        if 0 <= k < len(self.compared):
            desk: Desk = self.session.desk
            desk.policy = self.compared[k]
            await desk.run()
            if not desk.message:
                desk.page = "decide"

    def _tick(self, done: int, wanted: int) -> None:
        self.progress = int(100 * done / wanted)


def _front(objectives: list[Objective], frames: dict[str, Any], labels: tuple[str, ...], seed: int) -> Front:
    return front([[values_of(one, frames[label]) for one in objectives] for label in labels], labels, seed)


def _objectives(scenario: Scenario) -> dict[str, str]:
    """Return title -> objective as written: everybody's outcomes, then gaps and worst groups."""
    network = compile_network(scenario)
    measured = [name for name in OUTCOMES if METRICS[name].better and METRICS[name].applies(network)]
    written = list(measured)
    for attribute in scenario.equity.groups:
        written += [f"{kind}:{name}:{attribute}" for kind in ("gap", "worst") for name in measured[:2]]
    return {parse_objective(one).title: one for one in written}


class View:
    """Trade-offs, on the screen."""

    def __init__(self, model: Model) -> None:
        import panel_material_ui as pmui

        from dashboards.app import look

        self.model = model
        wide = {"sizing_mode": "stretch_width", "margin": 6}
        self.policies = look.field(pmui.MultiChoice, model.param.policies, **wide)
        self.axes = [look.field(pmui.Select, model.param[name], **wide) for name in ("across", "up")]
        self.button = pmui.Button(
            label="Compare these policies", icon="scatter_plot", variant="contained", color="primary",
            on_click=model.compare, margin=6,
        )  # fmt: skip
        self.bar = look.progress("Comparing", model.param.busy, model.param.progress)
        self.say = pmui.Alert(object="", visible=False, severity="warning", **wide)
        self.top, self.chart = look.html(), look.filled()
        model.param.watch(self._speak, "message")
        model.param.watch(self._done, "busy")

    def layout(self) -> Any:
        """Return the page."""
        import panel_material_ui as pmui

        from dashboards.app import look

        asked = look.card(
            self.policies, look.columns(*((axis, {"xs": 12, "sm": 6}) for axis in self.axes)),
            self.button, self.bar, self.say, margin=(0, 0, 12, 0),
        )  # fmt: skip
        return pmui.Column(self.top, asked, self.chart, sizing_mode="stretch_width", margin=0)

    async def show(self, result: Result) -> None:
        """Offer what can be compared."""
        self.model.take()
        self.top.object = (
            "<h1 class='page'>Which options does nothing beat?</h1><p class='question'>Each dot is a policy with the "
            "levers as they now are. A filled circle: nothing is better in both. Tap a dot to load it.</p>"
        )

    def _done(self, *_: Any) -> None:
        import panel as pn
        import panel_material_ui as pmui

        from dashboards.app import look
        from dashboards.app.front import front_figure

        model = self.model
        if model.busy or model.found is None or model.told is None:
            return
        labels = list(model.found.labels)
        chart = front_figure(model.found, model.key, lambda k: pn.state.execute(partial(model.load, k)))
        picked = pmui.Select(label="Load a policy", options=labels, value=labels[0], size="small", margin=6)
        load = pmui.Button(label="Load", variant="outlined", margin=6)
        load.on_click(lambda event: pn.state.execute(partial(model.load, labels.index(picked.value))))
        across, up = (one.title for one in model.found.objectives)
        head = look.heading(f"{across} and {up}", model.told.blocks[0].method, model.key)
        tables = "".join(look.block(one) for one in model.told.blocks)
        notes = "".join(f"<p class='note'>{escape(note)}</p>" for note in model.told.notes)
        self.chart[:] = [
            look.card(
                look.html(f"{look.sentences(model.told.sentence)}<br>{head}"),
                pn.pane.Bokeh(chart, sizing_mode="stretch_width", height=420, margin=0),
                pmui.Row(picked, load, margin=0), look.html(tables + notes),
            )
        ]  # fmt: skip

    def _speak(self, *_: Any) -> None:
        from dashboards.app.look import as_written

        self.say.param.update(object=as_written(self.model.message), visible=bool(self.model.message))
