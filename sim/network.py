"""The scenario compiled to integers: what both engines, the workload and the tables read.

Names become indices in the scenario's order. Pool amounts are integers over the pool's common
denominator (`unit`), so a `nurse: 1:4` need takes 1 of 4 units of a nurse.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from fractions import Fraction
from math import inf, lcm

from scenarios.checks_network import capacities
from scenarios.distributions import Distribution
from scenarios.pathways import RouteCase, Step
from scenarios.quantities import When
from scenarios.scenario import OUTCOMES, Scenario
from sim.order import on_grid, on_second

UNLIMITED = 2**40
"""The capacity of a pool without limit."""

WAITING, BOARDING, WRONG_UNIT, TRAVELLING, CARE = range(5)
"""Places in which hazards run, in the order of `PLACES`."""

PLACES = ("waiting", "boarding", "wrong-unit", "travelling", "care")

LEAVE, DETERIORATE, DIE = range(3)
"""Causes of hazards, in the order of `CAUSES`; at one instant the first goes first."""

CAUSES = ("leave", "deteriorate", "die")

DYNAMIC = ("acuity",)
"""What may change after arrival; in a `when` of routes and hazards it means the present value."""


@dataclass(frozen=True, slots=True)
class Pool:
    """A kind of bed, staff or machine, by one name throughout the network."""

    name: str
    kind: str
    """`beds`, `staff` or `equipment`."""
    unit: int
    """How many integers make one whole."""


@dataclass(frozen=True, slots=True)
class Need:
    """Pools seized together: (pool, integer amount), by pool index."""

    amounts: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Option:
    """One way to satisfy a step: its own needs, or an alternative."""

    need: int
    """Index of `Network.needs`."""
    factor: float
    wrong_unit: bool


@dataclass(frozen=True, slots=True)
class Condition:
    """A `when`, split into what is fixed at arrival and the present acuity."""

    fixed: When
    """Evaluated once for every patient by the workload."""
    acuities: frozenset[int] | None
    """Present acuities for which it holds; None: all."""


@dataclass(frozen=True, slots=True)
class Route:
    """Where to go: cumulative probabilities over targets; a target >= 0 is a step, else -1 - outcome."""

    condition: Condition
    cumulative: tuple[float, ...]
    targets: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class CompiledStep:
    """A step by index, with its specification."""

    index: int
    name: str
    """`pathway.step`."""
    pathway: int
    spec: Step
    options: tuple[Option, ...]
    """The step's own needs first; a step without needs has none."""
    routes: tuple[Route, ...]
    acuity_factor: tuple[float, ...]
    """By acuity at the start."""
    treatment: bool
    product: int
    """Vaccine product of which a dose is used; -1: none."""
    full_outcome: int
    patience_outcome: int


@dataclass(frozen=True, slots=True)
class HazardRow:
    """A hazard by index."""

    cause: int
    condition: Condition
    places: frozenset[int]
    rate: float
    times: str | None


@dataclass(frozen=True, slots=True, eq=False)
class Network:
    """The compiled scenario, equal to itself alone. H hospitals, P pools, A acuities."""

    scenario: Scenario
    hospitals: tuple[str, ...]
    pools: tuple[Pool, ...]
    needs: tuple[Need, ...]
    steps: tuple[CompiledStep, ...]
    pathways: tuple[str, ...]
    first: tuple[tuple[Route, ...], ...]
    """By pathway."""
    classes: tuple[str, ...]
    class_pathway: tuple[int, ...]
    acuities: tuple[str, ...]
    sources: tuple[str, ...]
    """Arrival streams."""
    source_hospital: tuple[int, ...]
    outcomes: tuple[str, ...]
    outcome_kind: tuple[str, ...]
    """`discharged`, `died`, `left`, `cancelled`, `diverted`, `declined` or `ineligible`."""
    products: tuple[str, ...]
    tiers: tuple[str, ...]
    group: str | None
    """The attribute by which tallies are kept: the first of `equity.groups`."""
    groups: tuple[str, ...]
    """Its values; one group `all` when there is none."""
    values: dict[str, tuple[str, ...]]
    """Category attribute -> its values, as `attribute_values` has them."""
    capacity: tuple[tuple[int, ...], ...]
    """H x P in integer units, without rosters and flex beds; 0 where the pool is absent."""
    most: tuple[dict[str, float], ...]
    """By hospital: the most of each of its pools that can ever be there, whole beds or people."""
    cleaning: tuple[tuple[Distribution[float] | None, ...], ...]
    """H x P: how long a bed is out of use after a patient."""
    beds_of: tuple[tuple[tuple[int, int], ...], ...]
    """By need: (bed pool, the need made of its beds alone), for cleaning one unit at a time."""
    left_over: dict[tuple[int, int], int]
    """(need kept, need of the step that starts) -> what is given back: what is needed again stays; -1: nothing."""
    hospital_factor: tuple[tuple[float, ...], ...]
    """H x steps."""
    travel: tuple[tuple[float, ...], ...]
    """H x H hours on the grid, handover included; infinite where not neighbours."""
    neighbours: tuple[tuple[int, ...], ...]
    """By hospital: others in order of (travel, id)."""
    serves: tuple[tuple[bool, ...], ...]
    """H x steps: whether the step and everything that can follow it can be had at the hospital."""
    hazards: tuple[HazardRow, ...]
    horizon: float
    tau: float
    """Untreated time counts up to this long after presentation."""
    warm_up: float

    def pool(self, name: str) -> int:
        """Return the index of a pool."""
        return next(i for i, pool in enumerate(self.pools) if pool.name == name)


def attribute_values(scenario: Scenario, name: str) -> tuple[str, ...]:
    """Return the values of a category attribute in the order in which the scenario names them."""
    attribute = scenario.attributes[name]
    cases = list(attribute.share or ())
    for stream in scenario.arrivals.values():
        cases += stream.attributes.get(name, ())
    return tuple(dict.fromkeys(value for case in cases for value in case.share))


_compiled: OrderedDict[int, Network] = OrderedDict()
"""By the identity of a scenario, which its network keeps alive: frozen, but not hashable."""
KEPT = 8
"""Scenarios whose networks are kept."""


def compile_network(scenario: Scenario) -> Network:
    """Compile a valid scenario; the same object again gives the same network."""
    network = _compiled.pop(id(scenario), None) or _compile(scenario)
    _compiled[id(scenario)] = network
    while len(_compiled) > KEPT:
        _compiled.popitem(last=False)
    return network


def _compile(scenario: Scenario) -> Network:
    hospitals = tuple(scenario.hospitals)
    steps_of = {path: list(spec.steps) for path, spec in scenario.pathways.items()}
    step_index = {
        (path, step): i
        for i, (path, step) in enumerate((p, s) for p, steps in steps_of.items() for s in steps)
    }
    outcome_kinds = {**{name: name for name in OUTCOMES}, **scenario.outcomes}
    outcomes = tuple(outcome_kinds)
    most = tuple(capacities(hospital) for hospital in scenario.hospitals.values())
    pools = _pools(scenario)
    pool_index = {pool.name: i for i, pool in enumerate(pools)}
    acuity_index = {name: i for i, name in enumerate(scenario.acuities)}
    needs: dict[Need, int] = {}

    def need_of(amounts: dict[str, Fraction]) -> int:
        need = Need(
            tuple(sorted((pool_index[p], int(a * pools[pool_index[p]].unit)) for p, a in amounts.items()))
        )
        return needs.setdefault(need, len(needs))

    def condition(when: When) -> Condition:
        fixed = {key: values for key, values in when.items() if key not in DYNAMIC}
        levels = frozenset(acuity_index[v] for v in when["acuity"]) if "acuity" in when else None
        return Condition(fixed, levels)

    def routes(path: str, cases: tuple[RouteCase, ...]) -> tuple[Route, ...]:
        compiled = []
        for case in cases:
            total, cumulative, targets = 0.0, [], []
            for name, share in case.to.items():
                total += share
                cumulative.append(total)
                targets.append(
                    step_index[path, name] if name in steps_of[path] else -1 - outcomes.index(name)
                )
            cumulative[-1] = inf
            compiled.append(Route(condition(case.when), tuple(cumulative), tuple(targets)))
        return tuple(compiled)

    products = tuple(scenario.vaccine.products) if scenario.vaccine else ()
    steps = []
    for path, pathway in scenario.pathways.items():
        treated = _treatment_steps(pathway.steps)
        for name, spec in pathway.steps.items():
            options = [Option(need_of(spec.needs), 1.0, False)] if spec.needs or spec.dose else []
            options += [Option(need_of(alt.needs), alt.factor, alt.wrong_unit) for alt in spec.alternatives]
            steps.append(
                CompiledStep(
                    index=step_index[path, name],
                    name=f"{path}.{name}",
                    pathway=list(scenario.pathways).index(path),
                    spec=spec,
                    options=tuple(options),
                    routes=routes(path, spec.next),
                    acuity_factor=tuple(spec.acuity_factor.get(a, 1.0) for a in scenario.acuities),
                    treatment=name in treated,
                    product=products.index(spec.dose) if spec.dose else -1,
                    full_outcome=outcomes.index(spec.full_outcome),
                    patience_outcome=outcomes.index(spec.patience.outcome if spec.patience else "left"),
                )
            )
    left_over = {
        (option.need, following): _left_over(needs, option.need, following)
        for step in steps
        if step.spec.hold
        for target in {t for route in step.routes for t in route.targets if t >= 0}
        for option in step.options
        for following in {other.need for other in steps[target].options}
    }
    beds_of: list[tuple[tuple[int, int], ...]] = []
    for need in tuple(needs):
        beds = [(pool, amount) for pool, amount in need.amounts if pools[pool].kind == "beds"]
        beds_of.append(
            tuple((pool, needs.setdefault(Need(((pool, amount),)), len(needs))) for pool, amount in beds)
        )
    first = tuple(
        routes(path, spec.first or (RouteCase(to={next(iter(spec.steps)): 1.0}),))
        for path, spec in scenario.pathways.items()
    )
    capacity = tuple(tuple(_capacity(scenario, h, pool) for pool in pools) for h in hospitals)
    travel = _travel(scenario)
    group = scenario.equity.groups[0] if scenario.equity.groups else None
    compiled_steps = tuple(steps)
    need_list = tuple(needs)
    return Network(
        scenario=scenario,
        hospitals=hospitals,
        pools=pools,
        needs=need_list,
        steps=compiled_steps,
        pathways=tuple(scenario.pathways),
        first=first,
        classes=tuple(scenario.classes),
        class_pathway=tuple(list(scenario.pathways).index(c.pathway) for c in scenario.classes.values()),
        acuities=scenario.acuities,
        sources=tuple(scenario.arrivals),
        source_hospital=tuple(hospitals.index(a.hospital) for a in scenario.arrivals.values()),
        outcomes=outcomes,
        outcome_kind=tuple(outcome_kinds.values()),
        products=products,
        tiers=tuple(scenario.vaccine.tiers) if scenario.vaccine else (),
        group=group,
        groups=attribute_values(scenario, group) if group else ("all",),
        values={name: attribute_values(scenario, name) for name in scenario.attributes},
        capacity=capacity,
        most=most,
        cleaning=tuple(tuple(_cleaning(scenario, h, pool) for pool in pools) for h in hospitals),
        beds_of=tuple(beds_of),
        left_over=left_over,
        hospital_factor=tuple(
            tuple(
                scenario.hospitals[h].duration_factor.get(
                    step.name, scenario.hospitals[h].duration_factor.get(step.name.split(".", 1)[1], 1.0)
                )
                for step in compiled_steps
            )
            for h in hospitals
        ),
        travel=travel,
        neighbours=tuple(
            tuple(sorted((g for g in range(len(hospitals)) if row[g] < inf), key=lambda g: (row[g], g)))
            for row in travel
        ),
        serves=tuple(
            _serves(scenario, h, here, pools, need_list, compiled_steps)
            for h, here in zip(hospitals, most, strict=True)
        ),
        hazards=tuple(
            HazardRow(
                cause,
                condition(row.when),
                frozenset(PLACES.index(d) for d in row.during),
                row.rate,
                row.times,
            )
            for cause, rows in enumerate(
                (scenario.hazards.leave, scenario.hazards.deteriorate, scenario.hazards.die)
            )
            for row in rows
        ),
        horizon=on_second(on_grid(scenario.horizon)),
        tau=on_grid(scenario.tau),
        warm_up=on_grid(scenario.warm_up),
    )


def _left_over(needs: dict[Need, int], kept: int, following: int) -> int:
    """Return the index of the need that is left of one when another has taken from it what it needs."""
    listed = list(needs)
    again = dict(listed[following].amounts)
    rest = tuple((pool, amount - again.get(pool, 0)) for pool, amount in listed[kept].amounts)
    rest = tuple((pool, amount) for pool, amount in rest if amount > 0)
    return needs.setdefault(Need(rest), len(needs)) if rest else -1


def _treatment_steps(steps: dict[str, Step]) -> set[str]:
    """The steps marked `treatment`; if none is, every step that needs something counts, or else the first."""
    marked = {name for name, step in steps.items() if step.treatment}
    return marked or {name for name, step in steps.items() if step.needs} or {next(iter(steps))}


def _pools(scenario: Scenario) -> tuple[Pool, ...]:
    kinds: dict[str, str] = {}
    for hospital in scenario.hospitals.values():
        for kind in ("beds", "staff", "equipment"):
            for name in getattr(hospital, kind):
                kinds.setdefault(name, kind)
    amounts: dict[str, list[Fraction]] = {name: [] for name in kinds}
    for pathway in scenario.pathways.values():
        for step in pathway.steps.values():
            for needs in (step.needs, *(alt.needs for alt in step.alternatives)):
                for pool, amount in needs.items():
                    amounts[pool].append(amount)
    return tuple(
        Pool(name, kind, lcm(*(a.denominator for a in amounts[name]))) for name, kind in kinds.items()
    )


def _capacity(scenario: Scenario, hospital: str, pool: Pool) -> int:
    spec = getattr(scenario.hospitals[hospital], pool.kind).get(pool.name)
    if spec is None or spec.count is None:
        return 0
    return UNLIMITED if spec.count == "unlimited" else int(spec.count) * pool.unit


def _cleaning(scenario: Scenario, hospital: str, pool: Pool) -> Distribution[float] | None:
    spec = scenario.hospitals[hospital].beds.get(pool.name)
    return spec.cleaning if spec else None


def _travel(scenario: Scenario) -> tuple[tuple[float, ...], ...]:
    names = list(scenario.hospitals)
    hours = [[inf] * len(names) for _ in names]
    written = scenario.transfers.travel
    for origin, row in written.items():
        for destination, time in row.items():
            a, b = names.index(origin), names.index(destination)
            hours[a][b] = on_grid(time + scenario.transfers.handover)
            if origin not in written.get(destination, {}):
                hours[b][a] = hours[a][b]
    return tuple(tuple(row) for row in hours)


def _serves(
    scenario: Scenario,
    hospital: str,
    most: dict[str, float],
    pools: tuple[Pool, ...],
    needs: tuple[Need, ...],
    steps: tuple[CompiledStep, ...],
) -> tuple[bool, ...]:
    fridge = scenario.vaccine is None or hospital in scenario.vaccine.fridges

    def possible(step: CompiledStep) -> bool:
        if step.product >= 0 and not fridge:
            return False
        return not step.options or any(
            all(
                amount <= most.get(pools[pool].name, 0) * pools[pool].unit
                for pool, amount in needs[option.need].amounts
            )
            for option in step.options
        )

    able = [possible(step) for step in steps]
    changed = True
    while changed:
        changed = False
        for step in steps:
            following = {t for route in step.routes for t in route.targets if t >= 0}
            if able[step.index] and not all(able[t] for t in following):
                able[step.index], changed = False, True
    return tuple(able)
