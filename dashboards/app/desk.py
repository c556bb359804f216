"""The view model that all pages share: what the visitor chose, the run, and the result shown. No panel here."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import param

from dashboards.app.first_look import Look
from dashboards.app.levers import EVERYWHERE, LEVERS, Lever, changes, levers_of, policy_written, said
from dashboards.app.question import Question, Side, ask, same
from dashboards.app.result import Result
from dashboards.app.service import RunService
from dashboards.app.uploads import read_upload
from policies.experiment import check_policies
from policies.learning.catalogue import Learned
from policies.parameters import parse
from policies.registry import LEARNED, POLICIES, checkpoint_hash
from scenarios.errors import FairwardError
from scenarios.loader import library_names, load, varied
from scenarios.scenario import Scenario
from sim.network import compile_network

URL_VERSION = 1
FIRST_SCENARIO, FIRST_REFERENCE, FIRST_POLICY, FIRST_RUNS, FIRST_SEED = (
    "region",
    "first-come",
    "acuity",
    10,
    1,
)
UPLOADED = "uploaded: "
LEARNED_HERE = "learned: "
"""Followed by the name of a learned policy below the folder of runs."""
CHOICES = ("scenario", "reference", "policy", "where", "runs", "seed", *(lever.name for lever in LEVERS))
"""What decides the question, and what the URL carries."""


def _slider(lever: Lever) -> Any:
    return param.Number(
        default=lever.neutral,
        bounds=(lever.low, lever.high),
        step=lever.step,
        label=lever.label,
        doc=lever.help,
    )


class Desk(param.Parameterized):
    """The choices of one visitor and the result that all pages show."""

    url_version = param.Integer(default=URL_VERSION, doc="Of the parameters in the address.")
    page = param.String(default="decide")
    scenario = param.String(
        default=FIRST_SCENARIO, label="Scenario", doc="A network, its patients, and a question."
    )
    reference = param.String(
        default=FIRST_REFERENCE, label="Compare with: policy", doc="The policy of the scenario as it is."
    )
    policy = param.String(
        default=FIRST_POLICY, label="Option: policy", doc="Who is treated first, and where."
    )
    where = param.String(default=EVERYWHERE, label="Beds and staff of", doc="Where beds and staff change.")
    runs = param.Integer(
        default=FIRST_RUNS,
        bounds=(2, 100),
        label="Paired runs",
        doc="More runs, narrower intervals, more time.",
    )
    seed = param.Integer(default=FIRST_SEED, bounds=(0, 2**31), label="Seed", doc="Same seed, same patients.")
    demand, surge, beds, staff, vaccine, weight = (_slider(lever) for lever in LEVERS)

    running = param.Boolean(default=False)
    progress = param.Integer(default=0, bounds=(0, 100))
    message = param.String(default="", doc="What went wrong or was stopped; empty: nothing.")
    look = param.ClassSelector(
        class_=Look, default=None, doc="A first look at what is being run, until it is done."
    )
    stale = param.Boolean(default=False, doc="The choices are not those of the result shown.")
    version = param.Integer(default=0, doc="Counts results shown; views depend on it and nothing else.")

    def __init__(
        self,
        service: RunService,
        first: Result | None = None,
        learned: Callable[[], Sequence[Learned]] = tuple,
        **choices: Any,
    ) -> None:
        super().__init__(**choices)
        self.service = service
        self.result = first
        self.uploads: dict[str, Scenario] = {}
        self.learned: dict[str, Learned] = {}
        """By how they are chosen."""
        self.misfits: dict[str, str] = {}
        """Why a learned policy cannot act in the scenario; those that can are not in it."""
        self._find_learned = learned
        self._look_for_learned()
        self.param.watch(self._look_for_learned, "scenario")
        self._shown: tuple[Any, ...] = self._chosen() if first is not None else ()
        self._task: asyncio.Task[Result] | None = None
        self.param.watch(self._edited, list(CHOICES))

    @property
    def chosen(self) -> Scenario:
        """The scenario as it is, without levers. Raises `FairwardError`."""
        if self.scenario.startswith(UPLOADED):
            if self.scenario not in self.uploads:
                raise FairwardError(
                    f"“{self.scenario}” is not here: uploads are not part of a link. Upload it again."
                )
            return self.uploads[self.scenario]
        if self.scenario not in library_names():
            raise FairwardError(
                f"“{self.scenario}” is not a scenario of the library. Choose one of the list."
            )
        return _of_library(self.scenario)

    def scenario_choices(self) -> list[str]:
        """Return the scenarios that can be chosen: the library without its validation cases, and uploads."""
        return [name for name in library_names() if "/" not in name] + list(self.uploads)

    def policy_choices(self) -> list[str]:
        """Return the policies that can be built for the scenario, learned ones too; a combination may be in a link."""
        try:
            scenario = self.chosen
        except FairwardError:
            return list(POLICIES)
        uploaded = self.scenario.startswith(UPLOADED)
        found = _buildable(scenario) if uploaded else list(_buildable_in(self.scenario))
        found += [name for name in self.learned if name not in self.misfits]
        return found + [name for name in (self.reference, self.policy) if name not in found]

    def policy_title(self, policy: str) -> str:
        """Return what a picker says of a policy: of a learned one how it was trained, and why it cannot be chosen."""
        if policy not in self.learned:
            return policy
        one, why = self.learned[policy], self.misfits.get(policy, "")
        return f"{one.called}, {why}" if why else f"{one.called}, trained on {one.scenario_hash()[:8]}"

    def lambdas(self) -> dict[float, str]:
        """Return lambda -> learned policy, of those that differ from the option's by lambda only."""
        if self.policy not in self.learned or self.policy in self.misfits:
            return {}
        kin = self.learned[self.policy].kin
        found = {
            one.lam: name
            for name, one in self.learned.items()
            if one.lam is not None and one.kin == kin and name not in self.misfits
        }
        own = self.learned[self.policy].lam
        return {lam: self.policy if lam == own else found[lam] for lam in sorted(found)}

    def where_choices(self) -> list[str]:
        """Return everywhere, and each hospital."""
        try:
            return [EVERYWHERE, *self.chosen.hospitals]
        except FairwardError:
            return [EVERYWHERE]

    def levers(self) -> tuple[Lever, ...]:
        """Return the sliders that do something now."""
        try:
            return levers_of(self.chosen, self.policy)
        except FairwardError:
            return ()

    @property
    def changed(self) -> Scenario:
        """The scenario with the levers as they are. Raises `FairwardError`."""
        scenario = self.chosen
        found = changes(scenario, self._positions(), self._where(scenario))
        return varied(scenario, found) if found else scenario

    def _positions(self) -> dict[str, float]:
        return {lever.name: getattr(self, lever.name) for lever in self.levers()}

    def _where(self, scenario: Scenario) -> str:
        return self.where if self.where in scenario.hospitals else EVERYWHERE

    def question(self) -> Question:
        """Return what the choices ask. Raises `FairwardError` with everything that is wrong."""
        scenario = self.chosen
        values, where = self._positions(), self._where(scenario)
        reference = self.side(self.reference, scenario)
        option = self.side(policy_written(self.policy, values, scenario), scenario)
        found = ask(
            self.scenario, reference, option, changes(scenario, values, where), said(values, where), self.seed,
            self.runs,
        )  # fmt: skip
        if same(found):
            raise FairwardError(
                "Both sides are the same: choose another policy for the option, or move a lever."
            )
        return found

    def side(self, policy: str, scenario: Scenario) -> Side:
        """Return a policy as one of those compared. Raises `FairwardError` for one that is not here or does not fit."""
        if policy.startswith(LEARNED_HERE):
            if policy not in self.learned:
                raise FairwardError(f"“{policy}” is not below the folder of runs of this server.")
            one = self.learned[policy]
            if policy in self.misfits:
                raise FairwardError(f"“{one.called}” cannot act here: {self.misfits[policy]}.")
            return Side(one.called, scenario, one.written, checkpoint_hash(one.written) or "")
        if any(name in LEARNED for name, _ in parse(policy)):
            raise FairwardError(f"“{policy}” is a file of this machine, which a link may not name.")
        check_policies(scenario, [policy], self.seed)
        return Side(policy, scenario, policy)

    async def run(self, *_: Any) -> None:
        """Run what is chosen and show it; whatever goes wrong, the last good result stays."""
        if self.running:
            return
        self.param.update(running=True, progress=0, message="", look=None)
        asked = self._chosen()
        try:
            question = self.question()
            self._task = asyncio.ensure_future(self.service.run(question, self._tick, self._glance))
            self.show(await self._task, asked)
        except asyncio.CancelledError:
            self.message = "Stopped. The charts show the previous result."
        except FairwardError as error:
            self.message = f"{error} The charts show the previous result."
        finally:
            self._task = None
            self.param.update(running=False, look=None)

    def cancel(self, *_: Any) -> None:
        """Stop waiting; what another visitor waits for goes on."""
        if self._task is None:
            self.message = "Nothing is running."
        else:
            self._task.cancel()

    def show(self, result: Result, choices: tuple[Any, ...] | None = None) -> None:
        """Show a result on every page at once; `choices` are those that it answers."""
        self.result = result
        self._shown = self._chosen() if choices is None else choices
        self.param.update(version=self.version + 1, stale=self._shown != self._chosen())

    def upload(self, name: str, content: bytes) -> None:
        """Take a scenario that a visitor uploads and choose it; a message says what is wrong with it."""
        try:
            found = read_upload(name, content)
        except FairwardError as error:
            self.message = f"The upload was not taken. {error}"
            return
        written = f"{UPLOADED}{found.name}"
        self.uploads[written] = found
        self.message = ""
        self.param.update(scenario=written, where=EVERYWHERE)
        self.param.trigger("scenario")

    def not_in_link(self, refused: dict[str, Any]) -> None:
        """Say which parameters of the address were not understood."""
        self.message = (
            f"The address has values that cannot be used and were left out: {', '.join(sorted(refused))}."
        )

    def _look_for_learned(self, *_: Any) -> None:
        """Look again whenever a scenario is chosen: training may have gone on."""
        self.learned = {f"{LEARNED_HERE}{one.name}": one for one in self._find_learned()}
        self.misfits = {}
        if self.learned:
            try:
                network = compile_network(self.chosen)
            except FairwardError:
                self.misfits = dict.fromkeys(self.learned, "the scenario is not here")
                return
            whys = {name: one.misfit(network) for name, one in self.learned.items()}
            self.misfits = {name: why for name, why in whys.items() if why}

    def _chosen(self) -> tuple[Any, ...]:
        return tuple(getattr(self, name) for name in CHOICES)

    def _edited(self, *_: Any) -> None:
        if self._chosen() == self._shown:
            self.stale = False
            return
        self.stale = self.result is not None
        try:
            known = self.service.cached(self.question().key)
        except FairwardError:
            return
        if isinstance(known, Result) and not self.running:
            self.show(known)

    def _glance(self, look: Look) -> None:
        self.look = look

    def _tick(self, done: int, wanted: int) -> None:
        percent = int(100 * done / wanted)
        if percent - self.progress >= 5 or done == wanted:  # some 20 messages to the browser, not one a run
            self.progress = percent


@lru_cache(maxsize=32)
def _of_library(name: str) -> Scenario:
    """Read it once: that takes a tenth of a second, and every move of a lever asks for it."""
    return load(name)


@lru_cache(maxsize=32)
def _buildable_in(name: str) -> tuple[str, ...]:
    return tuple(_buildable(_of_library(name)))


def _buildable(scenario: Scenario) -> list[str]:
    """Return the policies of the register that can be built for a scenario."""
    found = []
    for name in POLICIES:
        try:
            check_policies(scenario, [name], 1)
        except FairwardError:
            continue
        found.append(name)
    return found
