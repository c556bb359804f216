"""The journeys of patients, compiled: see `sim/journey.py` and `sim/transfers.py`, which this repeats line by line."""

from __future__ import annotations

from typing import Any

import numpy as np

from sim.fast.fridges import give_dose
from sim.fast.future import log, on_grid, on_second, put, put_exactly
from sim.fast.layouts import (
    balking_at,
    bed_at,
    desk_at,
    hazard_at,
    limit_at,
    option_at,
    patient_at,
    queue_at,
    road_at,
    route_at,
    span_at,
    step_at,
    tally_at,
    target_at,
    visit_at,
)
from sim.fast.memory import compiled, flag_at, float_at, integer_at
from sim.fast.queues import (
    clean,
    covers,
    fitting,
    has_dose,
    insert,
    join,
    load,
    mark_changed,
    mark_to_look,
    quit_queue,
    reserve,
    seize,
    somebody_is_blocked,
    start_at_once,
    stir,
    take_out,
    unmark_to_look,
    wake,
)
from sim.fast.words import (
    ARRIVAL,
    BOARDING,
    BY_DIVERSION,
    BY_OVERFLOW,
    CARE,
    CLEANED,
    DEADLINE,
    DETERIORATE,
    DIE,
    ENDED_FINISHED,
    ENDED_LOST,
    FATE_DIED,
    FATE_LEFT,
    FINISH,
    HANDOVER,
    ID_BITS,
    LAPSE,
    NEAREST,
    ON_ARRIVAL,
    ON_FREE,
    ON_FULL,
    OUTSIDE,
    QUIT_BALKED,
    QUIT_DIED,
    QUIT_FULL,
    QUIT_HAZARD,
    QUIT_INELIGIBLE,
    QUIT_MOVED,
    QUIT_PATIENCE,
    RETURNED,
    ROW_CLEANED,
    ROW_CLEANING,
    ROW_DEPARTED_FOR,
    ROW_DETERIORATED,
    ROW_ENDED,
    ROW_HANDED_OVER,
    ROW_LEFT_NETWORK,
    ROW_PRESENTED,
    ROW_QUEUED,
    ROW_QUIT,
    ROW_RELEASED,
    ROW_RESERVED,
    ROW_STARTED,
    ROW_TREATED,
    ROW_UNRESERVED,
    STAY,
    TRAVELLING,
    WAITING,
    WRONG_UNIT,
)
from sim.network import UNLIMITED
from sim.order import GRID, LEG_BITS, POOL_BITS

LEGS = (1 << LEG_BITS) - 1
GONE = -1
ARRIVAL_RANK = ARRIVAL << ID_BITS


@compiled
def rank_of(kind: int, number: int, leg: int, pool: int) -> int:
    """Return the priority of an event of a patient's leg: see `sim.order.leg_id`."""
    return (kind << ID_BITS) + (((number << LEG_BITS) + (leg & LEGS)) << POOL_BITS) + pool


@compiled
def ask(w: Any, trigger: int) -> None:
    """Have somebody decide now, if the scenario says so for this trigger."""
    if (w.asks >> trigger) & 1:
        w.trigger = trigger


@compiled
def tally_of(w: Any, p: Any) -> Any:
    """Return the tally to which a patient counts."""
    return tally_at(w.tallies, p.origin * w.n_groups + p.group)


@compiled
def hours_untreated(w: Any, p: Any, now: float) -> float:
    """Return the hours within tau of their presentation for which somebody has been untreated until a time."""
    return float(min(now - p.presented, w.tau))


@compiled
def column(address: int, number: int) -> Any:
    """Return a patient's number of a column of the workload."""
    return float_at(address, number).value


@compiled
def holds(w: Any, condition: int, number: int) -> bool:
    """Whether a condition on what is fixed at arrival holds."""
    return condition < 0 or bool(flag_at(integer_at(w.conditions, condition).value, number).value)


# Presentation.


@compiled
def present(w: Any, number: int, last: int, step: int) -> None:
    """Somebody presents. `last`: the number after the last of the batch; `step`: the first, or -1 - outcome."""
    expect_next(w, number + 1, last)
    hospital = integer_at(w.person_hospital, number).value
    source = float(integer_at(w.person_source, number).value)
    log(w, ROW_PRESENTED, number, hospital, integer_at(w.person_cls, number).value, source)
    if flag_at(w.person_declined, number).value:
        log(w, ROW_LEFT_NETWORK, number, hospital, w.out_declined, 0.0)
        return
    place = w.free_patient
    p = patient_at(w.patients, place)
    w.free_patient = p.after
    w.n_free_patients -= 1
    if w.n_free_patients < 2:
        w.crowded = 1
    p.number = number
    p.hospital = hospital
    p.origin = hospital
    p.acuity = integer_at(w.person_acuity, number).value
    p.triage = integer_at(w.person_triage, number).value
    p.group = integer_at(w.person_group, number).value
    p.presented = column(w.person_time, number)
    p.tier = integer_at(w.person_tier, number).value
    p.step = -1
    p.visit = 0
    p.leg = 0
    p.queued = 0.0
    p.patience = np.inf
    p.place = -1
    p.option = -1
    p.since = 0.0
    p.need = -1
    p.held = -1
    p.held_step = -1
    p.held_visit = 0
    p.held_leg = 0
    p.extra = 0.0
    p.destination = -1
    p.reservation = -1
    p.announced = 0
    p.treated = 0
    p.finish = np.inf
    p.stay = -1
    p.cell = -1
    p.deadline = np.inf
    p.alarm = np.inf
    for each in range(w.n_steps):
        integer_at(w.visits, place * w.n_steps + each).value = 0
    tally = tally_of(w, p)
    tally.arrived += 1
    if w.hazards:
        start_hazards(w, p)
    if step >= 0 and flag_at(w.person_ambulance, number).value and not receive_ambulance(w, place, step):
        return
    go_on(w, place, step)


@compiled
def expect_next(w: Any, number: int, last: int) -> None:
    """Wait for the next patient of a batch."""
    if number < last:
        time = float_at(w.person_time, number).value
        if time <= w.horizon:
            put(w, time, ARRIVAL_RANK + number, last)


# The way through the pathway.


@compiled
def follow(w: Any, first: int, n: int, number: int, acuity: int, uniforms: int) -> int:
    """Return where routes lead a patient: a step, or -1 - outcome."""
    for r in range(first, first + n):
        route = route_at(w.routes, r)
        if not (route.levels >> acuity) & 1 or not holds(w, route.condition, number):
            continue
        if route.n == 1:
            return int(target_at(w.targets, route.first).target)
        u = column(uniforms, number)
        i = route.first
        while target_at(w.targets, i).limit <= u:
            i += 1
        return int(target_at(w.targets, i).target)
    return -1


@compiled
def first_step(w: Any, number: int) -> int:
    """Return where somebody begins who presents."""
    pathway = span_at(w.pathways, integer_at(w.person_pathway, number).value)
    acuity = integer_at(w.person_acuity, number).value
    return int(follow(w, pathway.first, pathway.n, number, acuity, w.first_route))


@compiled
def next_step(w: Any, place: int) -> int:
    """Return where a patient goes after the present step."""
    p = patient_at(w.patients, place)
    s = step_at(w.steps, p.step)
    uniforms = visit_at(w.columns, p.step * w.max_visits + p.visit).route
    return int(follow(w, s.first_route, s.n_routes, p.number, p.acuity, uniforms))


@compiled
def lacks_columns(w: Any, step: int, visit: int) -> bool:
    """Whether Python must make the columns of a step's visit first; says which."""
    if visit < w.max_visits and visit_at(w.columns, step * w.max_visits + visit).made:
        return False
    w.argument = step
    w.argument_2 = visit
    return True


@compiled
def lacks_next(w: Any, place: int, step: int) -> bool:
    """Whether the columns of the step that follows must be made first."""
    if step < 0:
        return False
    return bool(lacks_columns(w, step, integer_at(w.visits, place * w.n_steps + step).value))


@compiled
def go_on(w: Any, place: int, step: int) -> None:
    """Begin to wait for a step, or leave."""
    if step < 0:
        leave(w, place, -1 - step)
        return
    p = patient_at(w.patients, place)
    visits = integer_at(w.visits, place * w.n_steps + step)
    p.step = step
    p.visit = visits.value
    visits.value += 1
    p.leg += 1
    p.queued = -1.0
    p.patience = np.inf
    if p.destination >= 0:
        travel(w, place)
    else:
        reach_step(w, place)


@compiled
def reach_step(w: Any, place: int) -> None:
    """Join the queue for the step, or start it at once."""
    p = patient_at(w.patients, place)
    s = step_at(w.steps, p.step)
    if s.product >= 0 and not eligible(w, p):
        log(w, ROW_QUEUED, p.number, p.hospital, p.step, float(p.visit))
        log(w, ROW_QUIT, p.number, p.hospital, p.step, float(QUIT_INELIGIBLE))
        leave(w, place, w.out_ineligible)
    elif s.n_options:
        queue_up(w, place)
    else:
        log(w, ROW_QUEUED, p.number, p.hospital, p.step, float(p.visit))
        p.option = -1
        serve(w, place)


@compiled
def eligible(w: Any, p: Any) -> bool:
    """Whether the patient's vaccine tier is open."""
    if w.n_tiers == 0:
        return True
    return bool(p.tier >= 0 and w.now >= float_at(w.tiers, p.tier).value)


@compiled
def queue_up(w: Any, place: int) -> None:
    """Join the queue, or start at once."""
    p = patient_at(w.patients, place)
    s = step_at(w.steps, p.step)
    if p.queued < 0:
        p.queued = w.now
        if s.patience:
            hours = column(visit_at(w.columns, p.step * w.max_visits + p.visit).patience, p.number)
            since = p.presented if s.by_journey else w.now
            p.patience = on_second(since + hours) if hours < np.inf else np.inf
    log(w, ROW_QUEUED, p.number, p.hospital, p.step, float(p.visit))
    if at_once(w, place):
        serve(w, place)
        return
    join(w, place)
    mark_changed(w, p.hospital)
    if w.hazards:
        go_to(w, place, WAITING if p.held < 0 else BOARDING)
    if not p.announced:
        p.announced = 1
        ask(w, ON_ARRIVAL)


@compiled
def at_once(w: Any, place: int) -> bool:
    """Whether a patient who joins a queue may start before anybody is asked or scanned."""
    p = patient_at(w.patients, place)
    if w.n_changed and (w.n_changed > 1 or not desk_at(w.desks, p.hospital).changed):
        return False
    if w.trigger >= 0 or (not p.announced and (w.asks >> ON_ARRIVAL) & 1):
        return False
    p.option = start_at_once(w, p.hospital, p.step, p.triage, p.held)
    return bool(p.option >= 0)


@compiled
def must_wait(w: Any, place: int, later: int) -> bool:
    """The patient cannot start now: refuse, balk, go elsewhere, or wait. True: Python must see who blocks whom."""
    p = patient_at(w.patients, place)
    s = step_at(w.steps, p.step)
    ahead = queue_at(w.queues, p.hospital * w.n_steps + p.step).waiting - 1 - later
    for i in range(s.first_limit, s.first_limit + s.n_limits):
        limit = limit_at(w.limits, i)
        if holds(w, limit.condition, p.number):
            if ahead >= limit.count:
                quit_waiting(w, place, QUIT_FULL, s.full_outcome)
                return False
            break
    for i in range(s.first_balking, s.first_balking + s.n_balking):
        balking = balking_at(w.balking, i)
        if holds(w, balking.condition, p.number):
            chance = float_at(w.chances, balking.first + min(ahead, balking.n - 1)).value
            if chance != 0.0:
                luck = column(visit_at(w.columns, p.step * w.max_visits + p.visit).balk, p.number)
                if luck < chance:
                    quit_waiting(w, place, QUIT_BALKED, balking.outcome)
                    return False
            break
    if s.if_full == 1:
        quit_waiting(w, place, QUIT_FULL, s.full_outcome)
        return False
    if s.if_full == 2 and overflow(w, place):
        return False
    set_deadline(w, place)
    ask(w, ON_FULL)
    return bool(p.held >= 0 and is_blocked(w, p.hospital))


@compiled
def is_blocked(w: Any, h: int) -> bool:
    """Look whether patients block one another; False: they do not, and nothing is to be done."""
    unmark_to_look(w, h)
    if somebody_is_blocked(w, h):
        return True
    desk_at(w.desks, h).blocked = 0
    return False


@compiled
def serve(w: Any, place: int) -> None:
    """Start the step: take what it needs, give up what was kept."""
    p = patient_at(w.patients, place)
    s = step_at(w.steps, p.step)
    factor = float_at(w.factors, (p.hospital * w.n_steps + p.step) * w.n_acuities + p.acuity).value
    need = -1
    wrong_unit = 0
    if p.option >= 0:
        option = option_at(w.options, p.option)
        need = option.need
        factor *= option.factor
        wrong_unit = option.wrong_unit
        seize(w, p.hospital, need, 1)
    if p.held >= 0:
        release(w, p, p.held, p.held_step, p.held_visit, p.held_leg, need)
        p.held = -1
    p.need = need
    p.since = w.now
    log(w, ROW_STARTED, p.number, p.hospital, p.step, float(need))
    if s.treatment and not p.treated:
        p.treated = 1
        log(w, ROW_TREATED, p.number, p.hospital, p.step, 0.0)
        tally = tally_of(w, p)
        tally.treated += 1
        tally.hours += hours_untreated(w, p, w.now)
    if s.product >= 0:
        give_dose(w, p.hospital, s.product, p.number)
        tally_of(w, p).doses += 1
    if w.hazards:
        go_to(w, place, WRONG_UNIT if wrong_unit else CARE)
        set_deadline(w, place)
    else:
        p.deadline = np.inf
    hours = column(visit_at(w.columns, p.step * w.max_visits + p.visit).duration, p.number)
    if factor != 1.0:
        hours = on_grid(hours * factor)
    hours += p.extra
    p.extra = 0.0
    p.finish = on_second(w.now + hours)
    p.stay = put_exactly(w, p.finish, rank_of(FINISH, p.number, p.leg, 0), place)


@compiled
def finish(w: Any, place: int, following: int) -> None:
    """The step's duration is over. `following`: the next step, or -1 - outcome."""
    end_step(w, place, ENDED_FINISHED)
    move_on(w, place, following)


@compiled
def move_on(w: Any, place: int, following: int) -> None:
    """Give back or keep what the step held, and begin what follows."""
    give_back(w, place, following)
    go_on(w, place, following)


@compiled
def end_step(w: Any, place: int, why: int) -> None:
    """The step's duration is over, or was cut."""
    p = patient_at(w.patients, place)
    p.finish = np.inf
    p.stay = -1
    log(w, ROW_ENDED, p.number, p.hospital, p.step, float(why))


@compiled
def give_back(w: Any, place: int, following: int) -> None:
    """Give back what the step held, or keep it until the next step starts."""
    p = patient_at(w.patients, place)
    if p.need < 0:
        return
    if following >= 0 and step_at(w.steps, p.step).hold:
        p.held = p.need
        p.held_step = p.step
        p.held_visit = p.visit
        p.held_leg = p.leg
    else:
        release(w, p, p.need, p.step, p.visit, p.leg, -1)
    p.need = -1


@compiled
def leave(w: Any, place: int, outcome: int) -> None:
    """The journey ends."""
    p = patient_at(w.patients, place)
    if p.held >= 0:
        release(w, p, p.held, p.held_step, p.held_visit, p.held_leg, -1)
        p.held = -1
    log(w, ROW_LEFT_NETWORK, p.number, p.hospital, outcome, 0.0)
    fate = integer_at(w.fates, outcome).value
    tally = tally_of(w, p)
    if fate == FATE_DIED:
        tally.died += 1
    elif fate == FATE_LEFT:
        tally.left += 1
    if not p.treated:
        lost = fate in (FATE_DIED, FATE_LEFT)
        tally.hours += w.tau if lost else hours_untreated(w, p, w.now)
    p.deadline = np.inf
    p.number = GONE
    p.stay = -1
    p.cell = -1
    p.after = w.free_patient
    w.free_patient = place
    w.n_free_patients += 1


@compiled
def release(w: Any, p: Any, need: int, step: int, visit: int, leg: int, again: int) -> None:
    """Give back what a step seized, but for what the need `again` has taken over from it."""
    h = p.hospital
    seize(w, h, need, -1)
    log(w, ROW_RELEASED, p.number, h, need, float(step))
    free = need if again < 0 else integer_at(w.left_over, need * w.n_needs + again).value
    if free < 0:
        return
    beds = span_at(w.cleaned, h * w.n_needs + free)
    for i in range(beds.first, beds.first + beds.n):
        bed = bed_at(w.beds, i)
        columns = integer_at(w.cleaning, (bed.law * w.n_steps + step) * w.max_visits + visit).value
        hours = column(columns, p.number)
        if hours > 0:
            clean(w, h, bed.need, 1)
            log(w, ROW_CLEANING, p.number, h, bed.need, 0.0)
            put(w, w.now + hours, rank_of(CLEANED, p.number, leg, bed.pool), h * w.n_needs + bed.need)
    room(w, h, free)


@compiled
def cleaned(w: Any, number: int, what: int) -> None:
    """Beds are clean."""
    h = what // w.n_needs
    need = what % w.n_needs
    clean(w, h, need, -1)
    log(w, ROW_CLEANED, number, h, need, 0.0)
    room(w, h, need)


@compiled
def room(w: Any, h: int, need: int) -> None:
    """The pools of a need came free."""
    if wake(w, h, need) or w.n_to_look:
        mark_changed(w, h)
    if desk_at(w.desks, h).first_cell >= 0:
        ask(w, ON_FREE)


@compiled
def quit_waiting(w: Any, place: int, why: int, outcome: int) -> None:
    """Leave the queue and the network."""
    leave_queue(w, place, why)
    leave(w, place, outcome)


@compiled
def leave_queue(w: Any, place: int, why: int) -> None:
    """Stop waiting without starting."""
    p = patient_at(w.patients, place)
    log(w, ROW_QUIT, p.number, p.hospital, p.step, float(why))
    quit_queue(w, place)
    p.deadline = np.inf
    mark_changed(w, p.hospital)


# Hazards: see `sim/hazards.py`.


@compiled
def start_hazards(w: Any, p: Any) -> None:
    """Draw the thresholds of a patient who presents; cause by cause, as fields of a record have no index."""
    p.rate_0 = p.rate_1 = p.rate_2 = 0.0
    p.since_0 = p.since_1 = p.since_2 = w.now
    p.left_0 = threshold(w, 0, 0, p.number)
    p.left_1 = threshold(w, 1, 0, p.number)
    p.left_2 = threshold(w, 2, 0, p.number)
    p.ordinal = 0


@compiled
def threshold(w: Any, cause: int, ordinal: int, number: int) -> float:
    """Return how much hazard somebody bears until it strikes; 0 where no such hazard is."""
    there = integer_at(w.thresholds, cause * w.max_ordinals + ordinal).value
    return float_at(there, number).value if there else 0.0


@compiled
def go_to(w: Any, place: int, where: int) -> None:
    """Set the rates of the hazards for a place."""
    p = patient_at(w.patients, place)
    p.place = where
    update_hazards(w, p)


@compiled
def update_hazards(w: Any, p: Any) -> None:
    """Set the rates for the patient's present place and acuity."""
    rate = rate_of(w, p, 0)
    if rate != p.rate_0:
        p.left_0 -= p.rate_0 * (w.now - p.since_0)
        p.rate_0 = rate
        p.since_0 = w.now
    rate = rate_of(w, p, 1)
    if rate != p.rate_1:
        p.left_1 -= p.rate_1 * (w.now - p.since_1)
        p.rate_1 = rate
        p.since_1 = w.now
    rate = rate_of(w, p, 2)
    if rate != p.rate_2:
        p.left_2 -= p.rate_2 * (w.now - p.since_2)
        p.rate_2 = rate
        p.since_2 = w.now


@compiled
def rate_of(w: Any, p: Any, cause: int) -> float:
    """Return the rate of a cause at the patient's present place and acuity."""
    rate = 0.0
    if cause == DETERIORATE and p.acuity == 0:
        return rate
    for i in range(w.n_hazard_rows):
        row = hazard_at(w.hazard_rows, i)
        if (
            row.cause == cause
            and (row.places >> p.place) & 1
            and (row.levels >> p.acuity) & 1
            and holds(w, row.condition, p.number)
        ):
            if row.number >= 0:
                rate += row.rate * column(integer_at(w.numbers_of, row.number).value, p.number)
            else:
                rate += row.rate
    return rate


@compiled
def strikes(left: float, rate: float, since: float) -> float:
    """Return when a threshold is used up: the first point of the grid at or after it."""
    if rate == 0.0:
        return np.inf
    time = np.ceil((since + left / rate) * GRID) / GRID
    return time if time > since else since


@compiled
def first_cause(p: Any) -> int:
    """Return the cause that strikes first at the present rates; -1: none."""
    best = strikes(p.left_0, p.rate_0, p.since_0)
    which = 0 if best < np.inf else -1
    time = strikes(p.left_1, p.rate_1, p.since_1)
    if time < best:
        best, which = time, 1
    time = strikes(p.left_2, p.rate_2, p.since_2)
    if time < best:
        best, which = time, 2
    return which


@compiled
def set_deadline(w: Any, place: int) -> None:
    """Expect the first of patience and hazards."""
    p = patient_at(w.patients, place)
    due = np.inf
    if w.hazards:
        due = min(
            strikes(p.left_0, p.rate_0, p.since_0),
            min(strikes(p.left_1, p.rate_1, p.since_1), strikes(p.left_2, p.rate_2, p.since_2)),
        )
    if p.cell >= 0 and p.patience < due:
        due = p.patience
    if due < np.inf:
        due = on_second(due)
        if due < w.now:
            due = w.now
    p.deadline = due
    if due < p.alarm and due <= w.horizon:
        p.alarm = due
        put_exactly(w, due, (DEADLINE << ID_BITS) + p.number, place)


@compiled
def ring(w: Any, place: int, number: int) -> None:
    """An alarm goes off: the deadline is due, or was put off, or the patient has gone."""
    p = patient_at(w.patients, place)
    if p.number != number:
        return
    if p.deadline == w.now:
        p.deadline = np.inf
        p.alarm = np.inf
        deadline_due(w, place)
    elif p.alarm == w.now:
        p.alarm = np.inf
        if p.deadline <= w.horizon:
            p.alarm = p.deadline
            put(w, p.deadline, (DEADLINE << ID_BITS) + p.number, place)


@compiled
def deadline_due(w: Any, place: int) -> None:
    """Patience is at its end, or a hazard strikes."""
    p = patient_at(w.patients, place)
    waiting = p.cell >= 0
    if waiting and p.patience <= w.now:
        quit_waiting(w, place, QUIT_PATIENCE, step_at(w.steps, p.step).patience_outcome)
        return
    cause = first_cause(p)
    if cause == DETERIORATE:
        deteriorate(w, place)
    elif waiting:
        quit_waiting(w, place, QUIT_DIED if cause == DIE else QUIT_HAZARD, fate_of(w, cause))
    else:
        lose_in_care(w, place, cause)


@compiled
def fate_of(w: Any, cause: int) -> Any:
    """Return the outcome of a hazard that strikes."""
    return w.out_died if cause == DIE else w.out_left


@compiled
def deteriorate(w: Any, place: int) -> None:
    """Become more urgent, and draw the next threshold."""
    p = patient_at(w.patients, place)
    p.ordinal += 1
    p.left_1 = threshold(w, DETERIORATE, p.ordinal, p.number)
    p.since_1 = w.now
    if p.acuity > 0:
        p.acuity -= 1
        p.triage = min(p.triage, p.acuity)
        log(w, ROW_DETERIORATED, p.number, p.hospital, -1, float(p.acuity))
        update_hazards(w, p)
        if p.cell >= 0:
            take_out(w, place)
            insert(w, place)
            mark_changed(w, p.hospital)
            stir(w, p.hospital)
        if p.held >= 0:
            mark_to_look(w, p.hospital)
    set_deadline(w, place)


@compiled
def lose_in_care(w: Any, place: int, cause: int) -> None:
    """Die, or leave, in a step or on the way."""
    p = patient_at(w.patients, place)
    if p.place == TRAVELLING:
        unreserve(w, place, 1)
    else:
        end_step(w, place, ENDED_LOST)
        give_back(w, place, -1)
    leave(w, place, fate_of(w, cause))


# Between hospitals: see `sim/transfers.py`.


@compiled
def receive_ambulance(w: Any, place: int, step: int) -> bool:
    """Divert an ambulance if ordered; False: it left the network."""
    p = patient_at(w.patients, place)
    desk = desk_at(w.desks, p.hospital)
    if not desk.diverting:
        return True
    if desk.overflow == STAY:
        target = choose(w, NEAREST, np.inf, p.hospital, step, p.triage)
    else:
        target = choose(w, desk.overflow, desk.within, p.hospital, step, p.triage)
    if target < 0:
        leave(w, place, w.out_diverted)
        return False
    p.destination = target
    depart(w, place, step, BY_DIVERSION)
    return True


@compiled
def choose(w: Any, rule: int, within: float, origin: int, step: int, triage: int) -> int:
    """Return where a patient should go by an overflow rule; -1: nowhere. See `sim.rules.overflow_target`."""
    if rule in (STAY, OUTSIDE):
        return -1
    best = -1
    smallest = np.inf
    s = step_at(w.steps, step)
    for i in range(w.n_hospitals):
        road = road_at(w.reach, origin * w.n_hospitals + i)
        if road.hospital < 0:
            break
        if road.length > within:
            continue
        g = road.hospital
        if not integer_at(w.serves, g * w.n_steps + step).value:
            continue
        if s.n_options and fitting(w, g, step, triage, 0, -1) < 0:
            continue
        if rule == NEAREST:
            return int(g)
        share = load(w, g, step)
        if share < smallest:
            best, smallest = g, share
    return int(best)


@compiled
def overflow(w: Any, place: int) -> bool:
    """Ask the overflow rule; False: wait here."""
    p = patient_at(w.patients, place)
    desk = desk_at(w.desks, p.hospital)
    if desk.overflow == OUTSIDE:
        quit_waiting(w, place, QUIT_FULL, w.out_diverted)
        return True
    target = choose(w, desk.overflow, desk.within, p.hospital, p.step, p.triage)
    return target >= 0 and move(w, place, target, BY_OVERFLOW)


@compiled
def move(w: Any, place: int, target: int, why: int) -> bool:
    """Send a waiting patient to another hospital; False: no ambulance."""
    p = patient_at(w.patients, place)
    if desk_at(w.desks, p.hospital).ambulances <= 0:
        return False
    take_ambulance(w, p, target)
    leave_queue(w, place, QUIT_MOVED)
    p.destination = target
    depart(w, place, p.step, why)
    travel(w, place)
    return True


@compiled
def take_ambulance(w: Any, p: Any, target: int) -> None:
    """An ambulance sets out and will be back."""
    origin = p.hospital
    desk = desk_at(w.desks, origin)
    if desk.ambulances == UNLIMITED:
        return
    desk.ambulances -= 1
    n = w.n_hospitals
    there_and_back = (
        float_at(w.travel, origin * n + target).value + float_at(w.travel, target * n + origin).value
    )
    hours = on_grid(there_and_back * column(w.person_travel_factor, p.number))
    put(w, w.now + hours, rank_of(RETURNED, p.number, p.leg, 0), origin)


@compiled
def returned(w: Any, h: int) -> None:
    """An ambulance is back."""
    desk = desk_at(w.desks, h)
    desk.ambulances += 1
    if desk.blocked:
        mark_changed(w, h)
        stir(w, h)


@compiled
def depart(w: Any, place: int, step: int, why: int) -> None:
    """Give up what is kept here, reserve there if there is room."""
    p = patient_at(w.patients, place)
    target = p.destination
    if p.held >= 0:
        release(w, p, p.held, p.held_step, p.held_visit, p.held_leg, -1)
        p.held = -1
    log(w, ROW_DEPARTED_FOR, p.number, p.hospital, target, float(why))
    p.reservation = -1
    option = fitting(w, target, step, p.triage, 0, -1)
    if option >= 0:
        need = option_at(w.options, option).need
        p.option = option
        p.reservation = need
        reserve(w, target, need, 1)
        log(w, ROW_RESERVED, p.number, target, need, 0.0)


@compiled
def travel(w: Any, place: int) -> None:
    """Set out for the destination."""
    p = patient_at(w.patients, place)
    origin = p.hospital
    target = p.destination
    p.hospital = target
    p.destination = -1
    factor = column(w.person_travel_factor, p.number)
    hours = on_grid(float_at(w.travel, origin * w.n_hospitals + target).value * factor)
    if w.hazards:
        go_to(w, place, TRAVELLING)
        set_deadline(w, place)
    put(w, w.now + hours, (HANDOVER << ID_BITS) + p.number, place)
    if p.reservation >= 0 and w.reservation_expires < hours:
        when = w.now + on_grid(w.reservation_expires)
        put(w, when, rank_of(LAPSE, p.number, p.leg, 0), place)


@compiled
def unreserve(w: Any, place: int, why: int) -> None:
    """Give up a reservation, used (0) or lapsed (1)."""
    p = patient_at(w.patients, place)
    if p.reservation < 0:
        return
    need = p.reservation
    reserve(w, p.hospital, need, -1)
    log(w, ROW_UNRESERVED, p.number, p.hospital, need, float(why))
    p.reservation = -1
    room(w, p.hospital, need)


@compiled
def hand_over(w: Any, place: int, number: int) -> None:
    """A transferred patient reaches the hospital."""
    p = patient_at(w.patients, place)
    if p.number != number:
        return
    log(w, ROW_HANDED_OVER, p.number, p.hospital, -1, 0.0)
    if not can_use_reservation(w, p):
        unreserve(w, place, 1)
    if p.reservation < 0:
        reach_step(w, place)
        return
    if p.queued < 0:
        p.queued = w.now
    log(w, ROW_QUEUED, p.number, p.hospital, p.step, float(p.visit))
    unreserve(w, place, 0)
    serve(w, place)


@compiled
def can_use_reservation(w: Any, p: Any) -> bool:
    """Whether nothing closed meanwhile: staff gone home, the last dose given, a tier not open."""
    if p.reservation < 0:
        return False
    product = step_at(w.steps, p.step).product
    return bool(
        covers(w, p.hospital, p.reservation)
        and (product < 0 or (has_dose(w, p.hospital, product) and eligible(w, p)))
    )
