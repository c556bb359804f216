"""A second reading of the log, independent of the engines: what was true after every row.

`replay` goes through a log row by row, keeps its own books (who is where, what is taken, how many doses
are at hand, how much of each hazard is used up) and asserts what must hold. It knows the scenario
language and the workload's columns, and nothing of how an engine works.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import inf

from scenarios.pathways import Hazard
from scenarios.quantities import When
from sim.distributions import mean
from sim.eventlog import Row
from sim.network import UNLIMITED, CompiledStep, Network, attribute_values
from sim.order import on_grid, on_second
from sim.protocol import Decision, Directive, Orders
from sim.result import Result
from sim.rules import INSTANT
from sim.staffing import on_duty
from sim.workload import Workload

SLACK = 4 * 2.0**-20
"""Rounding up to the grid, and to a whole second that is near."""
NOTHING: tuple[tuple[int, int], ...] = ()


@dataclass
class Person:
    """One patient as the log tells it."""

    number: int
    hospital: int
    presented: float
    acuity: int
    triage: int
    waiting: int = -1
    """The step waited for; -1: not waiting."""
    step: int = -1
    """The step being had; -1: none."""
    visit: int = 0
    queued: float = -1.0
    """When the step's queue was first joined, wherever; -1: not yet."""
    started: float = 0.0
    due: float = inf
    """When the step must end by itself."""
    holds: dict[int, int] = field(default_factory=dict)
    """Need -> the step that seized it."""
    reservation: int = -1
    travelling: bool = False
    arrives: float = inf
    place: str = ""
    used: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    """Cause -> hazard borne since it last struck."""
    struck: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    since: float = 0.0
    """Up to when `used` is counted."""
    visits: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    leg_open: bool = False
    """Whether the present step was begun to be waited for and has not ended."""
    given_back: dict[int, int] = field(default_factory=dict)
    """What a boarder kept until just now, when the next step starts."""


@dataclass
class Books:
    """What the whole log amounts to."""

    present: dict[int, Person] = field(default_factory=dict)
    gone: dict[int, int] = field(default_factory=dict)
    """Patient -> outcome."""
    durations: dict[tuple[int, int, int], float] = field(default_factory=dict)
    """(patient, step, visit) -> hours of steps that ended by themselves."""
    routes: dict[tuple[int, int, int], int] = field(default_factory=dict)
    """(patient, step, visit) -> where they went: a step, or -1 - outcome."""
    arrivals: dict[int, tuple[float, int]] = field(default_factory=dict)
    on_hand: dict[tuple[int, int], int] = field(default_factory=lambda: defaultdict(int))
    n_rows: int = 0


class Replay:
    """Reads a log; every method that begins with `on_` reads a row of that kind."""

    def __init__(
        self,
        result: Result,
        workload: Workload,
        directives: Sequence[Directive] = (),
        decisions: Sequence[Decision] = (),
    ) -> None:
        self.network: Network = result.network
        self.scenario = result.network.scenario
        self.workload = workload
        self.log = result.log
        self.patients = workload.patients
        self.directives = directives
        self.decisions = decisions
        n_hospitals, n_pools = len(self.network.hospitals), len(self.network.pools)
        self.capacity = [list(row) for row in self.network.capacity]
        self.in_use = [[0] * n_pools for _ in range(n_hospitals)]
        self.cleaning = [[0] * n_pools for _ in range(n_hospitals)]
        self.reserved = [[0] * n_pools for _ in range(n_hospitals)]
        self.being_cleaned: dict[tuple[int, int, int], int] = defaultdict(int)
        self.books = Books()
        self.now = 0.0
        self.touched: set[int] = set()
        self.orders = [Orders()] * n_hospitals
        self.swapping = False
        self.before_swap: list[int] = []
        self.dispatched: dict[int, int] = defaultdict(int)
        self.delivered: dict[int, int] = defaultdict(int)
        vaccine = self.scenario.vaccine
        for name, fridge in (vaccine.fridges if vaccine else {}).items():
            assert name in self.network.hospitals
            for product, vials in fridge.stock.items():
                per_vial = vaccine.products[product].doses_per_vial if vaccine else 1
                self.delivered[self.network.products.index(product)] -= vials * per_vial
        self.dosed: dict[tuple[int, int, int], int] = defaultdict(int)
        self._after: tuple[int, int, int] | None = None
        self.most = self.largest_rosters()
        self.said_blocked: set[int] = set()
        self.causes = [c for c in ("leave", "deteriorate", "die") if getattr(self.scenario.hazards, c)]

    # The whole.

    def run(self) -> Books:
        """Read every row; raise `AssertionError` at the first that cannot be."""
        rows = zip(
            self.log.time.tolist(), self.log.kind.tolist(), self.log.patient.tolist(), self.log.hospital.tolist(),
            self.log.item.tolist(), self.log.value.tolist(), strict=True,
        )  # fmt: skip
        for place, (time, kind, patient, hospital, item, value) in enumerate(rows):
            assert self.now <= time <= self.network.horizon, "rows in order of time, none after the horizon"
            assert time * 2**20 == int(time * 2**20), "times are on the grid"
            if time > self.now:
                self.end_of_instant()
                self.now = time
            name = Row.name_of(kind)
            try:
                getattr(self, f"on_{name.lower()}")(patient, hospital, item, value)
                self.after_row(hospital)
            except AssertionError as error:
                said = f"row {place}: {time} {name} patient {patient} hospital {hospital} {item} {value}: {error}"
                raise AssertionError(said) from error
            self.books.n_rows += 1
        self.end_of_instant()
        return self.books

    def largest_rosters(self) -> list[list[int]]:
        """The most of each pool that is ever open without orders."""
        most = [list(row) for row in self.network.capacity]
        for h, name in enumerate(self.network.hospitals):
            for role, staff in self.scenario.hospitals[name].staff.items():
                if staff.count != "unlimited":
                    pool = self.network.pool(role)
                    people = max(n for _, n in on_duty(self.workload, h, pool, staff))
                    most[h][pool] = people * self.network.pools[pool].unit
        return most

    def after_row(self, hospital: int) -> None:
        """Conservation of beds, at every row: what is in use is what present patients hold."""
        for h in range(len(self.network.hospitals)) if hospital < 0 else (hospital,):
            held = [0] * len(self.network.pools)
            for person in self.books.present.values():
                if person.hospital == h:
                    for need in person.holds:
                        for pool, amount in self.amounts(need):
                            held[pool] += amount
            assert held == self.in_use[h], f"held {held}, in use {self.in_use[h]}"
            assert min((*self.cleaning[h], *self.reserved[h], 0)) == 0
        assert all(doses >= 0 for doses in self.books.on_hand.values()), "no dose is given twice"

    def taken(self, hospital: int, pool: int) -> int:
        """In use, cleaned or reserved."""
        return (
            self.in_use[hospital][pool] + self.cleaning[hospital][pool] + self.reserved[hospital][pool]
        )  # fmt: skip

    def amounts(self, need: int) -> tuple[tuple[int, int], ...]:
        """What a need asks for."""
        return self.network.needs[need].amounts if need >= 0 else NOTHING

    # Rows about patients.

    def on_presented(self, number: int, hospital: int, item: int, value: float) -> None:
        people = self.patients
        assert number not in self.books.arrivals, "presents once"
        assert (self.now, hospital, item, value) == (
            people.time[number], people.hospital[number], people.cls[number], people.source[number],
        )  # fmt: skip
        self.books.arrivals[number] = (self.now, hospital)
        if people.declined[number]:
            return
        self.books.present[number] = Person(
            number, hospital, self.now, int(people.acuity[number]), int(people.triage[number]), since=self.now
        )

    def on_queued(self, number: int, hospital: int, item: int, value: float) -> None:
        person = self.books.present[number]
        assert person.waiting < 0
        assert person.step < 0
        assert not person.travelling
        assert person.hospital == hospital
        step = self.network.steps[item]
        if not person.leg_open:
            person.leg_open, person.visit = True, person.visits[item]
            person.visits[item] += 1
            person.queued = self.now
            if self._after is not None and self._after[0] == number:
                self.books.routes[self._after] = item
                self._after = None
        assert value == person.visit
        assert step.pathway == self.network.class_pathway[int(self.patients.cls[number])]
        assert all(self.network.steps[s].spec.hold for s in person.holds.values()), "only boarders hold"
        assert len(person.holds) <= 1
        person.waiting = item
        self.moves_to(person, "boarding" if person.holds else "waiting")
        self.touched.add(hospital)

    def on_started(self, number: int, hospital: int, item: int, value: float) -> None:
        person = self.books.present[number]
        assert person.waiting == item, "starts what is waited for, and never after having quit"
        assert person.hospital == hospital
        assert not person.holds, "nobody holds the pools of two steps"
        step, need = self.network.steps[item], int(value)
        option = next((o for o in step.options if o.need == need), None)
        assert (option is not None) == bool(step.options)
        assert (need >= 0) == bool(step.options)
        for pool, amount in self.amounts(need):
            taken = self.taken(hospital, pool)
            # What is in use may exceed what is open, but it does not rise: not by an exchange, nor by what was kept.
            before = self.before_swap[pool] if self.swapping else taken + person.given_back.get(pool, 0)
            most = max(self.capacity[hospital][pool], before)
            assert taken + amount <= most, (
                f"{self.network.pools[pool].name}: {taken} taken + {amount} > {self.capacity[hospital][pool]}"
            )
            self.in_use[hospital][pool] += amount
        person.given_back = {}
        person.holds = {need: item} if need >= 0 else {}
        person.waiting, person.step, person.started = -1, item, self.now
        hours = self.workload.durations(item, person.visit)[number]
        factor = step.acuity_factor[person.acuity] * self.network.hospital_factor[hospital][item]
        factor *= option.factor if option else 1.0
        person.due = on_second(self.now + (on_grid(hours * factor) if factor != 1.0 else hours))
        person.due = inf if self.swapping else person.due
        self.moves_to(person, "wrong-unit" if option and option.wrong_unit else "care")
        self.touched.add(hospital)

    def on_treated(self, number: int, hospital: int, item: int, value: float) -> None:
        person = self.books.present[number]
        assert person.step == item
        assert person.started == self.now

    def on_ended(self, number: int, hospital: int, item: int, value: float) -> None:
        person = self.books.present[number]
        assert person.step == item
        assert person.hospital == hospital
        margin = self.network.steps[item].spec.clinical_margin
        if value == 0:
            assert person.due in (self.now, inf), f"was to end at {person.due}"
            if person.due < inf:
                self.books.durations[number, item, person.visit] = self.now - person.started
        elif value == 1:
            assert margin is not None
            assert self.now <= person.due
            assert person.due == inf or person.due - self.now <= margin
        else:
            assert person.place in ("care", "wrong-unit")
        self._after = (number, item, person.visit)
        person.step, person.due, person.leg_open, person.queued = -1, inf, False, -1.0

    def on_released(self, number: int, hospital: int, item: int, value: float) -> None:
        person = self.books.present[number]
        assert person.hospital == hospital
        came_from = person.holds.pop(item)
        assert came_from == value
        for pool, amount in self.amounts(item):
            self.in_use[hospital][pool] -= amount
        person.given_back = dict(self.amounts(item)) if person.waiting >= 0 else {}
        self.touched.add(hospital)

    def on_cleaning(self, number: int, hospital: int, item: int, value: float) -> None:
        ((pool, amount),) = self.amounts(item)
        assert self.network.pools[pool].kind == "beds"
        assert self.network.cleaning[hospital][pool] is not None
        self.cleaning[hospital][pool] += amount
        self.being_cleaned[number, hospital, item] += 1

    def on_cleaned(self, number: int, hospital: int, item: int, value: float) -> None:
        ((pool, amount),) = self.amounts(item)
        self.cleaning[hospital][pool] -= amount
        self.being_cleaned[number, hospital, item] -= 1
        assert self.being_cleaned[number, hospital, item] >= 0
        self.touched.add(hospital)

    def on_quit(self, number: int, hospital: int, item: int, value: float) -> None:
        person = self.books.present[number]
        assert person.waiting == item
        assert person.hospital == hospital
        if value == 0:
            assert self.now >= self.patience_of(person)
        if value in (1, 2):
            self.strikes(person, "leave" if value == 1 else "die")
        person.waiting = -1
        self.touched.add(hospital)

    def on_departed_for(self, number: int, hospital: int, item: int, value: float) -> None:
        person = self.books.present[number]
        assert person.waiting < 0
        assert person.step < 0
        assert not person.travelling
        assert not person.holds
        assert person.hospital == hospital
        assert item != hospital
        hours = on_grid(self.network.travel[hospital][item] * float(self.patients.travel_factor[number]))
        person.travelling, person.arrives, person.hospital = True, on_second(self.now + hours), item
        self.moves_to(person, "travelling")

    def on_reserved(self, number: int, hospital: int, item: int, value: float) -> None:
        person = self.books.present[number]
        assert person.travelling
        assert person.hospital == hospital
        assert person.reservation < 0
        for pool, amount in self.amounts(item):
            assert self.taken(hospital, pool) + amount <= self.capacity[hospital][pool], "no room to reserve"
            self.reserved[hospital][pool] += amount
        person.reservation = item

    def on_unreserved(self, number: int, hospital: int, item: int, value: float) -> None:
        person = self.books.present[number]
        assert person.reservation == item
        assert person.hospital == hospital
        for pool, amount in self.amounts(item):
            self.reserved[hospital][pool] -= amount
        person.reservation = -1
        self.touched.add(hospital)

    def on_handed_over(self, number: int, hospital: int, item: int, value: float) -> None:
        person = self.books.present[number]
        assert person.travelling
        assert person.hospital == hospital
        assert person.arrives == self.now
        person.travelling, person.arrives = False, inf

    def on_deteriorated(self, number: int, hospital: int, item: int, value: float) -> None:
        person = self.books.present[number]
        self.strikes(person, "deteriorate")
        assert value == person.acuity - 1 >= 0
        person.acuity -= 1
        person.triage = min(person.triage, person.acuity)
        self.touched.add(hospital)

    def on_left_network(self, number: int, hospital: int, item: int, value: float) -> None:
        if self.patients.declined[number]:
            assert self.network.outcomes[item] == "declined"
            self.books.gone[number] = item
            return
        person = self.books.present.pop(number)
        assert person.waiting < 0
        assert person.step < 0
        assert not person.holds
        assert person.reservation < 0
        assert number not in self.books.gone, "leaves once"
        self.books.gone[number] = item
        if self._after is not None and self._after[0] == number:
            self.books.routes[self._after] = -1 - item

    # Rows about hospitals.

    def on_capacity(self, number: int, hospital: int, item: int, value: float) -> None:
        self.capacity[hospital][item] = int(value)
        self.touched.add(hospital)

    def on_decided(self, number: int, hospital: int, item: int, value: float) -> None:
        if not self.directives:
            return
        if self.decisions:
            self.agrees(self.decisions[int(value)])
        self.orders = [self.directives[int(value)].orders.get(h, Orders()) for h in self.network.hospitals]
        self.touched |= set(range(len(self.network.hospitals)))

    def on_deadlock(self, number: int, hospital: int, item: int, value: float) -> None:
        stuck = [p for p in self.books.present.values() if p.hospital == hospital and p.holds]
        assert 0 < value <= len([p for p in stuck if p.waiting >= 0])
        self.swapping = item == 0
        self.before_swap = [self.taken(hospital, pool) for pool in range(len(self.network.pools))]
        if item == 2:
            self.said_blocked.add(hospital)

    # Vaccine.

    def on_vials(self, number: int, hospital: int, item: int, value: float) -> None:
        self.books.on_hand[hospital, item] += int(value)
        if hospital < 0 and value < 0:
            self.dispatched[item] -= int(value)
        if hospital >= 0:
            self.delivered[item] += int(value)
            self.touched.add(hospital)
        assert self.now == 0 or self.delivered[item] <= self.dispatched[item], "more arrives than was sent"

    def on_dosed(self, number: int, hospital: int, item: int, value: float) -> None:
        person = self.books.present[number]
        step = self.network.steps[person.step]
        assert step.product == item
        assert person.hospital == hospital
        assert person.started == self.now
        self.dosed[number, person.step, person.visit] += 1
        assert self.dosed[number, person.step, person.visit] == 1, "one dose a slot"
        assert self.scenario.vaccine is not None
        if self.scenario.vaccine.tiers:
            tier = list(self.scenario.vaccine.tiers.values())[int(self.patients.tier[number])]
            assert self.patients.tier[number] >= 0
            assert tier.opens <= self.now
        self.books.on_hand[hospital, item] -= 1
        self.touched.add(hospital)

    def on_wasted(self, number: int, hospital: int, item: int, value: float) -> None:
        self.books.on_hand[hospital, item // 8] -= int(value)
        assert value > 0

    # Hazards and patience.

    def moves_to(self, person: Person, place: str) -> None:
        """Count the hazard borne so far; go on at another rate."""
        self.bears(person)
        person.place = place

    def bears(self, person: Person) -> None:
        """Count the hazard borne up to now."""
        for cause in self.causes:
            rate = self.rate(person, cause)
            person.used[cause] += rate * (self.now - person.since)
            if rate:
                limit = self.threshold(person, cause) + rate * SLACK + 1e-9
                assert person.used[cause] <= limit, f"{cause} of patient {person.number} is overdue"
        person.since = self.now

    def threshold(self, person: Person, cause: str) -> float:
        ordinal = person.struck[cause]
        return self.workload.thresholds(("leave", "deteriorate", "die").index(cause), ordinal)[person.number]

    def rate(self, person: Person, cause: str) -> float:
        if cause == "deteriorate" and person.acuity == 0:
            return 0.0
        rows: tuple[Hazard, ...] = getattr(self.scenario.hazards, cause)
        total = 0.0
        for row in rows:
            if person.place in row.during and self.holds(person, row.when):
                times = self.patients.numbers[row.times][person.number] if row.times else 1.0
                total += row.rate * float(times)
        return total

    def holds(self, person: Person, when: When) -> bool:
        """Whether a condition holds, with the present acuity."""
        facts = {
            "class": self.network.classes[int(self.patients.cls[person.number])],
            "acuity": self.network.acuities[person.acuity],
            "triage": self.network.acuities[int(self.patients.triage[person.number])],
            "hospital": self.network.hospitals[int(self.patients.hospital[person.number])],
            "source": self.network.sources[int(self.patients.source[person.number])],
        }
        for name, codes in self.patients.codes.items():
            facts[name] = attribute_values(self.scenario, name)[int(codes[person.number])]
        return all(facts[key] in values for key, values in when.items())

    def strikes(self, person: Person, cause: str) -> None:
        """A hazard strikes: its threshold must be used up, but for what `on_second` takes off."""
        self.bears(person)
        early = self.rate(person, cause) * SLACK + 1e-9
        assert person.used[cause] >= self.threshold(person, cause) - early, f"{cause} strikes too soon"
        person.struck[cause] += 1
        person.used[cause] = 0.0

    def patience_of(self, person: Person) -> float:
        """When the present wait becomes too long."""
        spec = self.network.steps[person.waiting].spec.patience
        if spec is None:
            return inf
        hours = self.workload.patience(person.waiting, person.visit)[person.number]
        until = hours + (person.presented if spec.scope == "journey" else person.queued)
        return on_second(until) if until < inf else inf

    # What must hold when everything has happened that happens at an instant.

    def end_of_instant(self) -> None:
        """Nobody has outstayed, and nobody waits who might have started."""
        for person in self.books.present.values():
            self.bears(person)
            assert person.due > self.now, f"patient {person.number} should have ended at {person.due}"
            assert person.arrives > self.now, f"patient {person.number} should have been handed over"
            assert person.waiting >= 0 or person.step >= 0 or person.travelling, "everybody is somewhere"
            if person.waiting >= 0:
                assert self.patience_of(person) > self.now, f"patient {person.number} has lost patience"
                step = self.network.steps[person.waiting]
                assert step.options or step.product >= 0, "what needs nothing is not waited for"
        for hospital in sorted(self.touched):
            self.work_is_conserved(hospital)
            self.nobody_is_blocked_for_ever(hospital)
        self.touched.clear()
        self.swapping = False
        self._after = None

    def work_is_conserved(self, hospital: int) -> None:
        """DESIGN section 3, "Waiting", for each backfill."""
        waiting = [p for p in self.books.present.values() if p.hospital == hospital and p.waiting >= 0]
        if not waiting:
            return
        ranked = sorted(waiting, key=lambda p: self.rank(hospital, p, waiting))
        closed: list[set[int]] = [set() for _ in self.network.acuities]
        for person in ranked:
            step = self.network.steps[person.waiting]
            fits = [] if self.no_dose(hospital, step) else [
                need for need in self.ways(step) if not self.short(hospital, person.triage, need, self.own(person))
            ]  # fmt: skip
            if person.holds:
                assert not fits, f"boarder {person.number} could start"
            open_ways = [
                need
                for need in fits
                if not any(pool in closed[person.triage] for pool, _ in self.amounts(need))
            ]
            assert not open_ways, f"patient {person.number} could start"
            if self.scenario.backfill == "fit" or (self.scenario.backfill == "none" and fits):
                continue
            self.close(hospital, person, step, closed)

    def own(self, person: Person) -> dict[int, int]:
        """What a boarder keeps: it need not be free for the next step."""
        return {pool: amount for need in person.holds for pool, amount in self.amounts(need)}

    def close(self, hospital: int, person: Person, step: CompiledStep, closed: list[set[int]]) -> None:
        """Close pools to those ranked below for whom they are short as well; `strict`: all that the step needs."""
        for level, levels in enumerate(closed):
            own = self.own(person)
            short = [self.short(hospital, level, need, own) for need in self.ways(step)]
            if self.scenario.backfill == "none":
                now = [self.short(hospital, person.triage, need, own) for need in self.ways(step)]
                both = {each for way in now for each in way}
                levels |= {pool for way in short for pool, amount in way if (pool, amount) in both}
            elif self.no_dose(hospital, step) or all(
                way or any(pool in levels for pool, _ in self.amounts(need))
                for need, way in zip(self.ways(step), short, strict=True)
            ):
                levels |= {
                    pool
                    for need in self.ways(step)
                    for pool, amount in self.amounts(need)
                    if amount > own.get(pool, 0)
                }

    def nobody_is_blocked_for_ever(self, hospital: int) -> None:
        """Boarders who have no other way out can start one day, once all that is timed has ended."""
        boarders = [
            p for p in self.books.present.values() if p.hospital == hospital and p.holds and p.waiting >= 0
        ]
        stuck = [p for p in boarders if not self.may_go(p)]
        free = [
            max(now, most) for now, most in zip(self.capacity[hospital], self.most[hospital], strict=True)
        ]
        for person in stuck:
            for need in person.holds:
                for pool, amount in self.amounts(need):
                    free[pool] -= amount
        while stuck:
            lucky = [
                p
                for p in stuck
                if any(
                    all(
                        amount <= free[pool] + self.own(p).get(pool, 0) for pool, amount in self.amounts(need)
                    )
                    for need in self.ways(self.network.steps[p.waiting])
                )
            ]
            for person in lucky:
                for need in person.holds:
                    for pool, amount in self.amounts(need):
                        free[pool] += amount
            stuck = [p for p in stuck if p not in lucky]
            if not lucky and stuck:
                assert hospital in self.said_blocked, (
                    f"patients {[p.number for p in stuck]} block one another unseen"
                )
                return
        self.said_blocked.discard(hospital)

    def may_go(self, person: Person) -> bool:
        """Whether a boarder has another way out than to start."""
        return (
            self.patience_of(person) < inf
            or self.network.steps[person.waiting].product >= 0
            or any(self.rate(person, cause) > 0 for cause in ("leave", "die"))
        )

    def ways(self, step: CompiledStep) -> list[int]:
        return [option.need for option in step.options] or [-1]

    def no_dose(self, hospital: int, step: CompiledStep) -> bool:
        return step.product >= 0 and self.books.on_hand[hospital, step.product] <= 0

    def kept(self, hospital: int, triage: int, pool: int) -> int:
        """Integer units of a pool that are kept for patients more urgent than this."""
        return sum(
            beds * self.network.pools[pool].unit
            for (name, acuity), beds in self.orders[hospital].reserve.items()
            if name == self.network.pools[pool].name and self.network.acuities.index(acuity) < triage
        )

    def short(self, hospital: int, triage: int, need: int, own: dict[int, int]) -> list[tuple[int, int]]:
        """The pools of a need that are short, with what they lack beyond the patient's own."""
        lacking = [(pool, amount - own.get(pool, 0)) for pool, amount in self.amounts(need)]
        return [
            (pool, amount)
            for pool, amount in lacking
            if amount > 0
            and self.taken(hospital, pool) + amount
            > self.capacity[hospital][pool] - self.kept(hospital, triage, pool)
        ]

    def rank(self, hospital: int, person: Person, waiting: list[Person]) -> tuple[float, float, float, int]:
        """Smaller goes first, by the rule's definition in `scenarios/rules.py`."""
        rule = self.orders[hospital].queue_rule or self.scenario.queue_rule
        law, step = rule.law, self.network.steps[person.waiting]
        clock = person.queued if getattr(law, "clock", "journey") == "step" else person.presented
        wait, acuity = self.now - clock, self.network.acuities[person.triage]
        cost = float(getattr(law, "cost", {}).get(acuity, 1.0))
        per_hour = float(getattr(law, "rates", {}).get(acuity, 1.0))
        mu = self.service_rate(step, person.triage)
        match rule.name:
            case "first-come":
                index = 0.0
            case "acuity":
                index = -float(person.triage)
            case "longest-wait":
                index = wait / self.scenario.targets[acuity]
            case "c-mu":
                index = cost * mu
            case "c-mu-theta":
                theta = self.abandonment_rate(step, person.triage)
                index = cost * mu / theta if theta else inf
            case "max-weight":
                alike = [p for p in waiting if (p.waiting, p.triage) == (person.waiting, person.triage)]
                index = cost * mu * len(alike)
            case "accumulating-priority":
                index = float(law.start.get(acuity, 0.0)) + per_hour * wait
            case "equity-weighted":
                values = attribute_values(self.scenario, law.attribute)
                value = values[int(self.patients.codes[law.attribute][person.number])]
                index = float(law.weights.get(value, 1.0)) * (per_hour * wait)
            case unknown:
                raise AssertionError(f"no definition of {unknown}")
        tiers = self.orders[hospital].tiers
        tier = 0
        if step.product >= 0 and tiers:
            own = int(self.patients.tier[person.number])
            name = self.network.tiers[own] if own >= 0 else ""
            tier = tiers.index(name) if name in tiers else len(tiers)
        return tier, -index, clock, person.number

    def service_rate(self, step: CompiledStep, triage: int) -> float:
        name = self.network.acuities[triage]
        for case in step.spec.duration:
            if all(key in ("acuity", "triage") and name in values for key, values in case.when.items()):
                hours = mean(case) * step.acuity_factor[triage]
                return 1 / hours if hours else INSTANT
        return INSTANT

    def abandonment_rate(self, step: CompiledStep, triage: int) -> float:
        name = self.network.acuities[triage]
        for case in step.spec.patience.time if step.spec.patience else ():
            if all(key in ("acuity", "triage") and name in values for key, values in case.when.items()):
                return 1 / mean(case) if mean(case) else 0.0
        return 0.0

    # What a policy was shown.

    def agrees(self, decision: Decision) -> None:
        """The census of a decision is what the log says."""
        assert decision.time == self.now
        present = self.books.present.values()
        for h, view in enumerate(decision.hospitals):
            for p in range(len(self.network.pools)):
                capacity = self.capacity[h][p]
                shown = -1 if capacity >= UNLIMITED // 2 else max(capacity, 0)
                assert view.capacity[p] == shown, "capacity shown"
                assert view.in_use[p] == self.in_use[h][p]
                assert view.cleaning[p] == self.cleaning[h][p]
                assert view.reserved[p] == self.reserved[h][p]
                holders = [
                    x
                    for x in present
                    if x.hospital == h and any(p == q for n in x.holds for q, _ in self.amounts(n))
                ]
                assert sum(view.in_bed[p]) == len(holders), "patients in bed shown"
            assert view.inbound == sum(x.travelling and x.hospital == h for x in present)
            waiting = [x for x in present if x.hospital == h and x.waiting >= 0]
            assert sum(sum(row) for need in view.queue for row in need) == len(waiting)
            for x in waiting:
                assert sum(view.queue[x.waiting][x.triage]) >= 1
            stock: dict[int, int] = defaultdict(int)
            for lot in view.stock:
                stock[self.network.products.index(lot.product)] += lot.doses
            for product in range(len(self.network.products)):
                assert stock[product] == self.books.on_hand[h, product]
        shown_waiting = {(w.patient, w.hospital, w.step, w.acuity, w.boarding) for w in decision.waiting}
        assert shown_waiting == {
            (x.number, x.hospital, self.network.steps[x.waiting].name, x.triage, bool(x.holds))
            for x in present
            if x.waiting >= 0
        }


def replay(
    result: Result,
    workload: Workload,
    directives: Sequence[Directive] = (),
    decisions: Sequence[Decision] = (),
) -> Books:
    """Read a result's log and assert everything that must hold of it."""
    return Replay(result, workload, directives, decisions).run()
