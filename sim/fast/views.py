"""The kernel's memory as the reference engine's parts see it: patients, desks, journeys, supply, tallies."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from scenarios.rules import OverflowRule
from sim.columns import Columns
from sim.fast import kernel
from sim.fast.memory import address
from sim.fast.tabled import overflow_code
from sim.network import DIE, LEAVE, Network, Option
from sim.order import ID_BITS, Kind, priority
from sim.protocol import Tally
from sim.rules import QueueRanking
from sim.signals import START
from sim.supply import DEPOT, Lot, Supply
from sim.tally import Tallies
from sim.unblocking import Unblocking

if TYPE_CHECKING:
    from sim.fast.engine import FastEngine
    from sim.workload import Workload


class Clock:
    """The time, where the reference's parts look for it."""

    def __init__(self, world: Any) -> None:
        self._world = world

    @property
    def now(self) -> float:
        """Hours since the start."""
        return float(self._world["now"][0])


class Patient:
    """Somebody in the system; as long as nothing happens, no longer."""

    def __init__(self, engine: FastEngine, place: int) -> None:
        self._engine = engine
        self.place = place

    def _of(self, name: str) -> Any:
        return self._engine.memory["patients"][name][self.place].item()

    number = property(lambda self: self._of("number"))
    hospital = property(lambda self: self._of("hospital"))
    step = property(lambda self: self._of("step"))
    visit = property(lambda self: self._of("visit"))
    triage = property(lambda self: self._of("triage"))
    tier = property(lambda self: self._of("tier"))
    patience = property(lambda self: self._of("patience"))
    finish = property(lambda self: self._of("finish"))
    clock = property(lambda self: self._of("clock"))

    @property
    def cell(self) -> int | None:
        """The part of the queue; None when not waiting."""
        cell: int = self._of("cell")
        return None if cell < 0 else cell

    @property
    def held(self) -> int:
        """What is kept from an earlier step; -1: nothing."""
        return int(self._of("held"))

    @held.setter
    def held(self, need: int) -> None:
        self._set("held", need)

    @property
    def held_from(self) -> tuple[int, int, int]:
        """The step, visit and leg from which it is kept."""
        return self._of("held_step"), self._of("held_visit"), self._of("held_leg")

    @property
    def extra(self) -> float:
        """Hours added to the next step."""
        return float(self._of("extra"))

    @extra.setter
    def extra(self, hours: float) -> None:
        self._set("extra", hours)

    @property
    def option(self) -> Option | None:
        """The option of the step that is about to be seized; only ever set."""
        return None

    @option.setter
    def option(self, option: Option) -> None:
        steps = self._engine.network.steps
        before = sum(len(step.options) for step in steps[: self.step])
        self._set("option", before + steps[self.step].options.index(option))

    @property
    def gate(self) -> Patient:
        """What the journey waits on."""
        return self

    def fire(self, signal: Any) -> None:
        """Start the step, after an exchange."""
        assert signal == START
        self._engine.roomy()
        self._engine.command(kernel.SERVE, self.place)

    def _set(self, name: str, value: Any) -> None:
        self._engine.memory["patients"][name][self.place] = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Patient) and self.place == other.place

    def __hash__(self) -> int:
        return hash(self.place)


class Patients:
    """Everybody in the system, by number."""

    def __init__(self, engine: FastEngine) -> None:
        self._engine = engine

    def at(self, place: int) -> Patient:
        """Return who has a place."""
        return Patient(self._engine, place)

    def get(self, number: int) -> Patient | None:
        """Return somebody by number; None: not in the system."""
        if number < 0:
            return None
        found = np.flatnonzero(self._engine.memory["patients"]["number"] == number)
        return Patient(self._engine, int(found[0])) if len(found) else None

    def __getitem__(self, number: int) -> Patient:
        found = self.get(number)
        if found is None:
            raise KeyError(number)
        return found

    def __contains__(self, number: int) -> bool:
        return self.get(number) is not None

    def values(self) -> Iterator[Patient]:
        """Return everybody."""
        taken = np.flatnonzero(self._engine.memory["patients"]["number"] >= 0)
        return iter([Patient(self._engine, place) for place in taken.tolist()])


class Desk:
    """The allocation desk of one hospital."""

    def __init__(self, engine: FastEngine, hospital: int, ranking: QueueRanking) -> None:
        self._engine = engine
        self.hospital = hospital
        self.ranking = ranking
        self.tier_order: dict[int, int] = {}

    def copy(self, engine: FastEngine) -> Desk:
        """Return the desk of a copy of the engine."""
        twin = Desk(engine, self.hospital, self.ranking)
        twin.tier_order = self.tier_order
        return twin

    def _pools(self, name: str) -> list[int]:
        n = len(self._engine.network.pools)
        column = self._engine.memory["pools"][name][self.hospital * n : (self.hospital + 1) * n]
        amounts: list[int] = column.tolist()
        return amounts

    capacity = property(lambda self: self._pools("capacity"))
    in_use = property(lambda self: self._pools("in_use"))
    cleaning = property(lambda self: self._pools("cleaning"))
    reserved = property(lambda self: self._pools("reserved"))
    taken = property(lambda self: self._pools("taken"))

    @property
    def kept(self) -> list[list[int]]:
        """Acuities x pools; only ever set."""
        return []

    @kept.setter
    def kept(self, kept: list[list[int]]) -> None:
        memory = self._engine.memory
        memory["desks"]["kept"][self.hospital] = int(bool(kept))
        if kept:
            H = len(self._engine.network.hospitals)
            memory["kept"]["value"].reshape(H, len(kept), -1)[self.hospital] = kept

    def rank_by(self, ranking: QueueRanking, tier_order: dict[int, int]) -> None:
        """Change the queue rule and rank everybody anew."""
        if ranking is self.ranking and tier_order == self.tier_order:
            return
        self.ranking, self.tier_order = ranking, tier_order
        engine, memory = self._engine, self._engine.memory
        waiting = self._waiting()
        for patient in waiting:
            engine.command(kernel.TAKE_OUT, patient.place)
        memory["desks"]["ranking"][self.hospital] = engine.ranked_by(ranking)
        tiers = range(len(engine.network.tiers))
        ranks = memory["tier_ranks"]["value"].reshape(len(engine.network.hospitals), -1)[self.hospital]
        ranks[: len(tiers)] = [tier_order.get(tier, len(tier_order)) for tier in tiers]
        memory["desks"]["n_tier_ranks"][self.hospital] = len(tier_order)
        for patient in waiting:
            engine.roomy()
            engine.command(kernel.INSERT, patient.place)

    def _waiting(self, holding: bool = False) -> list[Patient]:
        p = self._engine.memory["patients"]
        here = (p["number"] >= 0) & (p["hospital"] == self.hospital) & (p["cell"] >= 0)
        if holding:
            here &= p["held"] >= 0
        places = np.flatnonzero(here)
        places = places[np.argsort(p["number"][places], kind="stable")]
        return [self._engine.patients.at(place) for place in places.tolist()]

    def boarders(self) -> list[Patient]:
        """Return those who wait while keeping a bed, by patient number."""
        return self._waiting(holding=True)

    def best_first(self, patients: list[Patient], now: float) -> list[Patient]:
        """Return waiting patients in the order of the queue rule."""
        cells = self._engine.memory["cells"]
        everybody = self._waiting() if self.ranking.counts else []

        def rank(p: Patient) -> tuple[int, float, float, int]:
            cell = cells[p.cell]
            n = int(cell["n"])
            if self.ranking.counts:
                n = sum(q.step == p.step and q.triage == p.triage for q in everybody)
            points = self.ranking.index(p.step, p.triage, int(cell["code"]), now - p.clock, n)
            return int(cell["tier_rank"]), -points, p.clock, p.number

        return sorted(patients, key=rank)

    def quit(self, patient: Patient) -> None:
        """Take a patient out of the queue."""
        self._engine.command(kernel.QUIT_QUEUE, patient.place)

    def release(self, need: int) -> None:
        """Give back the pools of a need."""
        pools = self._engine.memory["pools"]
        n = len(self._engine.network.pools)
        for pool, amount in self._engine.network.needs[need].amounts:
            for name in ("in_use", "taken"):
                pools[name][self.hospital * n + pool] -= amount


class Marks:
    """A set of hospitals that the kernel keeps as a flag of their desks."""

    def __init__(self, engine: FastEngine, flag: str) -> None:
        self._engine = engine
        self._flag = flag

    def add(self, hospital: int) -> None:
        """Mark a hospital."""
        self._engine.memory["desks"][self._flag][hospital] = 1

    def discard(self, hospital: int) -> None:
        """Take the mark off, if there is one."""
        self._engine.memory["desks"][self._flag][hospital] = 0

    def __contains__(self, hospital: int) -> bool:
        return bool(self._engine.memory["desks"][self._flag][hospital])


class ToLookAt(Marks):
    """Hospitals to be looked at for patients who block one another; the kernel lists them too."""

    def __init__(self, engine: FastEngine) -> None:
        super().__init__(engine, "to_look")

    def add(self, hospital: int) -> None:
        """Mark a hospital."""
        super().add(hospital)
        self._list()

    def discard(self, hospital: int) -> None:
        """Take the mark off, if there is one."""
        super().discard(hospital)
        self._list()

    def _list(self) -> None:
        marked = np.flatnonzero(self._engine.memory["desks"]["to_look"])
        self._engine.memory["to_look"]["value"][: len(marked)] = marked
        self._engine.set_world("n_to_look", len(marked))


class Transfers:
    """The roads between the hospitals."""

    def __init__(self, engine: FastEngine) -> None:
        self._engine = engine

    @property
    def ambulances(self) -> list[int]:
        """Free now, by hospital."""
        free: list[int] = self._engine.memory["desks"]["ambulances"].tolist()
        return free

    def has_ambulance(self, hospital: int) -> bool:
        """Whether a patient can be sent away now."""
        return bool(self._engine.memory["desks"]["ambulances"][hospital] > 0)

    def move(self, patient: Patient, target: int, why: int) -> bool:
        """Send a waiting patient to another hospital; False: no ambulance."""
        self._engine.roomy()
        return bool(self._engine.command(kernel.MOVE, patient.place, target, int(why)))

    def choose(self, rule: OverflowRule, patient: Patient, step: int) -> int:
        """Return where the rule sends a patient; -1: nowhere."""
        code, within = overflow_code(rule)
        return self._engine.command(kernel.CHOOSE, patient.place, code, step, within)


class MayTake:
    """Whether a hazard of leaving or of dying runs: what deadlocks ask of the hazards."""

    def __init__(self, engine: FastEngine) -> None:
        self._engine = engine

    def may_take(self, patient: Patient) -> bool:
        """See `sim.hazards.Hazards.may_take`."""
        rates = (f"rate_{cause}" for cause in (LEAVE, DIE))
        return any(self._engine.memory["patients"][rate][patient.place] > 0 for rate in rates)


class Journeys:
    """What orders and deadlocks do to patients."""

    def __init__(self, engine: FastEngine) -> None:
        self._engine = engine
        self.transfers = Transfers(engine)
        self.hazards = MayTake(engine)
        self.columns = Columns(engine.workload)
        self.unblocking = Unblocking(engine, self)  # type: ignore[arg-type]
        self.unblocking.to_look_at = ToLookAt(engine)  # type: ignore[assignment]
        self.unblocking._blocked = Marks(engine, "blocked")  # type: ignore[assignment]

    def discharge_early(self, patient: Patient) -> None:
        """End the patient's step now."""
        self._engine.make_columns_after(patient.place)
        self._engine.roomy()
        self._engine.command(kernel.CUT, patient.place)


class FastTallies(Tallies):
    """The kernel's running totals."""

    def __init__(self, engine: FastEngine, network: Network) -> None:
        super().__init__(len(network.hospitals), len(network.groups), network.tau)
        self._engine = engine
        self._begun: tuple[float, Any] | None = None

    def copy(self, engine: FastEngine) -> FastTallies:
        """Return the tallies of a copy of the engine."""
        twin = copy.copy(self)
        twin._engine = engine
        return twin

    def begin(self, now: float, totals: Any = None) -> None:
        """Begin the next interval; nobody wants to know about the one that ends. `totals`: those of then."""
        self._begun = (now, self._totals(now) if totals is None else totals.copy())

    def since(self, now: float) -> Tally:
        """Return what happened since the last call, and begin the next interval."""
        if self._begun is not None:
            (begun, totals), self._begun = self._begun, None
            self._read(totals)
            super().since(begun)
        self._read(self._totals(now))
        return super().since(now)

    def _totals(self, now: float) -> Any:
        """Return the kernel's totals, with the hours until a time of those who are untreated still: who is blocked for
        ever is so until the horizon."""
        totals = np.zeros_like(self._engine.memory["tallies"])
        self._engine.command(kernel.ADD_UP, address(totals), x=now)
        return totals

    def _read(self, totals: Any) -> None:
        tables = {name: totals[name].reshape(self._shape).tolist() for name in ("hours", *self.COUNTS)}
        self._hours = tables.pop("hours")
        self._counts = tables


class FastSupply(Supply):
    """The vaccine: doses are given and lots at hospitals expire in the kernel, everything else is the reference's.

    The lots at hospitals are in the kernel's memory; `read` makes them lots of Python, `write` puts them back.
    """

    def __init__(self, engine: FastEngine, network: Network, workload: Workload) -> None:
        self._engine = engine
        super().__init__(network, workload, lambda: engine.env.now, engine.at, engine.log, engine.changed)

    def copy(self, engine: FastEngine) -> FastSupply:
        """Return the supply of a copy of the engine, but for the lots."""
        twin = copy.copy(self)
        twin._engine = engine
        twin._now, twin._at, twin._log, twin._mark = (
            lambda: engine.env.now,
            engine.at,
            engine.log,
            engine.changed,
        )
        twin.on_order = [list(row) for row in self.on_order]
        twin._deliveries = [list(row) for row in self._deliveries]
        twin._workload = engine.workload
        return twin

    @property
    def _numbers(self) -> int:
        return int(self._engine.world("numbers"))

    @_numbers.setter
    def _numbers(self, number: int) -> None:
        self._engine.set_world("numbers", number)

    def lots(self, hospital: int) -> list[Lot]:
        """Return the lots at a hospital, or at the depot (-1), in the order of use."""
        self.read()
        return super().lots(hospital)

    def read(self) -> None:
        """Take over what the kernel has done to the lots."""
        memory = self._engine.memory
        for h in np.flatnonzero(memory["shelves"]["touched"]).tolist():
            first = h * len(memory["lots"]) // len(self._network.hospitals)
            self._lots[h] = []
            for row in memory["lots"][first : first + memory["shelves"]["n"][h]].tolist():
                number, product, vials, doses, _, expires = row
                self._lots[h].append(Lot(number, product, vials, expires, doses))
            memory["shelves"]["touched"][h] = 0

    def write(self) -> None:
        """Put the lots at hospitals into the kernel's memory."""
        memory = self._engine.memory
        while max(len(lots) for lots in self._lots.values()) + 4 > self._engine.world("max_lots"):
            self._engine._more_lots(2 * int(self._engine.world("max_lots")))
        size = int(self._engine.world("max_lots"))
        for h, shelf in enumerate(self._lots[h] for h in range(len(self._network.hospitals))):
            memory["shelves"]["n"][h] = len(shelf)
            for i, lot in enumerate(shelf):
                memory["lots"][h * size + i] = (
                    lot.number, lot.product, lot.vials, lot.doses, int(lot.opened), lot.expires
                )  # fmt: skip

    def _add(self, place: int, product: int, vials: int, expires: float, doses: int = 0) -> None:
        if place == DEPOT:
            super()._add(place, product, vials, expires, doses)
            return
        lot = Lot(self._numbers + 1, product, vials, expires, doses)
        self._lots[place].append(lot)
        self._lots[place].sort(key=lambda each: (not each.opened, each.expires, each.number))
        self._numbers += 1
        self._engine._put(expires, priority(Kind.EXPIRY, lot.number), (place << ID_BITS) + lot.number)
