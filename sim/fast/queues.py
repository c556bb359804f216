"""Who gets what at one hospital, compiled: see `sim/allocation.py`, whose every decision this repeats."""

from __future__ import annotations

from typing import Any

import numpy as np

from sim.fast.layouts import (
    amount_at,
    cell_at,
    desk_at,
    lot_at,
    need_at,
    option_at,
    patient_at,
    pool_at,
    queue_at,
    ranking_at,
    shelf_at,
    step_at,
)
from sim.fast.memory import compiled, float_at, integer_at
from sim.fast.words import (
    BY_ACUITY,
    BY_EQUITY,
    BY_POINTS,
    BY_SHARE,
    BY_TABLE,
    BY_TABLE_AND_NUMBER,
    CLOSE_ALL,
    CLOSE_NOTHING,
)
from sim.network import UNLIMITED

OPEN = 1 << 40
"""The level of a pool that is closed to nobody."""


# What is free.


@compiled
def has_dose(w: Any, h: int, product: int) -> bool:
    """Whether a dose of the product is at hand."""
    found = False
    for i in range(shelf_at(w.shelves, h).n):
        found = found or lot_at(w.lots, h * w.max_lots + i).product == product
    return found


@compiled
def part_of(w: Any, need: int, held: int) -> Any:
    """Return the amounts of a need, or what it takes beyond what is kept."""
    if held < 0:
        return need_at(w.needs, need)
    return need_at(w.lacks, need * w.n_needs + held)


@compiled
def fitting(w: Any, h: int, step: int, triage: int, heed_closed: int, held: int) -> int:
    """Return the first option of the step whose pools and dose are free; -1: none is."""
    s = step_at(w.steps, step)
    if s.product >= 0 and not has_dose(w, h, s.product):
        return -1
    kept = desk_at(w.desks, h).kept
    for o in range(s.first_option, s.first_option + s.n_options):
        part = part_of(w, option_at(w.options, o).need, held)
        good = True
        for i in range(part.first, part.first + part.n):
            a = amount_at(w.amounts, i)
            pool = pool_at(w.pools, h * w.n_pools + a.pool)
            after = pool.taken + a.amount
            if after > pool.capacity:
                good = False
                break
            if heed_closed and integer_at(w.closed, a.pool).value <= triage:
                good = False
                break
            if kept and after > pool.capacity - kept_at(w, h, triage, a.pool):
                good = False
                break
        if good:
            return int(o)
    return -1


@compiled
def kept_at(w: Any, h: int, level: int, pool: int) -> Any:
    """Return what is kept of a pool for those more urgent than a level."""
    return integer_at(w.kept, (h * w.n_acuities + level) * w.n_pools + pool).value


@compiled
def covers(w: Any, h: int, need: int) -> bool:
    """Whether the pools of a reserved need are still open."""
    part = need_at(w.needs, need)
    for i in range(part.first, part.first + part.n):
        pool = pool_at(w.pools, h * w.n_pools + amount_at(w.amounts, i).pool)
        if pool.taken > pool.capacity:
            return False
    return True


@compiled
def load(w: Any, h: int, step: int) -> float:
    """Return the largest share taken of a pool that the step's own needs name; 0 for unlimited pools."""
    most = 0.0
    s = step_at(w.steps, step)
    if s.n_options == 0:
        return most
    part = need_at(w.needs, option_at(w.options, s.first_option).need)
    first = True
    for i in range(part.first, part.first + part.n):
        pool = pool_at(w.pools, h * w.n_pools + amount_at(w.amounts, i).pool)
        if pool.capacity < UNLIMITED:
            share = np.inf if pool.capacity == 0 else pool.taken / pool.capacity
            if first or share > most:
                most = share
                first = False
    return most


@compiled
def seize(w: Any, h: int, need: int, sign: int) -> None:
    """Take the pools of a need (+1), or give them back (-1)."""
    part = need_at(w.needs, need)
    for i in range(part.first, part.first + part.n):
        a = amount_at(w.amounts, i)
        pool = pool_at(w.pools, h * w.n_pools + a.pool)
        pool.in_use += sign * a.amount
        pool.taken += sign * a.amount


@compiled
def clean(w: Any, h: int, need: int, sign: int) -> None:
    """Put beds out of use for cleaning (+1), or back (-1)."""
    part = need_at(w.needs, need)
    for i in range(part.first, part.first + part.n):
        a = amount_at(w.amounts, i)
        pool = pool_at(w.pools, h * w.n_pools + a.pool)
        pool.cleaning += sign * a.amount
        pool.taken += sign * a.amount


@compiled
def reserve(w: Any, h: int, need: int, sign: int) -> None:
    """Reserve pools for a patient on the way (+1), or give them up (-1)."""
    part = need_at(w.needs, need)
    for i in range(part.first, part.first + part.n):
        a = amount_at(w.amounts, i)
        pool = pool_at(w.pools, h * w.n_pools + a.pool)
        pool.reserved += sign * a.amount
        pool.taken += sign * a.amount


# Who is to be looked at.


@compiled
def mark_changed(w: Any, h: int) -> None:
    """Have a hospital scanned before anything else happens."""
    desk = desk_at(w.desks, h)
    if not desk.changed:
        desk.changed = 1
        integer_at(w.changed, w.n_changed).value = h
        w.n_changed += 1


@compiled
def mark_to_look(w: Any, h: int) -> None:
    """Have a hospital looked at for patients who block one another."""
    desk = desk_at(w.desks, h)
    if not desk.to_look:
        desk.to_look = 1
        integer_at(w.to_look, w.n_to_look).value = h
        w.n_to_look += 1


@compiled
def unmark_to_look(w: Any, h: int) -> None:
    """A hospital need not be looked at any more."""
    desk = desk_at(w.desks, h)
    if desk.to_look:
        desk.to_look = 0
        remove(w.to_look, w.n_to_look, h)
        w.n_to_look -= 1


@compiled
def unmark_changed(w: Any, h: int) -> None:
    """A hospital has been scanned."""
    desk = desk_at(w.desks, h)
    if desk.changed:
        desk.changed = 0
        remove(w.changed, w.n_changed, h)
        w.n_changed -= 1


@compiled
def remove(numbers: int, n: int, value: int) -> None:
    """Take a number out of a list; the last takes its place."""
    for i in range(n):
        if integer_at(numbers, i).value == value:
            integer_at(numbers, i).value = integer_at(numbers, n - 1).value
            break


@compiled
def stir_step(w: Any, h: int, step: int) -> None:
    """Somebody who waits for a step may find room now."""
    queue = queue_at(w.queues, h * w.n_steps + step)
    if not queue.stirred:
        queue.stirred = 1
        desk_at(w.desks, h).n_stirred += 1


@compiled
def stir(w: Any, h: int) -> None:
    """Anybody who waits may find room now."""
    c = desk_at(w.desks, h).first_cell
    while c >= 0:
        cell = cell_at(w.cells, c)
        stir_step(w, h, cell.step)
        c = cell.after


@compiled
def wake(w: Any, h: int, need: int) -> bool:
    """Somebody may find room in what was given back; False: nobody waits for it."""
    part = need_at(w.needs, need)
    for i in range(part.first_wake, part.first_wake + part.n_wakes):
        step = integer_at(w.links, i).value
        if queue_at(w.queues, h * w.n_steps + step).waiting:
            stir_step(w, h, step)
    return bool(desk_at(w.desks, h).n_stirred > 0)


# The ranked list.


@compiled
def cell_for(w: Any, h: int, step: int, triage: int, code: int, tier_rank: int, held: int) -> int:
    """Return the cell with this key, a new one if need be."""
    desk = desk_at(w.desks, h)
    c = desk.first_cell
    while c >= 0:
        cell = cell_at(w.cells, c)
        if (
            cell.step == step
            and cell.triage == triage
            and cell.held == held
            and cell.code == code
            and cell.tier_rank == tier_rank
        ):
            return int(c)
        c = cell.after
    c = w.free_cell
    cell = cell_at(w.cells, c)
    w.free_cell = cell.after
    w.n_free_cells -= 1
    if w.n_free_cells < 4:
        w.crowded = 1
    cell.step, cell.triage, cell.code, cell.tier_rank, cell.held = step, triage, code, tier_rank, held
    cell.head, cell.tail, cell.n = -1, -1, 0
    cell.before, cell.after = -1, desk.first_cell
    if desk.first_cell >= 0:
        cell_at(w.cells, desk.first_cell).before = c
    desk.first_cell = c
    return int(c)


@compiled
def drop_cell(w: Any, h: int, c: int) -> None:
    """Nobody is left in a cell."""
    cell = cell_at(w.cells, c)
    if cell.before >= 0:
        cell_at(w.cells, cell.before).after = cell.after
    else:
        desk_at(w.desks, h).first_cell = cell.after
    if cell.after >= 0:
        cell_at(w.cells, cell.after).before = cell.before
    cell.after = w.free_cell
    w.free_cell = c
    w.n_free_cells += 1


@compiled
def insert(w: Any, place: int) -> None:
    """Rank a patient at the hospital where they are."""
    p = patient_at(w.patients, place)
    h = p.hospital
    desk = desk_at(w.desks, h)
    ranking = ranking_at(w.rankings, desk.ranking)
    code = integer_at(ranking.codes, p.number).value if ranking.codes else 0
    rank = 0
    if step_at(w.steps, p.step).product >= 0:
        rank = desk.n_tier_ranks
        if p.tier >= 0:
            rank = integer_at(w.tier_ranks, h * w.n_tiers + p.tier).value
    c = cell_for(w, h, p.step, p.triage, code, rank, p.held)
    p.cell = c
    if (
        not queue_at(w.queues, h * w.n_steps + p.step).stirred
        and fitting(w, h, p.step, p.triage, 0, p.held) >= 0
    ):
        stir_step(w, h, p.step)
    p.clock = p.queued if ranking.by_step_clock else p.presented
    cell = cell_at(w.cells, c)
    ahead = cell.tail
    behind = -1
    while ahead >= 0:
        other = patient_at(w.patients, ahead)
        if other.clock < p.clock or (other.clock == p.clock and other.number < p.number):
            break
        behind = ahead
        ahead = other.before
    p.before, p.after = ahead, behind
    if ahead >= 0:
        patient_at(w.patients, ahead).after = place
    else:
        cell.head = place
    if behind >= 0:
        patient_at(w.patients, behind).before = place
    else:
        cell.tail = place
    cell.n += 1


@compiled
def take_out(w: Any, place: int) -> None:
    """Take a patient off the ranked list."""
    p = patient_at(w.patients, place)
    cell = cell_at(w.cells, p.cell)
    if p.before >= 0:
        patient_at(w.patients, p.before).after = p.after
    else:
        cell.head = p.after
    if p.after >= 0:
        patient_at(w.patients, p.after).before = p.before
    else:
        cell.tail = p.before
    cell.n -= 1
    if cell.n == 0:
        drop_cell(w, p.hospital, p.cell)
    p.cell = -1


@compiled
def join(w: Any, place: int) -> None:
    """Put a patient into the queue for the step."""
    p = patient_at(w.patients, place)
    queue_at(w.queues, p.hospital * w.n_steps + p.step).waiting += 1
    insert(w, place)
    desk = desk_at(w.desks, p.hospital)
    integer_at(w.newcomers, p.hospital * w.max_newcomers + desk.n_newcomers).value = place
    desk.n_newcomers += 1
    if desk.n_newcomers + 2 > w.max_newcomers:
        w.crowded = 1


@compiled
def quit_queue(w: Any, place: int) -> None:
    """Take a patient out of the queue."""
    p = patient_at(w.patients, place)
    queue_at(w.queues, p.hospital * w.n_steps + p.step).waiting -= 1
    take_out(w, place)


@compiled
def rank_head(w: Any, h: int, c: int) -> None:
    """Work out the rank of a cell's head now."""
    cell = cell_at(w.cells, c)
    head = patient_at(w.patients, cell.head)
    ranking = ranking_at(w.rankings, desk_at(w.desks, h).ranking)
    wait = w.now - head.clock
    kind = ranking.kind
    points = wait
    if kind == BY_ACUITY:
        points = -float(cell.triage)
    elif kind == BY_SHARE:
        points = wait / float_at(ranking.table, cell.triage).value
    elif kind == BY_TABLE:
        points = float_at(ranking.table, cell.step * w.n_acuities + cell.triage).value
    elif kind == BY_TABLE_AND_NUMBER:
        n = 0
        other = desk_at(w.desks, h).first_cell
        while other >= 0:
            each = cell_at(w.cells, other)
            if each.step == cell.step and each.triage == cell.triage:
                n += each.n
            other = each.after
        points = float_at(ranking.table, cell.step * w.n_acuities + cell.triage).value * float(n)
    elif kind == BY_POINTS:
        gained = float_at(ranking.table, cell.triage).value * wait
        points = float_at(ranking.start, cell.triage).value + gained
    elif kind == BY_EQUITY:
        gained = float_at(ranking.table, cell.triage).value * wait
        points = float_at(ranking.start, cell.code).value * gained
    cell.points = points
    cell.clock = head.clock
    cell.number = head.number


@compiled
def goes_before(a: Any, b: Any) -> bool:
    """Whether one cell's head goes before another's."""
    if a.tier_rank != b.tier_rank:
        return bool(a.tier_rank < b.tier_rank)
    if a.points != b.points:
        return bool(a.points > b.points)
    if a.clock != b.clock:
        return bool(a.clock < b.clock)
    return bool(a.number < b.number)


# The scan.


@compiled
def start_at_once(w: Any, h: int, step: int, triage: int, held: int) -> int:
    """Return the option by which a patient who comes now may start without being ranked; -1: see who goes first."""
    if desk_at(w.desks, h).n_stirred:
        return -1
    if w.backfill != CLOSE_NOTHING:
        s = step_at(w.steps, step)
        for i in range(s.first_rival, s.first_rival + s.n_rivals):
            if queue_at(w.queues, h * w.n_steps + integer_at(w.links, i).value).waiting:
                return -1
    return int(fitting(w, h, step, triage, 0, held))


@compiled
def scan(w: Any, h: int) -> int:
    """Return the best-ranked waiting patient who may start now, off the list and with the option set; -1: nobody."""
    desk = desk_at(w.desks, h)
    if not desk.n_stirred:
        return -1
    c = find(w, h)
    if c < 0:
        return -1
    cell = cell_at(w.cells, c)
    place = cell.head
    option = cell.option
    quit_queue(w, place)
    patient_at(w.patients, place).option = option
    return int(place)


@compiled
def find(w: Any, h: int) -> int:
    """Return the cell whose head may start now; -1: none."""
    desk = desk_at(w.desks, h)
    base = h * w.n_steps
    c = desk.first_cell
    while c >= 0:
        cell = cell_at(w.cells, c)
        queue_at(w.queues, base + cell.step).short = 0
        c = cell.after
    n_fits = 0
    only = -1
    c = desk.first_cell
    while c >= 0:
        cell = cell_at(w.cells, c)
        cell.option = -1
        queue = queue_at(w.queues, base + cell.step)
        if queue.stirred:
            cell.option = fitting(w, h, cell.step, cell.triage, 0, cell.held)
            if cell.option < 0:
                queue.short = 1
            else:
                n_fits += 1
                only = c
        c = cell.after
    for step in range(w.n_steps):
        queue_at(w.queues, base + step).stirred = 0
    desk.n_stirred = 0
    clash = False
    c = desk.first_cell
    while c >= 0:
        cell = cell_at(w.cells, c)
        if cell.option >= 0:
            stir_step(w, h, cell.step)
            if queue_at(w.queues, base + cell.step).short:
                clash = True
        c = cell.after
    if n_fits == 0:
        return -1
    if w.backfill != CLOSE_NOTHING and (desk.kept or clash or contested(w, h)):
        return int(ranked(w, h))
    if n_fits == 1:
        return int(only)
    best = -1
    c = desk.first_cell
    while c >= 0:
        cell = cell_at(w.cells, c)
        if cell.option >= 0:
            rank_head(w, h, c)
            if best < 0 or goes_before(cell, cell_at(w.cells, best)):
                best = c
        c = cell.after
    return int(best)


@compiled
def contested(w: Any, h: int) -> bool:
    """Whether somebody who waits for another step needs a pool of those that are stirred."""
    base = h * w.n_steps
    for step in range(w.n_steps):
        if not queue_at(w.queues, base + step).stirred:
            continue
        s = step_at(w.steps, step)
        for i in range(s.first_rival, s.first_rival + s.n_rivals):
            rival = queue_at(w.queues, base + integer_at(w.links, i).value)
            if rival.waiting and not rival.stirred:
                return True
    return False


@compiled
def ranked(w: Any, h: int) -> int:
    """Walk down the ranks, closing pools; return the first cell whose head may start."""
    n = 0
    c = desk_at(w.desks, h).first_cell
    while c >= 0:
        rank_head(w, h, c)
        cell = cell_at(w.cells, c)
        i = n
        while i > 0 and goes_before(cell, cell_at(w.cells, integer_at(w.order, i - 1).value)):
            integer_at(w.order, i).value = integer_at(w.order, i - 1).value
            i -= 1
        integer_at(w.order, i).value = c
        n += 1
        c = cell.after
    for pool in range(w.n_pools):
        integer_at(w.closed, pool).value = OPEN
    any_closed = False
    for i in range(n):
        c = integer_at(w.order, i).value
        cell = cell_at(w.cells, c)
        option = fitting(w, h, cell.step, cell.triage, 0, cell.held)
        if option >= 0 and any_closed and cell.held < 0:
            option = fitting(w, h, cell.step, cell.triage, 1, cell.held)
            if option < 0 and w.backfill == CLOSE_ALL:
                any_closed = close(w, h, c) or any_closed
        elif option < 0 and w.backfill != CLOSE_NOTHING:
            any_closed = close(w, h, c) or any_closed
        if option >= 0:
            cell.option = option
            return int(c)
    return -1


@compiled
def close(w: Any, h: int, c: int) -> bool:
    """Close pools to those for whom the head of the cell would be short too; return whether any was closed."""
    cell = cell_at(w.cells, c)
    everything = w.backfill == CLOSE_ALL
    level = OPEN
    if everything:
        level = 0
        while fitting(w, h, cell.step, level, 1, cell.held) >= 0:
            level += 1
    any_closed = False
    s = step_at(w.steps, cell.step)
    for o in range(s.first_option, s.first_option + s.n_options):
        part = part_of(w, option_at(w.options, o).need, cell.held)
        for i in range(part.first, part.first + part.n):
            a = amount_at(w.amounts, i)
            if not everything:
                level = short_from(w, h, a.pool, a.amount)
            if level <= cell.triage:
                any_closed = True
                closed = integer_at(w.closed, a.pool)
                closed.value = min(level, closed.value)
    return any_closed


@compiled
def short_from(w: Any, h: int, pool: int, amount: int) -> int:
    """Return the most urgent acuity for which the pool is short; `OPEN`: for none."""
    here = pool_at(w.pools, h * w.n_pools + pool)
    free = here.capacity - here.taken
    if amount > free:
        return 0
    if desk_at(w.desks, h).kept:
        for level in range(w.n_acuities):
            if amount > free - kept_at(w, h, level, pool):
                return int(level)
    return OPEN


# Patients who block one another.


@compiled
def may_go(w: Any, place: int) -> bool:
    """Whether a boarder has another way out than to start: patience, a hazard, a dose that comes."""
    p = patient_at(w.patients, place)
    return bool(
        p.patience < np.inf
        or step_at(w.steps, p.step).product >= 0
        or (w.hazards and (p.rate_0 > 0 or p.rate_2 > 0))
    )


@compiled
def somebody_is_blocked(w: Any, h: int) -> bool:
    """Whether boarders of a hospital block one another: see `sim.blocking.blocked_for_ever`."""
    for pool in range(w.n_pools):
        here = pool_at(w.pools, h * w.n_pools + pool)
        integer_at(w.available, pool).value = max(here.capacity, here.most)
    n = 0
    c = desk_at(w.desks, h).first_cell
    while c >= 0:
        cell = cell_at(w.cells, c)
        if cell.held >= 0:
            place = cell.head
            while place >= 0:
                if not may_go(w, place):
                    integer_at(w.stuck, n).value = place
                    n += 1
                    make_available(w, cell.held, -1)
                place = patient_at(w.patients, place).after
        c = cell.after
    freed = True
    while freed and n > 0:
        freed = False
        i = 0
        while i < n:
            p = patient_at(w.patients, integer_at(w.stuck, i).value)
            if could_start(w, p.step, p.held):
                make_available(w, p.held, 1)
                n -= 1
                integer_at(w.stuck, i).value = integer_at(w.stuck, n).value
                freed = True
            else:
                i += 1
    return n > 0


@compiled
def make_available(w: Any, need: int, sign: int) -> None:
    """Add what a need takes to what is available (+1), or take it away (-1)."""
    part = need_at(w.needs, need)
    for i in range(part.first, part.first + part.n):
        a = amount_at(w.amounts, i)
        integer_at(w.available, a.pool).value += sign * a.amount


@compiled
def could_start(w: Any, step: int, held: int) -> bool:
    """Whether some option of the step fits into what is available and what is kept."""
    s = step_at(w.steps, step)
    for o in range(s.first_option, s.first_option + s.n_options):
        part = need_at(w.needs, option_at(w.options, o).need)
        good = True
        for i in range(part.first, part.first + part.n):
            a = amount_at(w.amounts, i)
            if a.amount > integer_at(w.available, a.pool).value + amount_in(w, held, a.pool):
                good = False
                break
        if good:
            return True
    return False


@compiled
def amount_in(w: Any, need: int, pool: int) -> int:
    """Return how much of a pool a need takes."""
    part = need_at(w.needs, need)
    for i in range(part.first, part.first + part.n):
        a = amount_at(w.amounts, i)
        if a.pool == pool:
            return int(a.amount)
    return 0
