"""Orders as numbers, carried out by compiled code: what `sim/directives.py` does to the orders of an action.

Only what masks allow may be ordered. Can be left for Python, to make room or a column or to order
vaccine, and entered again: `order_phase`, `order_place` and `order_n` of the world say where it was.
"""

from __future__ import annotations

from typing import Any

from sim.fast import care
from sim.fast.future import log, on_grid, put
from sim.fast.layouts import cell_at, desk_at, flex_at, opening_at, order_at, patient_at, pool_at
from sim.fast.memory import compiled, integer_at
from sim.fast.panel import is_ready
from sim.fast.queues import insert, mark_changed, mark_to_look, stir, take_out
from sim.fast.words import (
    ENDED_EARLY,
    GO_ON,
    ID_BITS,
    MAKE_ROOM,
    MAKE_VISIT,
    ORDERED,
    ROW_CAPACITY,
    ROW_DECIDED,
    SHIFT,
    VACCINATE,
)

OPENING = 1 << 40
"""What an event of shift kind from here on stands for: flex beds of a pool are ready."""

BEGIN, RANKING, FLEX, STAFF, LEAVING, DISCHARGING, MOVING = range(7)
"""Phases. RANKING: `order_place` is the hospital, `order_n` how many of `stuck` are ranked;
FLEX: it is the number of a pool with flex beds; STAFF: `order_place` is the
hospital's pool; the last three: `order_place` is the hospital."""


@compiled
def carry_out(w: Any) -> int:
    """Put the orders into force; returns what Python must do before it is entered again, `GO_ON` at the end."""
    if w.order_phase == BEGIN:
        log(w, ROW_DECIDED, -1, -1, w.asked, float(w.n_decided))
        w.n_decided += 1
        w.order_phase = RANKING
        w.order_place = 0
        w.order_n = -1
    if w.order_phase == RANKING:
        while w.order_place < w.n_hospitals:
            if not rank_anew(w, w.order_place):
                return MAKE_ROOM
            set_rules(w, w.order_place)
            w.order_place += 1
            w.order_n = -1
        w.order_phase = FLEX
        w.order_place = 0
    if w.order_phase == FLEX:
        while w.order_place < w.n_flex:
            if w.crowded:
                return MAKE_ROOM
            have_flex(w, w.order_place)
            w.order_place += 1
        place_staff(w)
        w.order_phase = STAFF
        w.order_place = 0
    if w.order_phase == STAFF:
        while w.order_place < w.n_hospitals * w.n_pools:
            if w.crowded:
                return MAKE_ROOM
            change_staff(w, w.order_place)
            w.order_place += 1
        w.order_phase = LEAVING
        w.order_place = 0
        if w.n_products:
            return VACCINATE
    while w.order_place < w.n_hospitals:
        code = send(w, w.order_place)
        if code:
            return int(code)
        w.order_phase = LEAVING
        w.order_place += 1
    w.order_phase = BEGIN
    return GO_ON


# Rules.


@compiled
def rank_anew(w: Any, h: int) -> bool:
    """Rank everybody by the rule ordered, if it is another than before; False: there must be room first."""
    desk, order = desk_at(w.desks, h), order_at(w.orders, h)
    if w.order_n < 0:
        if order.ranking == desk.ranking and order.tier == desk.first_tier:
            return True
        list_waiting(w, h)
        for i in range(w.order_listed):
            take_out(w, integer_at(w.stuck, i).value)
        desk.ranking = order.ranking
        desk.first_tier = order.tier
        desk.n_tier_ranks = 1 if order.tier >= 0 else 0
        for tier in range(w.n_tiers):
            integer_at(w.tier_ranks, h * w.n_tiers + tier).value = int(order.tier >= 0 and tier != order.tier)
        w.order_n = 0
    while w.order_n < w.order_listed:
        if w.crowded:
            return False
        insert(w, integer_at(w.stuck, w.order_n).value)
        w.order_n += 1
    return True


@compiled
def list_waiting(w: Any, h: int) -> None:
    """Write those who wait at a hospital into `stuck`, by number."""
    n = 0
    c = desk_at(w.desks, h).first_cell
    while c >= 0:
        cell = cell_at(w.cells, c)
        place = cell.head
        while place >= 0:
            p = patient_at(w.patients, place)
            i = n
            while i > 0 and patient_at(w.patients, integer_at(w.stuck, i - 1).value).number > p.number:
                integer_at(w.stuck, i).value = integer_at(w.stuck, i - 1).value
                i -= 1
            integer_at(w.stuck, i).value = place
            n += 1
            place = p.after
        c = cell.after
    w.order_listed = n


@compiled
def set_rules(w: Any, h: int) -> None:
    """Overflow, diversion, beds kept for the most urgent; whoever waits is looked at again."""
    desk, order = desk_at(w.desks, h), order_at(w.orders, h)
    mark_changed(w, h)
    stir(w, h)
    desk.overflow = order.overflow
    desk.within = order.within
    desk.diverting = order.divert
    desk.kept = 0
    for pool in range(w.n_pools):
        if integer_at(w.ordered_kept, h * w.n_pools + pool).value:
            desk.kept = 1
    if desk.kept:
        for level in range(w.n_acuities):
            for pool in range(w.n_pools):
                amount = integer_at(w.ordered_kept, h * w.n_pools + pool).value if level else 0
                integer_at(w.kept, (h * w.n_acuities + level) * w.n_pools + pool).value = amount


# Flex beds.


@compiled
def have_flex(w: Any, number: int) -> None:
    """Have as many open or opening as are ordered; openings under way are cancelled first, the latest before all."""
    flex = flex_at(w.flex, number)
    h, p = flex.place // w.n_pools, flex.place % w.n_pools
    pool = pool_at(w.pools, flex.place)
    wanted = integer_at(w.ordered_flex, flex.place).value
    surplus = pool.flex_ordered - wanted
    pool.flex_ordered = wanted
    i = pool.last_opening
    while surplus > 0 and i >= 0:
        opening = opening_at(w.openings, i)
        cancelled = min(opening.beds, surplus)
        opening.beds -= cancelled
        surplus -= cancelled
        i = opening.before
    if surplus > 0:
        pool.flex -= surplus
        change_capacity(w, h, p, -surplus * pool.unit)
    elif surplus < 0:
        add_opening(w, pool, -surplus)
        put(w, on_grid(w.now + flex.delay), (SHIFT << ID_BITS) + flex.place, OPENING + flex.place)


@compiled
def add_opening(w: Any, pool: Any, beds: int) -> None:
    """Put an opening behind those of the pool that are under way."""
    i = w.free_opening
    opening = opening_at(w.openings, i)
    w.free_opening = opening.after
    w.n_free_openings -= 1
    if w.n_free_openings < 4:
        w.crowded = 1
    opening.beds, opening.before, opening.after = beds, pool.last_opening, -1
    if pool.last_opening >= 0:
        opening_at(w.openings, pool.last_opening).after = i
    else:
        pool.first_opening = i
    pool.last_opening = i


@compiled
def open_flex(w: Any, place: int) -> None:
    """The flex beds of a pool (H x P) that were ordered first are ready, as far as they were not cancelled."""
    pool = pool_at(w.pools, place)
    i = pool.first_opening
    opening = opening_at(w.openings, i)
    beds = opening.beds
    pool.first_opening = opening.after
    if opening.after >= 0:
        opening_at(w.openings, opening.after).before = -1
    else:
        pool.last_opening = -1
    opening.after = w.free_opening
    w.free_opening = i
    w.n_free_openings += 1
    pool.flex += beds
    change_capacity(w, place // w.n_pools, place % w.n_pools, beds * pool.unit)


# Staff.


@compiled
def place_staff(w: Any) -> None:
    """Work out who is where: called in, then lent in the order of hospitals, no more than are on duty."""
    P = w.n_pools
    for i in range(w.n_hospitals * P):
        pool_at(w.pools, i).coming = integer_at(w.ordered_calls, i).value
    for h in range(w.n_hospitals):
        order = order_at(w.orders, h)
        if order.lend_to < 0:
            continue
        own = pool_at(w.pools, h * P + order.lend_pool)
        on_duty = own.capacity // own.unit - own.borrowed + own.coming
        if on_duty > 0:
            own.coming -= 1
            pool_at(w.pools, order.lend_to * P + order.lend_pool).coming += 1


@compiled
def change_staff(w: Any, place: int) -> None:
    """Open or close a pool by those who come or go."""
    pool = pool_at(w.pools, place)
    change = (pool.coming - pool.borrowed) * pool.unit
    pool.borrowed = pool.coming
    if change:
        change_capacity(w, place // w.n_pools, place % w.n_pools, change)


@compiled
def change_capacity(w: Any, h: int, pool: int, change: int) -> None:
    """Open or close part of a pool; what is in use stays in use."""
    if change == 0:
        return
    here = pool_at(w.pools, h * w.n_pools + pool)
    here.capacity += change
    log(w, ROW_CAPACITY, -1, h, pool, float(max(0, here.capacity)))
    mark_changed(w, h)
    stir(w, h)
    if change < 0:
        mark_to_look(w, h)


# Patients.


@compiled
def send(w: Any, h: int) -> int:
    """Send home early, then move: both are chosen first. `stuck` lists those to be moved, then those sent home."""
    if w.order_phase == LEAVING:
        choose_moves(w, h)
        w.order_step = 0
        w.order_listed = w.order_moves
        w.order_n = w.order_moves
        w.order_phase = DISCHARGING
    while w.order_phase == DISCHARGING:
        while w.order_n < w.order_listed:
            place = integer_at(w.stuck, w.order_n).value
            following = care.next_step(w, place)
            if care.lacks_next(w, place, following):
                return MAKE_VISIT
            if w.crowded:
                return MAKE_ROOM
            care.end_step(w, place, ENDED_EARLY)
            care.move_on(w, place, following)
            w.order_n += 1
        if w.order_step == w.n_steps:
            w.order_phase = MOVING
            w.order_n = 0
        else:
            choose_discharges(w, h, w.order_step)
            w.order_step += 1
    while w.order_n < w.order_moves:
        if w.crowded:
            return MAKE_ROOM
        care.move(w, integer_at(w.stuck, w.order_n).value, order_at(w.orders, h).move_to, ORDERED)
        w.order_n += 1
    return GO_ON


@compiled
def choose_moves(w: Any, h: int) -> None:
    """List who is moved, the most urgent first and then those who came first; then by number."""
    order, fleet = order_at(w.orders, h), desk_at(w.desks, h).ambulances
    n, most = 0, min(order.move_most, fleet)
    c = desk_at(w.desks, h).first_cell
    while c >= 0 and order.move_to >= 0:
        cell = cell_at(w.cells, c)
        place = cell.head
        if not integer_at(w.serves, order.move_to * w.n_steps + cell.step).value:
            place = -1
        while place >= 0:
            i = min(n, most)
            while i > 0 and comes_first(w, place, integer_at(w.stuck, i - 1).value):
                if i < most:
                    integer_at(w.stuck, i).value = integer_at(w.stuck, i - 1).value
                i -= 1
            if i < most:
                integer_at(w.stuck, i).value = place
                n = min(n + 1, most)
            place = patient_at(w.patients, place).after
        c = cell.after
    for i in range(1, n):
        place = integer_at(w.stuck, i).value
        number = patient_at(w.patients, place).number
        j = i
        while j > 0 and patient_at(w.patients, integer_at(w.stuck, j - 1).value).number > number:
            integer_at(w.stuck, j).value = integer_at(w.stuck, j - 1).value
            j -= 1
        integer_at(w.stuck, j).value = place
    w.order_moves = order.moved = n


@compiled
def comes_first(w: Any, place: int, other: int) -> bool:
    """Whether somebody is moved rather than another."""
    a, b = patient_at(w.patients, place), patient_at(w.patients, other)
    if a.triage != b.triage:
        return bool(a.triage < b.triage)
    if a.presented != b.presented:
        return bool(a.presented < b.presented)
    return bool(a.number < b.number)


@compiled
def choose_discharges(w: Any, h: int, step: int) -> None:
    """List, after those to be moved, who leaves the step now: those who would leave it first."""
    w.order_n = w.order_moves
    n, most = 0, integer_at(w.ordered_discharges, h * w.n_steps + step).value
    for place in range(w.max_patients if most else 0):
        p = patient_at(w.patients, place)
        if p.number < 0 or p.hospital != h or p.step != step or p.cell >= 0 or not is_ready(w, p):
            continue
        i = n
        while i > 0 and ends_first(w, p, integer_at(w.stuck, w.order_moves + i - 1).value):
            integer_at(w.stuck, w.order_moves + i).value = integer_at(w.stuck, w.order_moves + i - 1).value
            i -= 1
        integer_at(w.stuck, w.order_moves + i).value = place
        n += 1
    w.order_listed = w.order_moves + min(n, most)


@compiled
def ends_first(w: Any, p: Any, other: int) -> bool:
    """Whether a patient's step ends before another's."""
    q = patient_at(w.patients, other)
    if p.finish != q.finish:
        return bool(p.finish < q.finish)
    return bool(p.number < q.number)
