"""The fast engine: the reference engine's log, to the last row and bit, from a compiled kernel.

What happens all the time is compiled (`kernel.py`); what is rare (orders, deliveries, patients who block
one another, the census's frame) is the reference engine's own code, which sees the kernel's memory
through the views of `views.py`.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from scenarios.rules import OverflowRule
from sim.arrival_source import ArrivalSource, Outcomes, fingerprint
from sim.directives import NEUTRAL, Standing, only_rules
from sim.eventlog import Row
from sim.fast.compiled import kernel, layouts
from sim.fast.future import FREE, SLACK, SLOTS, SLOTS_PER_HOUR, WORDS
from sim.fast.memory import INTEGER, address
from sim.fast.rosters import duties_of
from sim.fast.tabled import RankingTables, overflow_code, ranking_tables, tables_of
from sim.fast.views import Clock, Desk, FastSupply, FastTallies, Journeys, Patients
from sim.fast.words import (
    ACT,
    DECIDE,
    MAKE_ROOM,
    MAKE_THRESHOLD,
    MAKE_VISIT,
    OVER,
    RESOLVE,
    STARTING,
    VACCINATE,
)
from sim.fast.written import Written
from sim.network import CAUSES, UNLIMITED, Network
from sim.order import Kind, on_grid, on_second, priority
from sim.patient import PatientFactory
from sim.protocol import Decision, Directive, Tally
from sim.result import Ordered, Result
from sim.rules import QueueRanking
from sim.signals import Trigger
from sim.staffing import levels_on_duty
from sim.view import Census, CensusView
from sim.workload import Arrays

if TYPE_CHECKING:
    from sim.workload import Workload

BLOCK = 1 << 12
"""Rows of the log for which there is room at least: little enough to be had without asking the system for memory."""
ROWS_EACH = 24
"""Rows for which there is room per patient who is known to come: more than a journey usually writes."""

PERSON = (
    "time", "travel_factor", "hospital", "cls", "acuity", "triage", "group", "source", "tier", "ambulance", "declined",
)  # fmt: skip
"""Columns of the patients that the kernel reads where they are."""


class FastEngine:
    """One replication of a network, compiled. See `sim.protocol.Engine`."""

    def __init__(
        self,
        network: Network,
        workload: Workload,
        factory: PatientFactory | None = None,
        source: ArrivalSource | None = None,
    ) -> None:
        self.network = network
        self.workload = workload
        self._factory = factory
        self._source = source
        self._arrays = Arrays(workload)
        self._tables = tables_of(network)
        self.memory: dict[str, Any] = {}
        """What changes, by the name of the field of the world that holds its address."""
        self._columns: dict[tuple[Any, ...], Any] = {}
        """Arrays of the workload, kept alive."""
        self._world = self._tables.world.copy()
        self._w = self._world[0]
        self._where = address(self._world)
        self._rows = Written(self._world, max(BLOCK, ROWS_EACH * len(workload.patients)))
        self._actions: dict[int, Callable[[], None]] = {}
        self._n_actions = 0
        self.env = Clock(self._world)
        self._allocate()
        self.tallies = FastTallies(self, network)
        self.patients = Patients(self)
        ranking = QueueRanking(network.scenario.queue_rule, network, workload.codes)
        self._rankings: list[QueueRanking] = []
        self._ranking_tables: list[RankingTables] = []
        self._ranking_codes: list[Any] = []
        self.desks = [Desk(self, h, ranking) for h in range(len(network.hospitals))]
        self._use_rankings([ranking])
        self.supply: FastSupply | None = None
        if network.scenario.vaccine:
            self.supply = FastSupply(self, network, workload)
            self.supply.open()
            self.supply.write()
        self._open_hospitals()
        self.journeys = Journeys(self)
        self.standing = Standing(self, ranking)  # type: ignore[arg-type]  # an engine for its purposes
        self._put_rules_into_force()
        self._view = CensusView(self)  # type: ignore[arg-type]
        self._w["asks"] = sum(1 << Trigger[name.upper()] for name in network.scenario.decide_on)
        self._w["decide_every"] = on_grid(network.scenario.decide_every)
        self._put(0.0, priority(Kind.DECISION, 0), 0)
        self._put(network.horizon, priority(Kind.END, 0), 0)
        self._load_arrivals(0)
        self._heard = 0
        """Rows of the log of which the source of arrivals has been told."""
        if source is not None:
            self.at(0.0, priority(Kind.DAY, 0), self._midnight)
        self._seen = False
        """Whether somebody has looked at the present decision."""
        self._overflow_rules: dict[tuple[int, float], OverflowRule] = {}
        """By code and reach, when it is answered by numbers; else none."""
        self._settled: Directive | None = None
        """The directive in force if giving it again would change nothing."""
        self._idle = False
        """Whether it is neutral, and so as good as one without orders."""
        self._notes: list[Ordered] = []
        """What was noted when it was carried out."""
        self._n_noted = 0
        """Decisions of whose answers `standing` knows."""
        self._ended = False
        self._last: Tally | None = None

    def twin(self) -> FastEngine | None:
        """Return an engine at time zero that shares the patients and their numbers; None where they come by days."""
        return FastEngine(self.network, self.workload, self._factory) if self._source is None else None

    # The protocol.

    @property
    def decisions(self) -> int:
        """How many were answered."""
        return int(self._w["n_decided"])

    def next_decision(self) -> Decision | None:
        """Run the clock to the next decision; None at the horizon."""
        return self.decision() if self.run_to_decision() else None

    def decision(self) -> Decision:
        """Return the present state as a decision. It may be asked for once: `since` begins anew."""
        self._seen = True
        return self._view.decision(self.asked.name.lower())

    def run_to_decision(self) -> bool:
        """Run the clock to the next decision without looking at the state; False: the horizon."""
        w = self._w
        w["stage"] = STARTING
        while (code := self.command(kernel.ADVANCE)) != DECIDE:
            if code == OVER:
                self._close()
                return False
            if code == MAKE_ROOM:
                self._make_room()
            elif code == MAKE_VISIT:
                self._make_visit(int(w["argument"]), int(w["argument_2"]))
            elif code == MAKE_THRESHOLD:
                self._make_threshold(int(w["argument"]), int(w["argument_2"]))
            elif code == RESOLVE:
                if self._overflow_rules:
                    self._read_orders()
                self.journeys.unblocking.resolve(int(w["argument"]))
            elif code == ACT:
                if self.supply is not None:
                    self.supply.read()
                self._actions.pop(int(w["argument"]))()
                if self.supply is not None:
                    self.supply.write()
                if w["n_changed"]:
                    w["stage"] = STARTING
        w["asked"] = w["trigger"]
        w["trigger"] = -1
        return True

    @property
    def asked(self) -> Trigger:
        """Why the present decision is asked for."""
        return Trigger(int(self._w["asked"]))

    def answer(self, directive: Directive) -> None:
        """Carry out the orders. Raises `DirectiveError` with every part that is illegal by itself."""
        if not self._seen:
            self.tallies.begin(self.env.now)
        self._seen = False
        again = directive is self._settled or (self._idle and not directive.orders)
        if again and self.supply is None:
            self.log((self.env.now, Row.DECIDED, -1, -1, int(self._w["asked"]), float(self.decisions)))
            self.command(kernel.ALL_CHANGED)
            self.standing.note_again(self._notes, self.decisions, self.env.now, self.asked)
            self._answered()
            return
        if self.supply is not None:
            self.supply.read()
        n_before = len(self.standing.ordered)
        self.standing.carry_out(directive, self.asked)
        self._notes = self.standing.ordered[n_before:]
        self._settled = directive if all(map(only_rules, directive.orders.values())) else None
        self._idle = all(orders == NEUTRAL for orders in directive.orders.values())
        if self.supply is not None:
            self.supply.write()
        self._put_rules_into_force()
        self._answered()

    def _answered(self) -> None:
        self._w["n_decided"] += 1
        self._n_noted = self.decisions

    def run_to_horizon(self, directive: Directive) -> None:
        """Answer every decision with the same orders, without looking at the state."""
        while self.run_to_decision():
            self.answer(directive)
            # What is ordered again need not be carried out again: the kernel can go on alone.
            self._w["again"] = directive is self._settled and self.supply is None

    # Answered by numbers instead.

    def listen(
        self,
        sheet: dict[str, int],
        rankings: Sequence[QueueRanking],
        ranking_tables: Sequence[RankingTables],
        overflow_rules: dict[tuple[int, float], OverflowRule],
    ) -> None:
        """Take orders from a sheet of numbers from now on, by `order` and not `answer`; they are not noted."""
        for field, where in sheet.items():
            self._w[field] = where
        self._ranking_tables = [self._ranking_tables[0], *ranking_tables]
        self._use_rankings([self._rankings[0], *rankings])
        self._overflow_rules = overflow_rules

    def order(self, vaccinate: Callable[[], None]) -> None:
        """Carry out what the sheet says now; `vaccinate` orders the vials, in a scenario with vaccine."""
        self.roomy()
        while code := self.command(kernel.ORDER):
            if code == MAKE_ROOM:
                self._make_room()
            elif code == VACCINATE:
                vaccinate()
            else:
                assert code == MAKE_VISIT
                self._make_visit(int(self._w["argument"]), int(self._w["argument_2"]))

    def _read_orders(self) -> None:
        """Tell Python's desks the rules that the kernel's have been given by numbers."""
        for desk, row in zip(self.desks, self.memory["desks"], strict=True):
            desk.ranking = self._rankings[row["ranking"]]
            desk.tier_order = {int(row["first_tier"]): 0} if row["first_tier"] >= 0 else {}
            self.standing.overflow[desk.hospital] = self._overflow_rules[
                int(row["overflow"]), float(row["within"])
            ]
            self.standing.diverting[desk.hospital] = bool(row["diverting"])

    def result(self) -> Result:
        """Return what happened; after the horizon, as often as it is asked for."""
        self._catch_up()
        return Result(
            network=self.network,
            seed=self.workload.seed,
            replication=self.workload.replication,
            log=self._rows.log(),
            patients=self.workload.patients,
            sources=self.workload.sources,
            orders=None if self._overflow_rules else tuple(self.standing.ordered),
            since=self._last or self.tallies.since(self.network.horizon),
            hashed=partial(fingerprint, self.workload, self._source),
        )

    # What the reference engine's parts ask of an engine.

    def command(self, what: int, a: int = 0, b: int = 0, c: int = 0, x: float = 0.0) -> int:
        """Have the kernel do one thing."""
        return int(kernel.run(self._where, what, a, b, c, x))

    def log(self, row: tuple[float, int, int, int, int, float]) -> None:
        """Write a row of the event log."""
        if self._w["n_rows"] >= self._w["max_rows"] - 1:
            self._make_room()
        self._rows.append(row)
        if self._w["n_rows"] + SLACK > self._w["max_rows"]:
            self._w["crowded"] = 1

    def at(self, time: float, rank: int, action: Callable[[], None]) -> None:
        """Run an action at a time with an event priority, unless that is after the horizon."""
        if on_second(time) <= self.network.horizon:
            self._actions[self._n_actions] = action
            self._put(time, rank, -1 - self._n_actions)
            self._n_actions += 1

    def changed(self, hospital: int) -> None:
        """Something may have opened at a hospital: have it scanned before anything else happens."""
        self.command(kernel.CHANGED, hospital)

    def change_capacity(self, hospital: int, pool: int, change: int) -> None:
        """Open or close part of a pool; what is in use stays in use."""
        if change:
            self.roomy()
            self.command(kernel.CAPACITY, hospital, pool, change)

    @property
    def most(self) -> list[list[int]]:
        """H x P: what a pool may have open some day. See `ReferenceEngine.most`."""
        most: list[list[int]] = self.memory["pools"]["most"].reshape(len(self.desks), -1).tolist()
        return most

    def ready_to_leave(self, hospital: int, step: int, margin: float) -> list[Any]:
        """See `sim.legal.ready_to_leave`."""
        p = self.memory["patients"]
        ready = np.flatnonzero(self._ready(step, margin) & (p["hospital"] == hospital))
        ready = ready[np.lexsort((p["number"][ready], p["finish"][ready]))]
        return [self.patients.at(place) for place in ready.tolist()]

    def n_ready_to_leave(self, step: int, margin: float) -> list[int]:
        """Return by hospital how many are ready to leave."""
        where = self.memory["patients"]["hospital"][self._ready(step, margin)]
        counts: list[int] = np.bincount(where, minlength=len(self.desks)).tolist()
        return counts

    def _ready(self, step: int, margin: float) -> Any:
        p, now = self.memory["patients"], self.env.now
        finish = p["finish"]
        in_step = (p["step"] == step) & (p["number"] >= 0) & (p["cell"] < 0)
        return in_step & (finish >= now) & (finish <= now + margin)

    def census(self) -> Census:
        """Count who is where now."""
        network, memory = self.network, self.memory
        n = self.count()
        H, P, S = len(network.hospitals), len(network.pools), len(network.steps)
        beds = memory["beds_count"]["value"].reshape(H, P, -1).tolist()
        queues = memory["queues_count"]["value"].reshape(H, S, len(network.acuities), -1).tolist()
        waiting = sorted(memory["waiting_list"][:n].tolist())
        return Census(
            in_bed=tuple(tuple(map(tuple, pools)) for pools in beds),
            queues=tuple(tuple(tuple(map(tuple, need)) for need in needs) for needs in queues),
            inbound=tuple(memory["inbound_count"]["value"].tolist()),
            waiting=[(h, n, s, t, g, bool(b), since) for h, n, s, t, g, b, since in waiting],
        )

    def count(self) -> int:
        """Write a census into the memory's counts and list of those who wait; return how many wait."""
        for name in ("beds_count", "queues_count", "inbound_count"):
            self.memory[name]["value"] = 0
        return self.command(kernel.CENSUS, len(self.memory["patients"]))

    @property
    def blind(self) -> bool:
        """Whether policies may not see the group."""
        return self._view.blind

    def ranked_by(self, ranking: QueueRanking) -> int:
        """Return the number of a queue rule in the kernel."""
        for number, known in enumerate(self._rankings):
            if known is ranking:
                return number
        self._use_rankings([*self._rankings, ranking])
        return len(self._rankings) - 1

    def world(self, name: str) -> Any:
        """Return a field of the world."""
        return self._w[name]

    def set_world(self, name: str, value: int) -> None:
        """Set a field of the world."""
        self._w[name] = value

    def roomy(self) -> None:
        """See that there is room for what an order may bring about."""
        if self._w["crowded"]:
            self._make_room()

    def make_columns_after(self, place: int) -> None:
        """Make the columns that a patient's next step needs."""
        while self.command(kernel.LACKS_NEXT, place):
            self._make_visit(int(self._w["argument"]), int(self._w["argument_2"]))

    # Memory.

    def _keep(self, name: str, array: Any) -> None:
        self.memory[name] = array
        self._w[name] = address(array)

    def _allocate(self) -> None:
        network = self.network
        H, P, S = len(network.hospitals), len(network.pools), len(network.steps)
        A, T = len(network.acuities), max(1, len(network.tiers))
        desks = np.zeros(H, layouts.DESK)
        desks["first_cell"] = desks["first_tier"] = -1
        for h, spec in enumerate(network.scenario.hospitals.values()):
            desks["ambulances"][h] = UNLIMITED if spec.ambulances is None else spec.ambulances
        pools = np.zeros(H * P, layouts.POOL)
        pools["unit"] = [pool.unit for pool in network.pools] * H
        pools["capacity"] = np.array(network.capacity, dtype=np.int64).ravel()
        pools["most"] = self._tables.most
        for name, array in (
            ("desks", desks),
            ("pools", pools),
            ("queues", np.zeros(H * S, layouts.QUEUE)),
            ("kept", np.zeros(H * A * P, INTEGER)),
            ("tier_ranks", np.zeros(H * T, INTEGER)),
            ("tallies", np.zeros(H * len(network.groups), layouts.TALLY)),
            ("tallies_begun", np.zeros(H * len(network.groups), layouts.TALLY)),
            ("changed", np.zeros(H, INTEGER)),
            ("to_look", np.zeros(H, INTEGER)),
            ("look", np.zeros(H, INTEGER)),
            ("closed", np.zeros(P, INTEGER)),
            ("available", np.zeros(P, INTEGER)),
            ("shelves", np.zeros(H, layouts.SHELF)),
            ("beds_count", np.zeros(H * P * self._w["n_bands"], INTEGER)),
            ("queues_count", np.zeros(H * S * A * len(network.groups), INTEGER)),
            ("inbound_count", np.zeros(H, INTEGER)),
        ):
            self._keep(name, array)
        w = self._w
        w["trigger"] = w["seeing"] = w["begun"] = w["free_patient"] = w["free_cell"] = w["free_opening"] = -1
        self._more_patients(256)
        self._more_cells(64)
        self._more_newcomers(16)
        self._more_lots(16)
        pools["first_opening"] = pools["last_opening"] = -1
        self._more_openings(16)
        self._expect_nothing(1024)
        w["max_visits"] = w["max_ordinals"] = 2
        self._place_columns()

    def _make_room(self) -> None:
        """Enlarge what is nearly full."""
        w, memory = self._w, self.memory
        if w["n_future"] + 2 * SLACK > w["max_events"]:
            self._more_events(int(w["max_events"]))
        if w["n_rows"] + 2 * SLACK > w["max_rows"]:
            self._rows.more()
        if w["n_free_patients"] < 8:
            self._more_patients(len(memory["patients"]))
        if w["n_free_cells"] < 8:
            self._more_cells(len(memory["cells"]))
        if memory["desks"]["n_newcomers"].max() + 4 > w["max_newcomers"]:
            self._more_newcomers(2 * int(w["max_newcomers"]))
        if memory["shelves"]["n"].max() + 4 > w["max_lots"]:
            self._more_lots(2 * int(w["max_lots"]))
        if w["n_free_openings"] < 4:
            self._more_openings(len(memory["openings"]))
        w["crowded"] = 0

    def _more_patients(self, more: int) -> None:
        w, S = self._w, len(self.network.steps)
        before = self._more("patients", layouts.PATIENT, more, "free_patient")
        patients = self.memory["patients"]
        n = len(patients)
        patients["number"][before:] = patients["cell"][before:] = patients["stay"][before:] = -1
        w["n_free_patients"] += more
        w["max_patients"] = n
        self._keep("visits", _longer(self.memory.get("visits", np.zeros(0, INTEGER)), n * S))
        self._keep("stuck", np.zeros(n, INTEGER))
        self._keep("waiting_list", np.zeros(n, layouts.WAITS))

    def _more_cells(self, more: int) -> None:
        before = self._more("cells", layouts.CELL, more, "free_cell")
        self._w["n_free_cells"] += more
        self._keep("order", np.zeros(before + more, INTEGER))

    def _more_openings(self, more: int) -> None:
        self._more("openings", layouts.OPENING, more, "free_opening")
        self._w["n_free_openings"] += more

    def _more_events(self, more: int) -> None:
        before = self._more("later", layouts.LATER, more, "free_later")
        self._keep("events", _longer(self.memory["events"], before + more))
        self._w["max_events"] = before + more

    def _more(self, name: str, layout: Any, more: int, free: str) -> int:
        """Add records to those not used, of which each names the next by `after`; return how many there were."""
        records = self.memory.get(name, np.zeros(0, layout))
        before = len(records)
        records = _longer(records, before + more)
        after = records["after"]
        after[before:] = np.arange(before + 1, before + more + 1)
        after[-1] = self._w[free]
        self._w[free] = before
        self._keep(name, records)
        return before

    def _more_newcomers(self, n: int) -> None:
        self._widen("newcomers", "max_newcomers", n, INTEGER)

    def _more_lots(self, n: int) -> None:
        self._widen("lots", "max_lots", n, layouts.LOT)

    def _widen(self, name: str, size: str, n: int, kind: Any) -> None:
        """Give each hospital a longer row of an array."""
        H = len(self.network.hospitals)
        wider = np.zeros((H, n), kind)
        if name in self.memory:
            wider[:, : self._w[size]] = self.memory[name].reshape(H, -1)
        self._keep(name, wider.reshape(-1))
        self._w[size] = n

    # Columns.

    def _place_columns(self) -> None:
        """Set out the tables of the workload's columns anew: for more visits, or because the columns have moved."""
        w, S = self._w, len(self.network.steps)
        known = list(self._columns)
        self._columns.clear()
        self._keep("columns", np.zeros(S * w["max_visits"], layouts.VISIT))
        laws = max(1, len(self._tables.laws))
        self._keep("cleaning", np.zeros(laws * S * w["max_visits"], INTEGER))
        self._keep("thresholds", np.zeros(len(CAUSES) * w["max_ordinals"], INTEGER))
        w["first_route"] = 0
        if any(len(route.targets) > 1 for routes in self.network.first for route in routes):
            w["first_route"] = self._column(("first route",), self._arrays.first_route())
        conditions = [
            self._column(("holds", i), self._arrays.holds(when))
            for i, when in enumerate(self._tables.conditions)
        ]
        numbers = [self._column(("number", name), self._arrays.number(name)) for name in self._tables.numbers]
        self._keep("conditions", np.array([*conditions, 0], np.int64).view(INTEGER))
        self._keep("numbers_of", np.array([*numbers, 0], np.int64).view(INTEGER))
        for cause in {row.cause for row in self.network.hazards if row.rate > 0}:
            self._make_threshold(cause, 0)
        for name, *which in known:
            if name == "duration":
                self._make_visit(*which)
            elif name == "threshold":
                self._make_threshold(*which)

    def _column(self, name: tuple[Any, ...], column: Any) -> int:
        assert column.dtype in (np.float64, np.bool_)
        self._columns[name] = column
        return address(column)

    def _make_visit(self, step: int, visit: int) -> None:
        """Make the columns of a step's visit."""
        w = self._w
        if visit >= w["max_visits"]:
            w["max_visits"] = 2 * visit
            self._place_columns()
        spec = self.network.steps[step]
        made = self.memory["columns"]
        place = step * int(w["max_visits"]) + visit
        arrays = self._arrays
        columns = {"duration": arrays.durations(step, visit)}
        if spec.spec.patience is not None:
            columns["patience"] = arrays.patience(step, visit)
        if any(len(route.targets) > 1 for route in spec.routes):
            columns["route"] = arrays.route(step, visit)
        if spec.spec.balking:
            columns["balk"] = arrays.balk(step, visit)
        for name, column in columns.items():
            made[name][place] = self._column((name, step, visit), column)
        for law in self._tables.step_laws[step]:
            hospital, pool = self._tables.laws[law]
            hours = arrays.cleaning(hospital, pool, step, visit)
            there = (law * len(self.network.steps) + step) * int(w["max_visits"]) + visit
            self.memory["cleaning"]["value"][there] = self._column(("cleaning", law, step, visit), hours)
        made["made"][place] = 1

    def _make_threshold(self, cause: int, ordinal: int) -> None:
        w = self._w
        if ordinal >= w["max_ordinals"]:
            w["max_ordinals"] = 2 * ordinal
            self._place_columns()
        column = self._column(("threshold", cause, ordinal), self._arrays.thresholds(cause, ordinal))
        self.memory["thresholds"]["value"][cause * int(w["max_ordinals"]) + ordinal] = column

    def _use_rankings(self, rankings: list[QueueRanking]) -> None:
        """Write the queue rules that are known into the kernel's memory."""
        self._rankings = rankings
        made = np.zeros(len(rankings), layouts.RANKING)
        known = self._ranking_tables
        self._ranking_tables = known + [ranking_tables(each, self.network) for each in rankings[len(known) :]]
        self._ranking_codes = []
        for i, (ranking, (kind, table, start)) in enumerate(zip(rankings, self._ranking_tables, strict=True)):
            codes = None
            if ranking.attribute is not None:
                codes = np.asarray(self._arrays.codes(ranking.attribute), dtype=np.int64)
            self._ranking_codes.append(codes)
            made[i] = (
                kind, int(ranking.by_step_clock), int(ranking.counts), 0 if codes is None else address(codes),
                address(table), address(start),
            )  # fmt: skip
        self._keep("rankings", made)

    def _put_rules_into_force(self) -> None:
        """Tell the kernel the overflow rules and diversions that are in force."""
        desks = self.memory["desks"]
        for h, rule in enumerate(self.standing.overflow):
            desks["overflow"][h], desks["within"][h] = overflow_code(rule)
        desks["diverting"] = self.standing.diverting

    # The clock.

    def pending(self) -> Any:
        """Return the events that are expected, as an array of records in no order."""
        later = self.memory["later"]
        later = later[later["rank"] != FREE]
        near = self.memory["events"][: int(self._w["n_events"])]
        made = np.empty(len(near) + len(later), layouts.EVENT)
        for name in layouts.EVENT.names or ():
            made[name] = np.concatenate([near[name], later[name]])
        return made

    def expect_only(self, events: Any, room: int) -> None:
        """Expect these events, which have their running numbers, and no others; have room for so many more."""
        self._expect_nothing(len(events) + room)
        self.command(kernel.EXPECT, address(events), len(events))

    def _expect_nothing(self, room: int) -> None:
        self.memory["events"] = np.zeros(0, layouts.EVENT)
        self.memory["later"] = np.zeros(0, layouts.LATER)
        self._w["free_later"] = -1
        self._more_events(room)
        self._keep("slots", np.full(SLOTS, -1, np.int32).view(layouts.SLOT))
        self._keep("filled", np.zeros(WORDS, INTEGER))
        self._w["n_events"] = self._w["n_future"] = 0
        self._w["slot"] = int(self.env.now * SLOTS_PER_HOUR)

    def _put(self, time: float, rank: int, what: int) -> None:
        self.roomy()
        self.command(kernel.PUT, rank, what, 0, time)

    def _midnight(self) -> None:
        assert self._source is not None
        day = int(self.env.now // 24)
        first = len(self.workload.patients)
        self.workload.extend(self._source.next_day(day, self._outcomes()))
        self._load_arrivals(first)
        self._place_columns()
        self._use_rankings(self._rankings)
        self.at(self.env.now + 24.0, priority(Kind.DAY, 0), self._midnight)

    def _outcomes(self) -> Outcomes:
        """Return what happened since it was last asked: the log knows."""
        new = self._rows.log(self._heard)
        self._heard += len(new)

        def of(kind: int) -> Any:
            which = new.kind == kind
            return {name: column[which] for name, column in new.columns().items()}

        gone, dosed, treated = of(Row.LEFT_NETWORK), of(Row.DOSED), of(Row.TREATED)
        there = ~self.workload.patients.declined[gone["patient"]]
        gone = {name: column[there] for name, column in gone.items()}
        return Outcomes(
            tuple(zip(gone["time"].tolist(), gone["patient"].tolist(), gone["item"].tolist(), strict=True)),
            tuple(
                zip(dosed["time"].tolist(), dosed["patient"].tolist(), dosed["item"].tolist(), strict=True)
            ),
            tuple(zip(treated["time"].tolist(), treated["patient"].tolist(), strict=True)),
        )

    def _catch_up(self) -> None:
        """Learn of the decisions that the kernel has answered alone."""
        if self._w["begun"] < 0:
            return
        self.tallies.begin(float(self._w["begun"]), self.memory["tallies_begun"])
        self._w["begun"] = -1
        if self._notes:
            log = self._rows.log()
            for row in np.flatnonzero((log.kind == Row.DECIDED) & (log.value >= self._n_noted)).tolist():
                trigger = Trigger(int(log.item[row]))
                self.standing.note_again(self._notes, int(log.value[row]), float(log.time[row]), trigger)
        self._n_noted = self.decisions

    def _close(self) -> None:
        if not self._ended:
            self._ended = True
            self._catch_up()
            self._last = self.tallies.since(self.network.horizon)
            if self._factory is not None:
                self._factory.close()

    # Copies.

    def copy(self, log: bool = True) -> FastEngine:
        """Return another engine at the same point of the same run: what one is ordered, the other never hears of.

        `log=False`: the copy's log begins here, which is cheaper. Until they get other orders both go the same
        way: the copy knows the future. Who must not know it redraws it.
        """
        twin = object.__new__(type(self))
        twin.__dict__ |= self.__dict__
        twin._world = self._world.copy()
        twin._w = twin._world[0]
        twin._where = address(twin._world)
        twin.memory = {}
        for name, array in self.memory.items():
            if name in ("rosters", "rankings") or name.startswith("person_"):
                twin._keep(name, array)  # replaced, never changed
            else:
                twin._keep(name, array.copy())
        twin._columns = dict(self._columns)
        twin._rows = self._rows.copy(twin._world, log, BLOCK if log else BLOCK // 2)
        twin.env = Clock(twin._world)
        twin.tallies = self.tallies.copy(twin)
        twin.patients = Patients(twin)
        twin.desks = [desk.copy(twin) for desk in self.desks]
        if self._source is not None:
            twin._source, twin.workload = copy.deepcopy(
                (self._source, self.workload), {id(self.network): self.network}
            )
            twin._arrays = Arrays(twin.workload)
            twin._place_columns()
            twin._use_rankings(self._rankings)
        twin.journeys = Journeys(twin)
        twin._view = copy.copy(self._view)
        twin._view._engine = twin  # type: ignore[assignment]
        twin._factory = None
        self._copy_what_is_pending(twin)
        return twin

    def _copy_what_is_pending(self, twin: FastEngine) -> None:
        """Copy orders, vaccine and the actions that refer to them, together."""
        standing = twin.standing = copy.copy(self.standing)
        standing._engine = twin  # type: ignore[assignment]
        standing._rankings, standing.ordered = list(standing._rankings), list(standing.ordered)
        standing.overflow, standing.diverting = list(standing.overflow), list(standing.diverting)
        standing.flex_open = [dict(units) for units in standing.flex_open]
        known = {id(self): twin, id(self.standing): standing, id(self.network): self.network}
        if self.supply is not None:
            self.supply.read()
            twin.supply = self.supply.copy(twin)
            known[id(self.supply)] = twin.supply
        if self._actions or any(any(coming.values()) for coming in standing._flex_coming):
            lots = self.supply._lots if self.supply is not None else None
            twin._actions, standing._flex_coming, lots = copy.deepcopy(
                (self._actions, standing._flex_coming, lots), known
            )
            if twin.supply is not None and lots is not None:
                twin.supply._lots = lots
        else:
            twin._actions = {}
            standing._flex_coming = [{unit: [] for unit in coming} for coming in standing._flex_coming]
            if twin.supply is not None:
                twin.supply._lots = copy.deepcopy(twin.supply._lots)

    # Capacity and arrivals.

    def _open_hospitals(self) -> None:
        tables, pools = self._tables, self.memory["pools"]
        rosters = np.zeros(0, layouts.DUTY)
        firsts: list[tuple[float, int, int]] = []
        if tables.staffed:
            levels = levels_on_duty(self.workload, tables.staffed)
            units = pools["unit"][tables.staffed_places]
            pools["capacity"][tables.staffed_places] = levels.people[levels.firsts] * units
            rosters, firsts = duties_of(levels, tables.staffed_places, units)
        self._keep("rosters", rosters)
        hospital, pool = np.divmod(tables.existing, len(self.network.pools))
        while self._w["n_rows"] + len(pool) >= self._w["max_rows"] - SLACK:
            self._rows.more()
        self._rows.append(
            (0.0, Row.CAPACITY, -1, hospital, pool, pools["capacity"][tables.existing]), len(pool)
        )
        for time, rank, duty in firsts:
            self._put(time, rank, duty)

    def _load_arrivals(self, first: int) -> None:
        """Read the patients who are new; each batch is in order of time, and waits for its next by one event."""
        people = self.workload.patients
        n = len(people)
        columns = {name: getattr(people, name) for name in PERSON}
        columns["pathway"] = np.array(self.network.class_pathway, dtype=np.int64)[people.cls]
        for name, column in columns.items():
            assert column.dtype in (np.float64, np.int64, np.bool_)
            self._keep(f"person_{name}", np.ascontiguousarray(column))
        if first < n and people.time[first] <= self.network.horizon:
            self._put(float(people.time[first]), priority(Kind.ARRIVAL, first), n)


def _longer(array: Any, n: int) -> Any:
    longer = np.zeros(n, array.dtype)
    longer[: len(array)] = array
    return longer
