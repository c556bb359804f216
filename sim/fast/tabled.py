"""The compiled scenario as records: all that never changes during a run."""

from __future__ import annotations

from math import inf
from typing import Any

import numpy as np

from scenarios import rules
from scenarios.quantities import When
from scenarios.rules import LeastLoaded, Nearest, Outside, OverflowRule, Stay
from sim.fast import layouts
from sim.fast.memory import FLOAT, INTEGER, address
from sim.fast.words import (
    BY_ACUITY,
    BY_EQUITY,
    BY_POINTS,
    BY_SHARE,
    BY_TABLE,
    BY_TABLE_AND_NUMBER,
    BY_WAIT,
    CLOSE_ALL,
    CLOSE_NOTHING,
    CLOSE_SHORT,
    FATE_DIED,
    FATE_LEFT,
    FATE_OTHER,
    LEAST_LOADED,
    NEAREST,
    OUTSIDE,
    STAY,
)
from sim.network import CAUSES, DETERIORATE, Network, Route, attribute_values
from sim.protocol import HOURS_IN_BED
from sim.rules import QueueRanking
from sim.staffing import Role

Records = Any
"""An array of one of the layouts."""

BACKFILL = {"none": CLOSE_SHORT, "fit": CLOSE_NOTHING, "strict": CLOSE_ALL}
IF_FULL = {"wait": 0, "leave": 1, "overflow": 2}
OVERFLOW: dict[Any, int] = {Nearest: NEAREST, LeastLoaded: LEAST_LOADED, Stay: STAY, Outside: OUTSIDE}


def overflow_code(rule: OverflowRule) -> tuple[int, float]:
    """Return the number of an overflow rule, and how far it reaches."""
    within = getattr(rule.law, "within", None)
    return OVERFLOW[type(rule.law)], inf if within is None else within


def in_records(kind: Any, rows: list[Any]) -> Records:
    """Return rows as an array of records; one empty record when there is none, so that it has an address."""
    made = np.zeros(max(1, len(rows)), kind)
    for i, row in enumerate(rows):
        made[i] = tuple(row) if isinstance(row, tuple | list) else (row,)
    return made


def tables_of(network: Network) -> Tables:
    """Return the tables of a network; those of the last one asked for are kept."""
    if not _last or _last[0].network is not network:
        _last[:] = [Tables(network)]
    return _last[0]


_last: list[Tables] = []


class Tables:
    """A network in the engine's memory, shared by all engines of the network.

    Conditions and number attributes get running numbers; the columns that they stand for differ by replication.
    """

    def __init__(self, network: Network) -> None:
        self.network = network
        self.conditions: list[When] = []
        self.numbers: list[str] = []
        self.laws: list[tuple[int, int]] = []
        """(hospital, pool) of which each cleaning law is."""
        self._law_numbers: dict[Any, int] = {}
        self.step_laws: list[list[int]] = []
        """By step: the laws by which its beds are cleaned."""
        self._routes: list[tuple[int, int, int, int]] = []
        self._targets: list[tuple[float, int]] = []
        self._links: list[int] = []
        self.arrays: dict[str, Records] = {}
        self.most = np.array(network.capacity, dtype=np.int64).ravel()
        """H x P in integer units: what may be open some day, flex beds left out."""
        self._lists()
        self._steps()
        self._hospitals()
        self._pools()
        self._rest()
        self.world = np.zeros(1, layouts.WORLD)
        """The world of an engine before anything has been put into it: where the tables are, and how long."""
        self._fill(self.world[0])

    def _fill(self, world: Any) -> None:
        network = self.network
        for name, array in self.arrays.items():
            world[name] = address(array)
        world["horizon"] = network.horizon
        world["tau"] = network.tau
        world["n_hospitals"] = len(network.hospitals)
        world["n_pools"] = len(network.pools)
        world["n_steps"] = len(network.steps)
        world["n_acuities"] = len(network.acuities)
        world["n_groups"] = len(network.groups)
        world["n_needs"] = len(network.needs)
        world["n_tiers"] = len(network.tiers)
        world["n_products"] = len(network.products)
        world["n_bands"] = len(HOURS_IN_BED)
        world["backfill"] = BACKFILL[network.scenario.backfill]
        limit = network.scenario.transfers.reservation_expires
        world["reservation_expires"] = inf if limit is None else limit
        world["n_flex"] = self._n_flex
        world["n_hazard_rows"] = self._n_hazard_rows
        world["hazards"] = int(self._n_hazard_rows > 0)
        world["deteriorates"] = int(any(r.cause == DETERIORATE and r.rate > 0 for r in network.hazards))
        for name in ("left", "died", "diverted", "declined", "ineligible"):
            world[f"out_{name}"] = network.outcomes.index(name)

    def _condition(self, when: When) -> int:
        if not when:
            return -1
        if when not in self.conditions:
            self.conditions.append(when)
        return self.conditions.index(when)

    def _number(self, name: str | None) -> int:
        if name is None:
            return -1
        if name not in self.numbers:
            self.numbers.append(name)
        return self.numbers.index(name)

    def _add_routes(self, routes: tuple[Route, ...]) -> tuple[int, int]:
        first = len(self._routes)
        for route in routes:
            condition = self._condition(route.condition.fixed)
            self._routes.append(
                (_bits(route.condition.acuities), condition, len(self._targets), len(route.targets))
            )
            self._targets += zip(route.cumulative, route.targets, strict=True)
        return first, len(routes)

    def _link(self, numbers: list[int]) -> tuple[int, int]:
        self._links += numbers
        return len(self._links) - len(numbers), len(numbers)

    def _lists(self) -> None:
        """Needs: what they take, what they lack beyond another, whom their release wakes."""
        network = self.network
        self._wanted = [
            {pool for option in step.options for pool, _ in network.needs[option.need].amounts}
            for step in network.steps
        ]
        amounts: list[tuple[int, int]] = []
        needs, lacks = [], []
        for need in network.needs:
            wakes = [b for b, theirs in enumerate(self._wanted) if any(p in theirs for p, _ in need.amounts)]
            needs.append((len(amounts), len(need.amounts), *self._link(wakes)))
            amounts += need.amounts
        for need in network.needs:
            for held in network.needs:
                kept = dict(held.amounts)
                rest = [(p, a - kept.get(p, 0)) for p, a in need.amounts if a > kept.get(p, 0)]
                lacks.append((len(amounts), len(rest), 0, 0))
                amounts += rest
        n = len(network.needs)
        left_over = np.full(n * n, -1, np.int64)
        for (kept_need, following), rest_need in network.left_over.items():
            left_over[kept_need * n + following] = rest_need
        self.arrays["needs"] = in_records(layouts.NEED, needs)
        self.arrays["lacks"] = in_records(layouts.NEED, lacks)
        self.arrays["amounts"] = in_records(layouts.AMOUNT, amounts)
        self.arrays["left_over"] = left_over.view(INTEGER)

    def _steps(self) -> None:
        network = self.network
        steps = []
        options: list[tuple[int, float, int]] = []
        limits: list[tuple[int, int]] = []
        balking: list[tuple[int, int, int, int]] = []
        chances: list[float] = []
        for step in network.steps:
            spec = step.spec
            first_option, first_limit, first_balking = len(options), len(limits), len(balking)
            options += [(o.need, o.factor, int(o.wrong_unit)) for o in step.options]
            limits += [(self._condition(limit.when), limit.count) for limit in spec.queue_limit]
            for each in spec.balking:
                outcome = network.outcomes.index(each.outcome)
                balking.append((self._condition(each.when), len(chances), len(each.probability), outcome))
                chances += each.probability
            mine = self._wanted[step.index]
            rivals = [b for b, theirs in enumerate(self._wanted) if mine & theirs]
            patience = spec.patience
            steps.append(
                (
                    step.product, first_option, len(step.options), *self._add_routes(step.routes),
                    int(step.treatment), int(spec.hold), step.full_outcome, step.patience_outcome,
                    int(patience is not None), int(patience is not None and patience.scope == "journey"),
                    IF_FULL[spec.if_full], first_limit, len(spec.queue_limit), first_balking, len(spec.balking),
                    *self._link(rivals), -1.0 if spec.clinical_margin is None else spec.clinical_margin,
                )
            )  # fmt: skip
        pathways = [self._add_routes(routes) for routes in network.first]
        self.arrays["steps"] = in_records(layouts.STEP, steps)
        self.arrays["options"] = in_records(layouts.OPTION, options)
        self.arrays["limits"] = in_records(layouts.LIMIT, limits)
        self.arrays["balking"] = in_records(layouts.BALKING, balking)
        self.arrays["chances"] = in_records(FLOAT, chances)
        self.arrays["pathways"] = in_records(layouts.SPAN, pathways)
        self.arrays["routes"] = in_records(layouts.ROUTE, self._routes)
        self.arrays["targets"] = in_records(layouts.TARGET, self._targets)
        self.arrays["links"] = in_records(INTEGER, self._links)

    def _hospitals(self) -> None:
        network = self.network
        H = range(len(network.hospitals))
        cleaned = []
        beds: list[tuple[int, int, int]] = []
        for h in H:
            for need in range(len(network.needs)):
                first = len(beds)
                for pool, bed in network.beds_of[need] if need < len(network.beds_of) else ():
                    if network.cleaning[h][pool] is not None:
                        beds.append((pool, bed, self._law(h, pool)))
                cleaned.append((first, len(beds) - first))
        pools_of = [
            {p for option in step.options for p, _ in network.beds_of[option.need]} for step in network.steps
        ]
        self.step_laws = [
            sorted({self._law(h, p) for h in H for p in pools if network.cleaning[h][p] is not None})
            for pools in pools_of
        ]
        factors = [
            acuity * here
            for row in network.hospital_factor
            for step, here in zip(network.steps, row, strict=True)
            for acuity in step.acuity_factor
        ]
        reach = []
        for h in H:
            row = [(0.0, g, network.travel[h][g]) for g in network.neighbours[h]]
            reach += row + [(0.0, -1, 0.0)] * (len(H) - len(row))
        self.arrays["cleaned"] = in_records(layouts.SPAN, cleaned)
        self.arrays["beds"] = in_records(layouts.BED, beds)
        self.arrays["factors"] = in_records(FLOAT, factors)
        self.arrays["travel"] = in_records(FLOAT, [time for row in network.travel for time in row])
        self.arrays["reach"] = in_records(layouts.ROAD, reach)
        flex = [
            (h * len(network.pools) + network.pool(name), spec.flex.delay)
            for h, hospital in enumerate(network.scenario.hospitals.values())
            for name, spec in hospital.beds.items()
            if spec.flex is not None
        ]
        self._n_flex = len(flex)
        self.arrays["flex"] = in_records(layouts.FLEX, flex)
        self.arrays["serves"] = in_records(INTEGER, [int(s) for row in network.serves for s in row])

    def _pools(self) -> None:
        network, P = self.network, len(self.network.pools)
        existing, staffed = [], []
        for h, spec in enumerate(network.scenario.hospitals.values()):
            for p, pool in enumerate(network.pools):
                if pool.name not in getattr(spec, pool.kind):
                    continue
                existing.append(h * P + p)
                if pool.kind == "staff" and (staff := spec.staff[pool.name]).count != "unlimited":
                    staffed.append((h, p, staff))
                    self.most[h * P + p] = int(network.most[h][pool.name]) * pool.unit
        self.existing = np.array(existing, dtype=np.int64)
        """Places (H x P) of the pools that the hospitals have."""
        self.staffed: tuple[Role, ...] = tuple(staffed)
        """Those of staff that is not unlimited."""
        self.staffed_places = np.array([h * P + p for h, p, _ in staffed], dtype=np.int64)

    def _law(self, h: int, pool: int) -> int:
        law = self.network.cleaning[h][pool]
        if law not in self._law_numbers:
            self._law_numbers[law] = len(self.laws)
            self.laws.append((h, pool))
        return self._law_numbers[law]

    def _rest(self) -> None:
        network = self.network
        fates = {"died": FATE_DIED, "left": FATE_LEFT, "cancelled": FATE_LEFT, "diverted": FATE_LEFT}
        rows = [
            (
                row.cause, sum(1 << place for place in row.places), _bits(row.condition.acuities),
                self._condition(row.condition.fixed), self._number(row.times), row.rate,
            )
            for cause in range(len(CAUSES))
            for row in network.hazards
            if row.cause == cause and row.rate > 0
        ]  # fmt: skip
        self._n_hazard_rows = len(rows)
        vaccine = network.scenario.vaccine
        products = [] if vaccine is None else [vaccine.products[name] for name in network.products]
        tiers = [] if vaccine is None else [vaccine.tiers[name].opens for name in network.tiers]
        self.arrays["hazard_rows"] = in_records(layouts.HAZARD, rows)
        self.arrays["fates"] = in_records(INTEGER, [fates.get(k, FATE_OTHER) for k in network.outcome_kind])
        self.arrays["bands"] = in_records(FLOAT, list(HOURS_IN_BED))
        self.arrays["tiers"] = in_records(FLOAT, tiers)
        self.arrays["products"] = in_records(
            layouts.PRODUCT,
            [(p.doses_per_vial, inf if p.open_limit is None else p.open_limit) for p in products],
        )


def _bits(levels: frozenset[int] | None) -> int:
    return -1 if levels is None else sum(1 << level for level in levels)


RankingTables = tuple[int, Records, Records]


def ranking_tables(ranking: QueueRanking, network: Network) -> RankingTables:
    """Return how a queue rule is worked out: its kind, its table, and a second one."""
    law, names = ranking.law, network.acuities
    nothing = in_records(FLOAT, [])

    def table(number: int) -> Records:
        cells = [
            ranking.index(step.index, triage, 0, 0.0, number)
            for step in network.steps
            for triage in range(len(names))
        ]
        return in_records(FLOAT, cells)

    match law:
        case rules.AcuityFirst():
            return BY_ACUITY, nothing, nothing
        case rules.LongestWaitWithinTarget():
            targets = [network.scenario.targets[name] for name in names]
            return BY_SHARE, in_records(FLOAT, targets), nothing
        case rules.CMu() | rules.CMuTheta():
            return BY_TABLE, table(0), nothing
        case rules.MaxWeight():
            return BY_TABLE_AND_NUMBER, table(1), nothing
        case rules.AccumulatingPriority():
            rate = [float(law.rates.get(name, 1.0)) for name in names]
            start = [float(law.start.get(name, 0.0)) for name in names]
            return BY_POINTS, in_records(FLOAT, rate), in_records(FLOAT, start)
        case rules.EquityWeighted():
            rate = [float(law.rates.get(name, 1.0)) for name in names]
            values = attribute_values(network.scenario, law.attribute)
            weight = [float(law.weights.get(value, 1.0)) for value in values]
            return BY_EQUITY, in_records(FLOAT, rate), in_records(FLOAT, weight)
    return BY_WAIT, nothing, nothing
