"""The compiled engine: runs the events until somebody in Python is needed. See `sim/reference.py`."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import Any

from numba import njit

from sim.fast import care, fridges, memory, orders, panel
from sim.fast.care import (
    cleaned,
    finish,
    first_step,
    hand_over,
    is_blocked,
    lacks_columns,
    lacks_next,
    move,
    move_on,
    must_wait,
    next_step,
    present,
    returned,
    ring,
    serve,
    unreserve,
)
from sim.fast.future import drop_first, expect, log, look_ahead, put
from sim.fast.layouts import (
    amount_at,
    desk_at,
    duty_at,
    event_at,
    need_at,
    patient_at,
    tally_at,
    waits_at,
    world_at,
)
from sim.fast.memory import compiled, flag_at, integer_at
from sim.fast.orders import change_capacity
from sim.fast.queues import (
    insert,
    mark_changed,
    quit_queue,
    scan,
    stir,
    take_out,
    unmark_changed,
)
from sim.fast.words import (
    ACT,
    ARRIVAL,
    CLEANED,
    DEADLINE,
    DECIDE,
    DECISION,
    DETERIORATE,
    END,
    ENDED_EARLY,
    EVENTS,
    EXPIRY,
    FINISH,
    GO_ON,
    HANDOVER,
    ID_BITS,
    LAPSE,
    LOOKING,
    MAKE_ROOM,
    MAKE_THRESHOLD,
    MAKE_VISIT,
    OVER,
    REGULAR,
    RESOLVE,
    RETURNED,
    ROW_DECIDED,
    SHIFT,
    STARTING,
)
from sim.order import LEG_BITS, POOL_BITS

ID_MASK = (1 << ID_BITS) - 1
LEG_SHIFT = LEG_BITS + POOL_BITS


# Settling: start whoever may start, see who must wait, look where patients may block one another.


@compiled
def settle(w: Any) -> int:
    """Until nothing changes or somebody must decide; can be left for Python and entered again."""
    if w.stage == STARTING:
        code = start_and_see(w)
        if code:
            return int(code)
        note_where_to_look(w)
        w.stage = LOOKING
        w.look_place = 0
        w.looked = 0
    while w.look_place < w.n_look:
        if not w.looked:
            if w.trigger >= 0:
                return GO_ON
            w.looked = 1
            h = integer_at(w.look, w.look_place).value
            if is_blocked(w, h):
                w.argument = h
                return RESOLVE
        code = start_and_see(w)
        if code:
            return int(code)
        w.looked = 0
        w.look_place += 1
    return GO_ON


@compiled
def note_where_to_look(w: Any) -> None:
    """Write down, in order, the hospitals to be looked at."""
    for i in range(w.n_to_look):
        h = integer_at(w.to_look, i).value
        j = i
        while j > 0 and integer_at(w.look, j - 1).value > h:
            integer_at(w.look, j).value = integer_at(w.look, j - 1).value
            j -= 1
        integer_at(w.look, j).value = h
    w.n_look = w.n_to_look


@compiled
def start_and_see(w: Any) -> int:
    """Start whoever may start, then see who must wait."""
    if w.seeing >= 0:
        code = see_who_must_wait(w, w.seeing)
        if code:
            return int(code)
    while w.n_changed and w.trigger < 0:
        h = integer_at(w.changed, 0).value
        for i in range(1, w.n_changed):
            h = min(h, integer_at(w.changed, i).value)
        while w.trigger < 0:
            if w.crowded:
                return MAKE_ROOM
            place = scan(w, h)
            if place < 0:
                break
            serve(w, place)
        if w.trigger >= 0:
            return GO_ON
        unmark_changed(w, h)
        if desk_at(w.desks, h).n_newcomers:
            code = see_who_must_wait(w, h)
            if code:
                return int(code)
    return GO_ON


@compiled
def see_who_must_wait(w: Any, h: int) -> int:
    """Ask those who joined at a hospital, by number, what they do if they cannot start."""
    desk = desk_at(w.desks, h)
    base = h * w.max_newcomers
    sort_newcomers(w, base, desk.n_newcomers)
    w.seeing = -1
    while desk.n_newcomers:
        if w.trigger >= 0 or desk.changed:
            mark_changed(w, h)
            return GO_ON
        if w.crowded:
            w.seeing = h
            return MAKE_ROOM
        place = integer_at(w.newcomers, base).value
        desk.n_newcomers -= 1
        for i in range(desk.n_newcomers):
            integer_at(w.newcomers, base + i).value = integer_at(w.newcomers, base + i + 1).value
        if not waits_here(w, place, h):
            continue
        later = 0
        step = patient_at(w.patients, place).step
        for i in range(desk.n_newcomers):
            other = integer_at(w.newcomers, base + i).value
            if patient_at(w.patients, other).step == step and waits_here(w, other, h):
                later += 1
        if must_wait(w, place, later):
            w.seeing = h
            w.argument = h
            return RESOLVE
    return GO_ON


@compiled
def waits_here(w: Any, place: int, h: int) -> bool:
    """Whether somebody still waits at a hospital."""
    p = patient_at(w.patients, place)
    return bool(p.cell >= 0 and p.hospital == h)


@compiled
def sort_newcomers(w: Any, base: int, n: int) -> None:
    """By number: insertion, for there are few."""
    for i in range(1, n):
        place = integer_at(w.newcomers, base + i).value
        number = patient_at(w.patients, place).number
        j = i
        while j > 0 and patient_at(w.patients, integer_at(w.newcomers, base + j - 1).value).number > number:
            integer_at(w.newcomers, base + j).value = integer_at(w.newcomers, base + j - 1).value
            j -= 1
        integer_at(w.newcomers, base + j).value = place


# Events.


@compiled
def advance(w: Any) -> int:
    """Run the clock until somebody must decide, the horizon, or something that Python does."""
    while True:
        if w.stage != EVENTS:
            code = settle(w)
            if code:
                return int(code)
            w.stage = EVENTS
        if w.trigger >= 0:
            if not w.again:
                return DECIDE
            order_again(w)
            continue
        if w.over:
            return OVER
        if w.crowded:
            return MAKE_ROOM
        code = happen(w)
        if code:
            return int(code)
        if w.n_changed:
            w.stage = STARTING


@compiled
def happen(w: Any) -> int:
    """Let the next event happen; nothing happens yet if Python must make a column first."""
    event = event_at(w.events, 0)
    rank, what, seq = event.rank, event.what, event.seq
    kind = rank >> ID_BITS
    identity = rank & ID_MASK
    step = -1
    current = False
    if kind == FINISH:
        current = patient_at(w.patients, what).stay == seq
        if current:
            step = next_step(w, what)
            if lacks_next(w, what, step):
                return MAKE_VISIT
    elif kind == ARRIVAL:
        if not flag_at(w.person_declined, identity).value:
            step = first_step(w, identity)
            if step >= 0 and lacks_columns(w, step, 0):
                return MAKE_VISIT
    elif kind == DEADLINE and lacks_threshold(w, what, identity):
        return MAKE_THRESHOLD
    w.now = event.time
    drop_first(w)
    if kind == FINISH:
        if current:
            finish(w, what, step)
    elif kind == ARRIVAL:
        present(w, identity, what, step)
    elif kind == CLEANED:
        cleaned(w, identity >> LEG_SHIFT, what)
    elif kind == DEADLINE:
        ring(w, what, identity)
    else:
        return int(happen_seldom(w, kind, identity, what, rank))
    return GO_ON


@compiled
def happen_seldom(w: Any, kind: int, identity: int, what: int, rank: int) -> int:
    """Let an event of the other kinds happen; apart, so that what happens often stays small."""
    if kind == HANDOVER:
        hand_over(w, what, identity)
    elif kind == RETURNED:
        returned(w, what)
    elif kind == LAPSE:
        if patient_at(w.patients, what).number == identity >> LEG_SHIFT:
            unreserve(w, what, 1)
    elif kind == DECISION:
        w.trigger = REGULAR
        following = w.now + w.decide_every
        if w.decide_every > 0 and following < w.horizon:
            put(w, following, rank, 0)
    elif kind == END:
        w.over = 1
    elif kind == SHIFT and what >= orders.OPENING:
        orders.open_flex(w, what - orders.OPENING)
    elif kind == SHIFT and what >= 0:
        shift(w, identity, what, rank)
    elif kind == EXPIRY and what >= 0:
        fridges.expire(w, what)
    else:
        w.argument = -1 - what
        return ACT
    return GO_ON


@compiled
def lacks_threshold(w: Any, place: int, number: int) -> bool:
    """Whether the next threshold of deteriorating must be made first."""
    p = patient_at(w.patients, place)
    if not w.deteriorates or p.number != number or p.rate_1 == 0.0:
        return False
    ordinal = p.ordinal + 1
    if ordinal < w.max_ordinals and integer_at(w.thresholds, DETERIORATE * w.max_ordinals + ordinal).value:
        return False
    w.argument = DETERIORATE
    w.argument_2 = ordinal
    return True


@compiled
def shift(w: Any, identity: int, duty: int, rank: int) -> None:
    """Staff come or go as the roster says."""
    change = duty_at(w.rosters, duty)
    change_capacity(w, identity // w.n_pools, identity % w.n_pools, change.change)
    if change.more:
        put(w, duty_at(w.rosters, duty + 1).time, rank, duty + 1)


@compiled
def expect_all(w: Any, events: int, n: int) -> None:
    """Expect events that have running numbers already; there must be room for them."""
    for i in range(n):
        event = event_at(events, i)
        expect(w, event.time, event.rank, event.seq, event.what)
    look_ahead(w)


@compiled
def expect_deadlines(w: Any) -> None:
    """Set everybody's deadline anew; there must be no alarms, and room for one each."""
    for place in range(w.max_patients):
        p = patient_at(w.patients, place)
        p.deadline = INFINITE
        p.alarm = INFINITE
        if p.number >= 0 and (p.cell >= 0 or w.hazards):
            care.set_deadline(w, place)


@compiled
def order_again(w: Any) -> None:
    """Answer a decision with the neutral orders that are in force."""
    w.asked = w.trigger
    w.trigger = -1
    w.begun = w.now
    add_up(w, w.tallies_begun, w.now)
    log(w, ROW_DECIDED, -1, -1, w.asked, float(w.n_decided))
    w.n_decided += 1
    change_all(w)
    w.stage = STARTING


@compiled
def add_up(w: Any, totals: int, now: float) -> None:
    """Write the tallies at an address, with the hours until a time of those who are untreated still."""
    for i in range(w.n_hospitals * w.n_groups):
        to, of = tally_at(totals, i), tally_at(w.tallies, i)
        to.hours = of.hours
        to.arrived = of.arrived
        to.treated = of.treated
        to.left = of.left
        to.died = of.died
        to.doses = of.doses
    for place in range(w.max_patients):
        p = patient_at(w.patients, place)
        if p.number >= 0 and not p.treated:
            tally_at(totals, p.origin * w.n_groups + p.group).hours += care.hours_untreated(w, p, now)


@compiled
def change_all(w: Any) -> None:
    """Anybody who waits anywhere may find room now."""
    for h in range(w.n_hospitals):
        mark_changed(w, h)
        stir(w, h)


# The census.


@compiled
def census(w: Any, n_patients: int) -> int:
    """Count who is where, and list who waits; return how many wait."""
    n = 0
    for place in range(n_patients):
        p = patient_at(w.patients, place)
        if p.number < 0:
            continue
        if p.cell >= 0:
            cell = ((p.hospital * w.n_steps + p.step) * w.n_acuities + p.triage) * w.n_groups + p.group
            integer_at(w.queues_count, cell).value += 1
            line = waits_at(w.waiting_list, n)
            line.hospital = p.hospital
            line.number = p.number
            line.step = p.step
            line.triage = p.triage
            line.group = p.group
            line.boarding = 1 if p.held >= 0 else 0
            line.presented = p.presented
            n += 1
        elif p.need < 0 and p.finish == INFINITE:
            integer_at(w.inbound_count, p.hospital).value += 1
        need = max(p.need, p.held)
        if need >= 0:
            band = panel.band_of(w, p)
            part = need_at(w.needs, need)
            for i in range(part.first, part.first + part.n):
                pool = amount_at(w.amounts, i).pool
                integer_at(w.beds_count, (p.hospital * w.n_pools + pool) * w.n_bands + band).value += 1
    return n


# What Python asks for between events.

(
    ADVANCE,
    ALL_CHANGED,
    SERVE,
    CUT,
    MOVE,
    LACKS_NEXT,
    CHANGED,
    CAPACITY,
    INSERT,
    TAKE_OUT,
    QUIT_QUEUE,
    PUT,
    CHOOSE,
    CENSUS,
    SHOW,
    ORDER,
    DEADLINES,
    EXPECT,
    ADD_UP,
) = range(19)

INFINITE = float("inf")


def _entry(sources: str) -> Any:
    """Return the one function that Python calls; Numba's cache knows it by `sources` too, not by this file alone."""

    def run(where: int, what: int, a: int, b: int, c: int, x: float) -> int:
        sources  # noqa: B018  # a part of the key of the cache
        w = world_at(where, 0)
        if what == ADVANCE:
            return advance(w)
        if what == ALL_CHANGED:
            change_all(w)
        elif what == SERVE:
            serve(w, a)
        elif what == CUT:
            step = next_step(w, a)
            care.end_step(w, a, ENDED_EARLY)
            move_on(w, a, step)
        elif what == MOVE:
            return 1 if move(w, a, b, c) else 0
        elif what == LACKS_NEXT:
            return 1 if lacks_next(w, a, next_step(w, a)) else 0
        elif what == CHANGED:
            mark_changed(w, a)
            stir(w, a)
        elif what == CAPACITY:
            change_capacity(w, a, b, c)
        elif what == INSERT:
            insert(w, a)
        elif what == TAKE_OUT:
            take_out(w, a)
        elif what == QUIT_QUEUE:
            quit_queue(w, a)
        elif what == PUT:
            put(w, x, a, b)
        elif what == CHOOSE:
            p = patient_at(w.patients, a)
            return care.choose(w, b, x, p.hospital, c, p.triage)
        elif what == CENSUS:
            return census(w, a)
        elif what == SHOW:
            panel.show(w, a)
        elif what == ORDER:
            return orders.carry_out(w)
        elif what == DEADLINES:
            expect_deadlines(w)
        elif what == EXPECT:
            expect_all(w, a, b)
        elif what == ADD_UP:
            add_up(w, a, x)
        return 0

    return run


COMPILED = ("memory", "layouts", "words", "future", "queues", "fridges", "care", "panel", "orders", "kernel")
"""The files of this package that are compiled."""

WORDS = ("order", "network", "eventlog", "signals", "supply")
"""The files of `sim` whose constants they take over."""


def _digest() -> str:
    """Return a SHA-256 of all that is compiled, and of the words that it takes from other files."""
    here = Path(__file__).resolve().parent
    files = [*(here / f"{name}.py" for name in COMPILED), *(here.parent / f"{name}.py" for name in WORDS)]
    digest = sha256()
    for file in files:
        digest.update(file.read_bytes())
    return digest.hexdigest()


if memory.INTERPRETED:
    run = _entry("")
else:
    run = njit("i8(i8,i8,i8,i8,i8,f8)", cache=True, nogil=True, error_model="numpy")(_entry(_digest()))
