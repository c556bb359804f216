"""Looking ahead without knowing the future: copies of a run in which all that is not yet known is drawn anew.

`Outlook(engine)` notes at a decision what has been observed; `future(name, until)` makes a copy whose future comes
from streams of that name. What is known stays (`docs/decisions/0007-lookahead.md` lists it): who is here, their
attributes, how long they have waited, been in care or on the road, who is within a clinical margin, travel and orders
under way, the staff of shifts that have begun. Everything else has its law given what has elapsed.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from scenarios.errors import UnsupportedFeature
from sim.arrivals import Floats, all_on_grid
from sim.conditions import Codes
from sim.distributions import quantile, share_below
from sim.eventlog import Row
from sim.fast import kernel, layouts
from sim.fast.rosters import duties_of
from sim.fast.views import Journeys
from sim.fast.words import ARRIVAL, CLEANED, DEADLINE, END, FINISH, ID_BITS, SHIFT
from sim.imagined_arrivals import arrivals_after, check_arrivals
from sim.known import Bounds, Known, between, share_of_patience_below, share_of_steps_below
from sim.network import Network
from sim.order import GRID, LEG_BITS, POOL_BITS, Kind, on_grid, on_second, priority
from sim.patients import join
from sim.staffing import Role, levels_on_duty
from sim.streams import Streams
from sim.workload import Arrays

if TYPE_CHECKING:
    from sim.fast.engine import FastEngine

BY = "looking ahead"
ID_MASK = (1 << ID_BITS) - 1


def check_outlook(network: Network) -> None:
    """Raise `UnsupportedFeature` with what of a scenario cannot be drawn anew given what has been observed."""
    scenario = network.scenario
    paths = [name for name in ("population", "epidemic") if getattr(scenario, name) is not None]
    if any(network.neighbours):
        # Whoever joined one queue and is moved meets the next with the same luck, of which something is known.
        paths += [
            f"pathways.{step.name}.balking with transfers" for step in network.steps if step.spec.balking
        ]
    if paths:
        raise UnsupportedFeature(BY, *paths)
    check_arrivals(network, BY)


class Outlook:
    """What is known at a decision of a run, and futures that agree with it.

    The run itself is only read. Raises `UnsupportedFeature` (see `check_outlook`).
    """

    def __init__(self, engine: FastEngine) -> None:
        """`engine` stands at a decision and has its log from the start; it must not go on before the last `future`."""
        check_outlook(engine.network)
        self._engine = engine
        self._now = engine.env.now
        self._patients = engine.memory["patients"][: int(engine.world("max_patients"))]
        here = np.flatnonzero(self._patients["number"] >= 0)
        self._places = here[np.argsort(self._patients["number"][here])]
        """Of those in the system, by number."""
        self._events = engine.pending()
        self._kinds = self._events["rank"] >> ID_BITS
        coming = self._events["rank"][self._kinds == ARRIVAL] & ID_MASK
        self._n_came = int(coming[0]) if len(coming) else len(engine.workload.patients)
        self._history = _History(engine, self._patients["number"][self._places])
        self._in_care = self._look_at_care()
        self._waits = self._look_at_patience()
        self._cleaning = self._look_at_cleaning()
        self._bounds = self._all_bounds()

    # What is known.

    def _look_at_care(self) -> _InCare:
        """Return those in a step, with what multiplies its hours and what was added."""
        engine, p = self._engine, self._patients
        network = engine.network
        places = self._places[(p["cell"] < 0)[self._places] & np.isfinite(p["finish"][self._places])]
        who, step = p["number"][places], p["step"][places]
        acuity = p["acuity"][places] + self._history.deteriorated(who)
        tables = engine._tables.arrays
        cell = (p["hospital"][places] * len(network.steps) + step) * len(network.acuities) + acuity
        factor = tables["factors"]["value"][cell].copy()
        option = p["option"][places]
        factor[option >= 0] *= tables["options"]["factor"][option[option >= 0]]
        own = np.array(
            [
                engine._columns["duration", s, v][n]
                for s, v, n in zip(step.tolist(), p["visit"][places].tolist(), who.tolist(), strict=True)
            ]
        )
        # An exchange's cleaning was added when the step started: known, and found again by taking away the rest.
        added = p["finish"][places] - p["since"][places] - _times(own, factor)
        added[np.abs(added) < 4 / GRID] = 0.0
        return _InCare(places, who, step, p["visit"][places], factor, added, p["since"][places])

    def _look_at_patience(self) -> Codes:
        """Return the places of those whose patience for the present step has begun."""
        p, places = self._patients, self._places
        begun = (p["queued"] >= 0) & ~np.isfinite(p["finish"])
        return np.asarray(places[begun[places] & np.isfinite(p["patience"][places])])

    def _look_at_cleaning(self) -> list[tuple[int, Any, float]]:
        """Return the beds in cleaning: the event, the law, when it began."""
        network = self._engine.network
        n_needs = max(1, len(network.needs))
        events = np.flatnonzero(self._kinds == CLEANED)
        events = events[np.argsort(self._events["rank"][events])]
        began = self._history.cleaning(self._events[events], n_needs)
        found = []
        for event, start in zip(events.tolist(), began, strict=True):
            pool = int(self._events["rank"][event]) & ((1 << POOL_BITS) - 1)
            found.append((event, network.cleaning[int(self._events["what"][event]) // n_needs][pool], start))
        return found

    def _all_bounds(self) -> dict[tuple[str, ...], Bounds]:
        bounds: dict[tuple[str, ...], Bounds] = {}
        care, network = self._in_care, self._engine.network
        for step, visit in sorted(set(zip(care.step.tolist(), care.visit.tolist(), strict=True))):
            rows = np.flatnonzero((care.step == step) & (care.visit == visit))
            low, high = self._care_shares(step, rows)
            bounds[network.steps[step].name, str(visit), "duration"] = Bounds(care.who[rows], low, high)
        return bounds | self._patience_bounds()

    def _care_shares(self, step: int, rows: Codes) -> tuple[Floats, Floats]:
        """Return between which shares of the step's law the stays of those in care lie."""
        care, margin = self._in_care, self._engine.network.steps[step].spec.clinical_margin
        passed = self._now - care.since[rows] - care.added[rows]

        def share(hours: Floats) -> Floats:
            changed = np.where(care.factor[rows] == 1.0, hours, (hours + 0.5 / GRID) / care.factor[rows])
            return share_of_steps_below(self._engine.workload, step, care.who[rows], changed)

        if margin is None:
            return share(passed), np.ones(len(rows))
        # Who is within the clinical margin is seen at every meeting.
        ready = self._patients["finish"][care.places[rows]] <= self._now + margin
        soon, late = share(passed), share(passed + margin)
        return np.where(ready, soon, late), np.where(ready, late, 1.0)

    def _patience_bounds(self) -> dict[tuple[str, ...], Bounds]:
        """What is known of patience: it has borne the wait so far."""
        p, workload, network = self._patients, self._engine.workload, self._engine.network
        bounds = {}
        waits = self._waits
        borne = self._history.waiting_until(p["number"][waits], p["cell"][waits] >= 0, self._now)
        for step, visit in sorted(
            set(zip(p["step"][waits].tolist(), p["visit"][waits].tolist(), strict=True))
        ):
            patience = network.steps[step].spec.patience
            if patience is None or patience.scope == "journey":
                continue
            rows = np.flatnonzero((p["step"][waits] == step) & (p["visit"][waits] == visit))
            who = p["number"][waits[rows]]
            low = share_of_patience_below(workload, step, who, borne[rows] - p["queued"][waits[rows]])
            bounds[workload.patience_stream(step, visit)] = Bounds(who, low, np.ones(len(who)))
        return bounds | self._journey_bounds()

    def _journey_bounds(self) -> dict[tuple[str, ...], Bounds]:
        """The same of patience that counts from presentation, for everybody here whose pathway asks for it."""
        p, workload, network = self._patients, self._engine.workload, self._engine.network
        bounds = {}
        places = self._places
        pathway = np.array(network.class_pathway)[workload.patients.cls[p["number"][places]]]
        borne = None
        for step in network.steps:
            names = workload.patience_stream(step.index, 0)
            if step.spec.patience is None or step.spec.patience.scope != "journey" or names in bounds:
                continue
            if borne is None:
                borne = self._history.waited_until(p["number"][places], p["cell"][places] >= 0, self._now)
            rows = np.flatnonzero((pathway == step.pathway) & np.isfinite(borne))
            who = p["number"][places[rows]]
            hours = borne[rows] - p["presented"][places[rows]]
            low = share_of_patience_below(workload, step.index, who, hours)
            bounds[names] = Bounds(who, low, np.ones(len(who)))
        return bounds

    # Imagined futures.

    def future(self, name: tuple[str, ...], until: float, log: bool = False) -> FastEngine:
        """Return a copy of the run whose future is drawn from the streams of this name.

        It ends at `until`, or at the run's horizon if that is earlier. The same name gives the same future. With `log`
        it is a run with the same past and other luck from here on; else its log begins here, which is cheaper.
        """
        engine, until = self._engine, min(on_grid(until), self._engine.network.horizon)
        twin = engine.copy(log)
        streams = Streams(engine.workload.seed, engine.workload.replication, ("imagined", *name))
        self._draw_workload(twin, streams, until)
        self._draw_remainders(twin, streams)
        self._replace_events(twin, streams, until)
        twin._load_arrivals(self._n_came)
        self._draw_staff(twin)
        self._draw_failures(twin)
        twin.command(kernel.DEADLINES)
        return twin

    def _draw_workload(self, twin: FastEngine, streams: Streams, until: float) -> None:
        workload = self._engine.workload
        network = replace(self._engine.network, horizon=until)
        came = workload.patients.take(np.arange(self._n_came))
        patients = join([came, arrivals_after(self._engine.network, came, self._now, until, streams)])
        numbers = self._patients["number"][self._places]
        who = np.concatenate([numbers, np.arange(self._n_came, len(patients))])
        known = Known(self._now, self._bounds)
        twin.network = network
        twin.workload = workload.redrawn(network, patients, who, streams, known)
        twin._arrays = Arrays(twin.workload)
        twin._columns = dict.fromkeys(self._needed_columns())
        twin._place_columns()
        twin._use_rankings(twin._rankings)
        twin.journeys = Journeys(twin)
        if twin.supply is not None:
            twin.supply._workload = twin.workload
            twin.supply._network = network

    def _needed_columns(self) -> list[tuple[str, int, int]]:
        """Of the steps in which somebody is, or of which they keep beds: these are read without asking."""
        p, places = self._patients, self._places
        now = zip(p["step"][places].tolist(), p["visit"][places].tolist(), strict=True)
        kept = places[p["held"][places] >= 0]
        before = zip(p["held_step"][kept].tolist(), p["held_visit"][kept].tolist(), strict=True)
        return [("duration", step, visit) for step, visit in sorted({*now, *before}) if step >= 0]

    def _draw_remainders(self, twin: FastEngine, streams: Streams) -> None:
        """Draw the rest of stays, of patience and of what hazards are borne."""
        p, arrays, care = twin.memory["patients"], twin._arrays, self._in_care
        hours = np.array(
            [
                arrays.durations(s, v)[n]
                for s, v, n in zip(care.step.tolist(), care.visit.tolist(), care.who.tolist(), strict=True)
            ]
        )
        if len(hours):
            finish = _on_second(care.since + (_times(hours, care.factor) + care.added))
            p["finish"][care.places] = np.maximum(finish, self._now + 1 / GRID)
        for place in self._waits.tolist():
            step, visit, number = (int(p[name][place]) for name in ("step", "visit", "number"))
            patience = self._engine.network.steps[step].spec.patience
            assert patience is not None
            since = p["presented" if patience.scope == "journey" else "queued"][place]
            time = on_second(float(since + arrays.patience(step, visit)[number]))
            p["patience"][place] = max(time, self._now + 1 / GRID) if p["cell"][place] >= 0 else time
        for cause in {row.cause for row in self._engine.network.hazards if row.rate > 0}:
            # Without memory: whatever has been borne, what is still borne is a unit exponential.
            left = arrays.thresholds(cause, 0)
            p[f"left_{cause}"][self._places] = left[p["number"][self._places]]
            p[f"since_{cause}"][self._places] = self._now

    def _replace_events(self, twin: FastEngine, streams: Streams, until: float) -> None:
        """Put the new ends of stays and of cleaning in place of the true ones; alarms and arrivals go."""
        events = self._events.copy()
        if self._cleaning:
            u = streams.uniforms(("cleaning under way",), len(self._cleaning))
            for (event, law, began), luck in zip(self._cleaning, u.tolist(), strict=True):
                low = share_below(law, np.array([self._now - began + 0.5 / GRID]))
                hours = all_on_grid(quantile(law, between(low, 1.0, np.array([luck]))))[0]
                events["time"][event] = max(on_second(began + float(hours)), self._now + 1 / GRID)
        replaced = np.isin(self._kinds, (FINISH, DEADLINE, ARRIVAL, END))
        replaced |= (self._kinds == SHIFT) & (events["what"] >= 0) & self._by_roster(events)
        replaced |= np.isin(events["what"], [-1 - number for number in self._failures()]) & (
            events["what"] < 0
        )
        ends = self._finishes(twin, until)
        end = np.zeros(1, layouts.EVENT)
        end[0] = (until, priority(Kind.END, 0), 0, 0)
        kept = events[~replaced]
        made = np.concatenate([kept[kept["time"] <= until], ends, end])
        twin.expect_only(made, len(made) + 2 * len(self._patients) + 1024)
        twin._w["horizon"] = until

    def _finishes(self, twin: FastEngine, until: float) -> Any:
        """Return the ends of stays as events, and have the patients wait for them."""
        p, care = twin.memory["patients"], self._in_care
        p["stay"][care.places] = -1
        inside = np.flatnonzero(p["finish"][care.places] <= until)
        places = care.places[inside]
        ends = np.zeros(len(places), layouts.EVENT)
        first = int(twin.world("seq")) + 1
        ends["time"], ends["what"] = p["finish"][places], places
        leg = p["leg"][places] & ((1 << LEG_BITS) - 1)
        ends["rank"] = (FINISH << ID_BITS) + (((p["number"][places] << LEG_BITS) + leg) << POOL_BITS)
        ends["seq"] = p["stay"][places] = np.arange(first, first + len(places))
        twin.set_world("seq", first + len(places))
        return ends

    def _rosters(self) -> tuple[Role, ...]:
        """Return those whose numbers sickness changes."""
        return tuple(role for role in self._engine._tables.staffed if role[2].sickness)

    def _by_roster(self, events: Any) -> Any:
        n = len(self._engine.network.pools)
        return np.isin(events["rank"] & ID_MASK, [h * n + pool for h, pool, _ in self._rosters()])

    def _draw_staff(self, twin: FastEngine) -> None:
        """Draw who will be sick on shifts that have not begun."""
        roles, known = self._rosters(), twin.memory["rosters"]
        if not roles:
            return
        places = np.array([h * len(twin.network.pools) + pool for h, pool, _ in roles], dtype=np.int64)
        levels = levels_on_duty(twin.workload, roles, self._now)
        more, firsts = duties_of(levels, places, twin.memory["pools"]["unit"][places])
        twin._keep("rosters", np.concatenate([known, more]))
        for time, rank, duty in firsts:
            twin._put(time, rank, len(known) + duty)

    def _failures(self) -> list[int]:
        """Return the actions by which fridges will fail."""
        supply = self._engine.supply
        if supply is None:
            return []
        actions = self._engine._actions.items()
        return [n for n, action in actions if isinstance(action, partial) and action.func == supply._breach]

    def _draw_failures(self, twin: FastEngine) -> None:
        """Draw anew when fridges fail."""
        for number in self._failures():
            del twin._actions[number]
        if twin.supply is not None:
            for h in range(len(twin.network.hospitals)):
                for time in twin.workload.breach_times(h):
                    twin.supply._later(time, Kind.EXPIRY, partial(twin.supply._breach, h))


class _InCare:
    """Those in a step, as columns."""

    def __init__(self, *columns: Any) -> None:
        self.places, self.who, self.step, self.visit, self.factor, self.added, self.since = columns


class _History:
    """What the log tells of those in the system."""

    def __init__(self, engine: FastEngine, who: Codes) -> None:
        log = engine._rows.log()
        first = (
            int(np.searchsorted(log.time, engine.workload.patients.time[who].min())) if len(who) else len(log)
        )
        chosen = first + np.flatnonzero(np.isin(log.patient[first:], who))
        self._kind, self._patient, self._time = log.kind[chosen], log.patient[chosen], log.time[chosen]
        self._log = log

    def deteriorated(self, who: Codes) -> Codes:
        """Return how often each became worse since the present step started."""
        if not (self._kind == Row.DETERIORATED).any():
            return np.zeros(len(who), dtype=np.int64)
        found = []
        for number in who.tolist():
            kinds = self._kind[self._patient == number]
            started = np.flatnonzero(kinds == Row.STARTED)[-1]
            found.append(int(np.count_nonzero(kinds[started:] == Row.DETERIORATED)))
        return np.array(found, dtype=np.int64)

    def waiting_until(self, who: Codes, waits: Any, now: float) -> Floats:
        """Return until when each has waited for the present step: now, or when they were sent elsewhere."""
        until = np.full(len(who), now)
        for i in np.flatnonzero(~waits).tolist():
            mine = (self._patient == who[i]) & (self._kind == Row.QUIT)
            until[i] = self._time[mine][-1]
        return until

    def waited_until(self, who: Codes, waits: Any, now: float) -> Floats:
        """Return when each last was seen to wait; -inf: never."""
        until = np.where(waits, now, -np.inf)
        for i in np.flatnonzero(~waits).tolist():
            mine = np.flatnonzero(self._patient == who[i])
            joined = np.inf
            for kind, time in zip(self._kind[mine].tolist(), self._time[mine].tolist(), strict=True):
                if kind == Row.QUEUED:
                    joined = time
                elif kind in (Row.STARTED, Row.QUIT) and time > joined:
                    until[i] = time
        return until

    def cleaning(self, events: Any, n_needs: int) -> list[float]:
        """Return when the cleanings began that are to end with these events, given in order of patient and leg."""
        rows = np.flatnonzero(self._log.kind == Row.CLEANING)
        found: list[float] = []
        last: dict[tuple[int, int], list[float]] = {}
        for event in reversed(events):
            number, what = int(event["rank"] & ID_MASK) >> (LEG_BITS + POOL_BITS), int(event["what"])
            if (number, what) not in last:
                h, need = divmod(what, n_needs)
                log = self._log
                mine = (log.patient[rows] == number) & (log.hospital[rows] == h) & (log.item[rows] == need)
                last[number, what] = log.time[rows[mine]].tolist()
            found.append(last[number, what].pop())
        return found[::-1]


def _times(hours: Floats, factor: Floats) -> Floats:
    """Return durations by the factors, as a step's start multiplies them."""
    return np.where(factor == 1.0, hours, all_on_grid(hours * factor))


def _on_second(times: Floats) -> Floats:
    return np.array([on_second(time) for time in times.tolist()])
