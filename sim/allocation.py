"""Who gets what at one hospital: its pools, its ranked list of waiting patients, and the scan.

The ranked list spans all steps. It is kept in cells: patients who wait for the same step with the
same assigned acuity and the same value of the ranking attribute. Within a cell the longest wait goes
first under every rule, so that a scan looks at the heads of the cells alone, however long the queue.

A scan starts the best-ranked patient who may start, and is repeated until nobody may. A patient may
start when the pools of one of the step's options are free (and a dose is at hand), none of them
closed. Walking down the ranks, a patient who is short closes pools to those ranked below: `none`
those that it is short of, `strict` all that it needs, `fit` nothing. A boarder is exempt from
closures: it keeps a bed that others wait for.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from math import inf

from sim.network import UNLIMITED, CompiledStep, Network, Option
from sim.patient import Patient
from sim.rules import QueueRanking
from sim.supply import Supply

CellKey = tuple[int, int, int, int, int]
"""(step, triage, code of the ranking attribute, tier rank, the need kept: -1 for none)."""


class Cell:
    """Waiting patients whom a rule ranks by their wait alone."""

    __slots__ = ("code", "entries", "held", "step", "tier_rank", "triage")

    def __init__(self, step: CompiledStep, key: CellKey) -> None:
        self.step = step
        _, self.triage, self.code, self.tier_rank, self.held = key
        self.entries: list[tuple[float, int, Patient]] = []
        """(clock, patient number, patient), the longest wait first."""


class Desk:
    """The allocation desk of one hospital."""

    def __init__(self, network: Network, hospital: int, ranking: QueueRanking, supply: Supply | None) -> None:
        self.network = network
        self.hospital = hospital
        n = len(network.pools)
        self.capacity = list(network.capacity[hospital])
        """Open and staffed now, integer units."""
        self.in_use = [0] * n
        self.cleaning = [0] * n
        self.reserved = [0] * n
        self.taken = [0] * n
        """in_use + cleaning + reserved."""
        self.kept: list[list[int]] = []
        """acuities x pools: kept for the more urgent; empty when nothing is kept."""
        self.waiting_for = [0] * len(network.steps)
        """Waiting patients by step."""
        self.cells: dict[CellKey, Cell] = {}
        """Only cells in which somebody waits."""
        self.newcomers: list[Patient] = []
        """Those who joined and of whom it is not yet known whether they must wait."""
        self.closures = network.scenario.backfill
        self.tier_order: dict[int, int] = {}
        self.ranking = ranking
        self._supply = supply
        self._needs = [need.amounts for need in network.needs]
        self._lacks: dict[tuple[int, int], tuple[tuple[int, int], ...]] = {}
        self.stirred: set[int] = set()
        """Steps for which somebody who waits may find room; nobody who waits for another step would."""
        pools = [
            {pool for option in step.options for pool, _ in self._needs[option.need]}
            for step in network.steps
        ]
        self._rivals = [[b for b, theirs in enumerate(pools) if mine & theirs] for mine in pools]
        """By step: the steps that need one of its pools, itself among them."""
        self._wakes = [
            [b for b, theirs in enumerate(pools) if any(pool in theirs for pool, _ in amounts)]
            for amounts in self._needs
        ]
        """By need: the steps that its release may let start."""

    def rank_by(self, ranking: QueueRanking, tier_order: dict[int, int]) -> None:
        """Change the queue rule and rank everybody anew."""
        if ranking is self.ranking and tier_order == self.tier_order:
            return
        self.ranking, self.tier_order = ranking, tier_order
        patients = self.waiting()
        self.cells.clear()
        for patient in patients:
            self._insert(patient)

    def waiting(self) -> list[Patient]:
        """Return everybody waiting, by patient number."""
        everybody = [entry[2] for cell in self.cells.values() for entry in cell.entries]
        return sorted(everybody, key=lambda patient: patient.number)

    def boarders(self) -> list[Patient]:
        """Return those who wait while keeping a bed, by patient number."""
        everybody = [entry[2] for cell in self.cells.values() if cell.held >= 0 for entry in cell.entries]
        return sorted(everybody, key=lambda patient: patient.number)

    def join(self, patient: Patient) -> None:
        """Put a patient into the queue for `patient.step`."""
        self.waiting_for[patient.step] += 1
        self._insert(patient)
        self.newcomers.append(patient)

    def quit(self, patient: Patient) -> None:
        """Take a patient out of the queue."""
        self.waiting_for[patient.step] -= 1
        self._remove(patient)

    def rerank(self, patient: Patient) -> None:
        """Rank a waiting patient anew after its assigned acuity changed."""
        self._remove(patient)
        self._insert(patient)

    def _insert(self, patient: Patient) -> None:
        step = self.network.steps[patient.step]
        code = self.ranking.codes[patient.number] if self.ranking.codes is not None else 0
        rank = self.tier_order.get(patient.tier, len(self.tier_order)) if step.product >= 0 else 0
        key = (patient.step, patient.triage, code, rank, patient.held)
        cell = self.cells.get(key)
        if cell is None:
            cell = self.cells[key] = Cell(step, key)
        patient.cell = key
        if (
            patient.step not in self.stirred
            and self.fitting(step, patient.triage, held=patient.held) is not None
        ):
            self.stirred.add(patient.step)
        clock = patient.queued if self.ranking.by_step_clock else patient.presented
        patient.key = (clock, patient.number)
        if cell.entries and cell.entries[-1] > (clock, patient.number):
            insort(cell.entries, (clock, patient.number, patient), key=_clock)
        else:
            cell.entries.append((clock, patient.number, patient))

    def _remove(self, patient: Patient) -> None:
        entries = self.cells[patient.cell].entries
        del entries[bisect_left(entries, patient.key, key=_clock)]
        if not entries:
            del self.cells[patient.cell]
        patient.cell = None

    def stir(self) -> None:
        """Anybody who waits may find room now."""
        self.stirred.update(cell.step.index for cell in self.cells.values())

    def wake(self, need: int) -> bool:
        """Somebody may find room in what was given back; False: nobody waits for it."""
        waiting = self.waiting_for
        woken = False
        for step in self._wakes[need]:
            if waiting[step]:
                self.stirred.add(step)
                woken = True
        return woken or bool(self.stirred)

    def start_at_once(self, step: CompiledStep, triage: int, held: int) -> Option | None:
        """Return how a patient who comes now may start without being ranked; None: see who goes first."""
        if self.stirred:
            return None
        if self.closures != "fit":
            waiting = self.waiting_for
            for rival in self._rivals[step.index]:
                if waiting[rival]:
                    return None
        return self.fitting(step, triage, held=held)

    def scan(self, now: float) -> tuple[Patient, Option] | None:
        """Return the best-ranked waiting patient who may start now and how, taken off the list; None: nobody may."""
        if not self.stirred:
            return None
        start = self._find(now)
        if start is None:
            return None
        patient = start[0].entries[0][2]
        self.quit(patient)
        return patient, start[1]

    def _find(self, now: float) -> tuple[Cell, Option] | None:
        stirred = self.stirred
        fits: list[tuple[Cell, Option]] = []
        steps: set[int] = set()
        short: set[int] = set()
        for cell in self.cells.values():
            if cell.step.index in stirred:
                option = self.fitting(cell.step, cell.triage, held=cell.held)
                if option is None:
                    short.add(cell.step.index)
                else:
                    fits.append((cell, option))
                    steps.add(cell.step.index)
        self.stirred = steps
        if not fits:
            return None
        if self.closures != "fit" and (self.kept or steps & short or self._contested(steps)):
            return self._ranked(now)
        if len(fits) == 1:
            return fits[0]
        return min(fits, key=lambda one: self._head_rank(one[0], now))

    def _contested(self, steps: set[int]) -> bool:
        """Whether somebody who waits for another step needs a pool of these."""
        waiting = self.waiting_for
        for step in steps:
            for rival in self._rivals[step]:
                if waiting[rival] and rival not in steps:
                    return True
        return False

    def best_first(self, patients: list[Patient], now: float) -> list[Patient]:
        """Return waiting patients in the order of the queue rule."""
        return sorted(patients, key=lambda p: self._rank(self.cells[p.cell], p.key[0], p.key[1], now))

    def _head_rank(self, cell: Cell, now: float) -> tuple[int, float, float, int]:
        clock, number, _ = cell.entries[0]
        return self._rank(cell, clock, number, now)

    def _rank(self, cell: Cell, clock: float, number: int, now: float) -> tuple[int, float, float, int]:
        n = len(cell.entries)
        if self.ranking.counts:
            n = sum(
                len(other.entries)
                for other in self.cells.values()
                if other.step is cell.step and other.triage == cell.triage
            )
        points = self.ranking.index(cell.step.index, cell.triage, cell.code, now - clock, n)
        return cell.tier_rank, -points, clock, number

    def _ranked(self, now: float) -> tuple[Cell, Option] | None:
        """Walk down the ranks, closing pools."""
        closed: dict[int, int] = {}
        for cell in sorted(self.cells.values(), key=lambda one: self._head_rank(one, now)):
            option = self.fitting(cell.step, cell.triage, held=cell.held)
            if option is not None and closed and cell.held < 0:
                option = self.fitting(cell.step, cell.triage, closed, cell.held)
                if option is None and self.closures == "strict":
                    self._close(cell, closed)
            elif option is None and self.closures != "fit":
                self._close(cell, closed)
            if option is not None:
                return cell, option
        return None

    def fitting(
        self, step: CompiledStep, triage: int, closed: dict[int, int] | None = None, held: int = -1
    ) -> Option | None:
        """Return the first option of the step whose pools and dose are free; None: none is.

        `closed`: pool -> the most urgent acuity to which it is closed. What a boarder keeps (`held`) need not
        be free: only what is lacking is.
        """
        if step.product >= 0 and not self.has_dose(step):
            return None
        capacity, taken, needs = self.capacity, self.taken, self._needs
        kept = self.kept[triage] if self.kept else None
        for option in step.options:
            for pool, amount in needs[option.need] if held < 0 else self._lacking(option.need, held):
                if taken[pool] + amount > capacity[pool]:
                    break
                if closed and pool in closed and closed[pool] <= triage:
                    break
                if kept and taken[pool] + amount > capacity[pool] - kept[pool]:
                    break
            else:
                return option
        return None

    def _lacking(self, need: int, held: int) -> tuple[tuple[int, int], ...]:
        """Return what a need takes beyond what is kept."""
        amounts = self._lacks.get((need, held))
        if amounts is None:
            kept = dict(self._needs[held])
            rest = ((pool, amount - kept.get(pool, 0)) for pool, amount in self._needs[need])
            amounts = self._lacks[need, held] = tuple((pool, amount) for pool, amount in rest if amount > 0)
        return amounts

    def has_dose(self, step: CompiledStep) -> bool:
        """Return whether a dose of the step's product is at hand."""
        return self._supply is not None and self._supply.has(self.hospital, step.product)

    def covers(self, need: int) -> bool:
        """Return whether the pools of a need that is reserved are still open, all that is taken considered."""
        return all(self.taken[pool] <= self.capacity[pool] for pool, _ in self._needs[need])

    def _close(self, cell: Cell, closed: dict[int, int]) -> None:
        """Close pools to those for whom the head of the cell would be short too: a bed kept for them stays open."""
        everything = self.closures == "strict"
        level: int | None = self._short_from(cell, closed) if everything else None
        for option in cell.step.options:
            for pool, amount in (
                self._needs[option.need] if cell.held < 0 else self._lacking(option.need, cell.held)
            ):
                if not everything:
                    level = self._pool_short_from(pool, amount)
                if level is not None and level <= cell.triage:
                    closed[pool] = min(level, closed.get(pool, level))

    def _pool_short_from(self, pool: int, amount: int) -> int | None:
        """Return the most urgent acuity for which the pool is short; None: for none."""
        free = self.capacity[pool] - self.taken[pool]
        if amount > free:
            return 0
        return next((level for level, kept in enumerate(self.kept) if amount > free - kept[pool]), None)

    def _short_from(self, cell: Cell, closed: dict[int, int]) -> int:
        """Return the most urgent acuity for which the step cannot start, what is closed considered."""
        return next(
            level
            for level in range(len(self.network.acuities))
            if self.fitting(cell.step, level, closed, cell.held) is None
        )

    def seize(self, need: int) -> None:
        """Take the pools of a need for a patient."""
        for pool, amount in self._needs[need]:
            self.in_use[pool] += amount
            self.taken[pool] += amount

    def release(self, need: int) -> None:
        """Give back the pools of a need."""
        for pool, amount in self._needs[need]:
            self.in_use[pool] -= amount
            self.taken[pool] -= amount

    def clean(self, need: int, sign: int) -> None:
        """Put beds out of use for cleaning (+1), or back (-1)."""
        for pool, amount in self._needs[need]:
            self.cleaning[pool] += sign * amount
            self.taken[pool] += sign * amount

    def reserve(self, need: int, sign: int) -> None:
        """Reserve pools for a patient on the way (+1), or give them up (-1)."""
        for pool, amount in self._needs[need]:
            self.reserved[pool] += sign * amount
            self.taken[pool] += sign * amount

    def load(self, step: CompiledStep) -> float:
        """Return the largest share taken of a pool that the step's own needs name; 0 for unlimited pools."""
        shares = [
            self.taken[pool] / self.capacity[pool] if self.capacity[pool] else inf
            for pool, _ in (self._needs[step.options[0].need] if step.options else ())
            if self.capacity[pool] < UNLIMITED
        ]
        return max(shares, default=0.0)


def _clock(entry: tuple[float, int, Patient] | tuple[float, int]) -> tuple[float, int]:
    return entry[0], entry[1]
