"""The one interface: what an engine tells a policy at a decision, and what a policy may order.

Shapes: H hospitals, P pools (network-wide list of pool names), A acuities, G values of the tallied
group attribute. Indices follow the scenario's order; names are in `Decision.names`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from scenarios.rules import OverflowRule, QueueRule

if TYPE_CHECKING:
    from sim.result import Result


@dataclass(frozen=True, slots=True)
class Waiting:
    """One waiting patient as a bed meeting sees them."""

    patient: int
    """Patient id, valid for `moves`."""
    hospital: int
    step: str
    """The step waited for, as `pathway.step`."""
    acuity: int
    """As assigned by triage, 0 is the most urgent."""
    group: int
    """Index of the tallied attribute's value; -1 when the scenario is group blind."""
    hours: float
    """Since first presentation."""
    boarding: bool
    """Whether a bed is kept while waiting."""


@dataclass(frozen=True, slots=True)
class Lot:
    """Vaccine at a hospital: doses of one expiry."""

    product: str
    doses: int
    expires: float
    """Hours since the start."""


@dataclass(frozen=True, slots=True)
class Legal:
    """What one hospital may be ordered now. What is not named here may be ordered without limit."""

    moves: tuple[tuple[int, ...], ...]
    """By need: hospitals to which a patient who waits for it may be moved, the nearest first."""
    lend: Mapping[str, int]
    """Role -> its own people on duty; more may be ordered, but so many go."""
    call_in: Mapping[str, int]
    """Role -> extra staff."""
    flex: Mapping[str, int]
    """Unit -> flex beds open."""
    early_discharge: Mapping[str, int]
    """Step -> patients who are within its clinical margin now; steps without a margin are left out."""


@dataclass(frozen=True, slots=True)
class HospitalView:
    """The census of one hospital at a decision."""

    name: str
    capacity: tuple[int, ...]
    """Per pool, in the pool's own unit: staffed and open now; -1 means unlimited."""
    in_use: tuple[int, ...]
    """Per pool: by patients."""
    cleaning: tuple[int, ...]
    """Per pool: out of use after a patient."""
    reserved: tuple[int, ...]
    """Per pool: for patients on their way here."""
    unit: tuple[int, ...]
    """Per pool: how many integers make one whole bed or person (the common denominator)."""
    borrowed: tuple[int, ...]
    """Per pool: whole people here by loan or call, less those lent away."""
    in_bed: tuple[tuple[int, ...], ...]
    """Per pool: patients by completed hours since they took it, in the bands of `HOURS_IN_BED`."""
    queue: tuple[tuple[tuple[int, ...], ...], ...]
    """Waiting patients by need, acuity and group; needs as in `Decision.needs`. One group when blind."""
    inbound: int
    """Patients on their way here."""
    stock: tuple[Lot, ...]
    """Vaccine by lot, first to expire first."""
    on_order: Mapping[str, int]
    """Product -> vials on their way from the depot."""
    ambulances: int
    """Free for transfers from here; -1: unlimited."""
    diverting: bool
    flex_open: Mapping[str, int]
    """Unit -> flex beds open."""
    legal: Legal


HOURS_IN_BED = (0.0, 4.0, 12.0, 24.0, 72.0, 168.0)
"""Lower bounds of the bands of `HospitalView.in_bed`, hours."""


@dataclass(frozen=True, slots=True)
class Tally:
    """What happened in an interval, by hospital of first presentation and group: tuples of H tuples of G.

    From these rewards are made. A group-blind scenario still tallies by group: rewards are not policies.
    """

    hours: float
    """Length of the interval."""
    wait_hours: tuple[tuple[float, ...], ...]
    """Patient-hours untreated within the scenario's `tau` of first presentation, travel included. Who leaves or dies
    untreated is so until `tau`, as outcomes count it; the rest falls due at once."""
    arrived: tuple[tuple[int, ...], ...]
    treated: tuple[tuple[int, ...], ...]
    left: tuple[tuple[int, ...], ...]
    """Left, cancelled or diverted outside."""
    died: tuple[tuple[int, ...], ...]
    doses: tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True)
class Names:
    """What the indices of a decision mean."""

    hospitals: tuple[str, ...]
    pools: tuple[str, ...]
    acuities: tuple[str, ...]
    groups: tuple[str, ...]
    needs: tuple[str, ...]
    """The needs that patients queue for, as `pathway.step`."""
    products: tuple[str, ...]
    tiers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Decision:
    """What a bed meeting sees."""

    time: float
    """Hours since the start."""
    trigger: str
    """`regular`, `arrival`, `full` or `free`."""
    names: Names
    hospitals: tuple[HospitalView, ...]
    waiting: tuple[Waiting, ...]
    """Everybody waiting, best-ranked first within a hospital is not implied: by hospital, then patient id."""
    travel: tuple[tuple[float, ...], ...]
    """H x H hours, infinite where not neighbours."""
    depot: Mapping[str, int]
    """Product -> vials at the depot."""
    since: Tally
    """The interval since the last decision."""


@dataclass(frozen=True, slots=True)
class Orders:
    """What is ordered for one hospital, valid until the next decision. Every default is neutral."""

    queue_rule: QueueRule | None = None
    """None: the scenario's."""
    overflow_rule: OverflowRule | None = None
    """None: the scenario's."""
    reserve: Mapping[tuple[str, str], int] = field(default_factory=dict)
    """(pool, acuity) -> whole beds kept for that acuity and the more urgent."""
    moves: Mapping[int, str] = field(default_factory=dict)
    """Patient waiting here -> the hospital to move to."""
    lend: Mapping[tuple[str, str], int] = field(default_factory=dict)
    """(role, hospital) -> staff lent to that hospital."""
    call_in: Mapping[str, int] = field(default_factory=dict)
    """Role -> extra staff called in, within the scenario's limit."""
    flex: Mapping[str, int] = field(default_factory=dict)
    """Unit -> flex beds to have open; opening takes the scenario's delay, closing drains."""
    early_discharge: Mapping[str, int] = field(default_factory=dict)
    """Step (`pathway.step`) -> at most so many patients within the step's clinical margin leave it now."""
    vaccine: Mapping[str, int] | None = None
    """Product -> vials ordered from the depot; None: the scenario's order-up-to levels."""
    tiers: tuple[str, ...] = ()
    """Priority groups that go first for a dose, in this order, before those not named."""
    divert: bool = False
    """Ambulances go elsewhere, by the overflow rule, or outside the network when nobody has room."""


@dataclass(frozen=True, slots=True)
class Directive:
    """Orders by hospital name; a hospital not named gets neutral orders."""

    orders: Mapping[str, Orders] = field(default_factory=dict)


class Policy(Protocol):
    """Anything that decides: heuristics, optimisers, learned policies, people."""

    def decide(self, decision: Decision) -> Directive:
        """Return the orders that hold until the next decision."""
        ...


class Engine(Protocol):
    """A simulation that stops whenever somebody must decide."""

    def next_decision(self) -> Decision | None:
        """Run the clock to the next decision; None at the horizon."""
        ...

    def answer(self, directive: Directive) -> None:
        """Carry out the orders. Raises `DirectiveError` when a part is illegal by itself."""
        ...

    def result(self) -> Result:
        """Return what happened, after the horizon."""
        ...


@runtime_checkable
class Constant(Protocol):
    """A policy that orders the same whatever it sees."""

    @property
    def directive(self) -> Directive:
        """What it orders."""
        ...


@runtime_checkable
class Watching(Protocol):
    """A policy that looks ahead from the run itself. It may read it, copy it and imagine its futures, and no more."""

    def watch(self, engine: Engine) -> None:
        """Take the run, before its first decision. Raises `UnsupportedFeature` if it is of the wrong kind."""
        ...


@runtime_checkable
class Unwatched(Protocol):
    """An engine that need not show what nobody looks at."""

    def run_to_horizon(self, directive: Directive) -> None:
        """Answer every decision with the same orders."""
        ...


def run(engine: Engine, policy: Policy) -> Result:
    """Drive the engine to its horizon under the policy."""
    if isinstance(policy, Watching):
        policy.watch(engine)
    if isinstance(policy, Constant) and isinstance(engine, Unwatched):
        engine.run_to_horizon(policy.directive)
        return engine.result()
    while (decision := engine.next_decision()) is not None:
        engine.answer(policy.decide(decision))
    return engine.result()
