"""Who may come after now: drawn from an imagined future's streams, given who has come.

Poisson streams forget: what comes after now does not depend on what came. A renewal stream's next gap is longer than
the time since the last arrival. Slots of a schedule stay; who has not come yet may be late or may not come.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scenarios.errors import UnsupportedFeature
from scenarios.people import Arrivals
from sim.arrivals import Draw, Floats, all_on_grid, arrival_times
from sim.attributes import describe, nobody
from sim.conditions import Codes
from sim.distributions import quantile, share_below
from sim.known import between
from sim.network import Network
from sim.order import GRID
from sim.patients import Patients, in_order, on_clock
from sim.streams import Streams

NEAR = 4 / GRID
"""Hours that roundings of the grid and the clock may add up to."""

LONGEST = 1 - 1e-6
"""Who fell ill before now and has not presented yet is imagined from so far back as this share of delays reaches."""


@dataclass(frozen=True, slots=True)
class Came:
    """Those of one stream who have come."""

    last: float | None
    """When the last did; None: nobody has."""
    ordinals: Codes


def check_arrivals(network: Network, by: str) -> None:
    """Raise `UnsupportedFeature` with every stream whose future cannot be drawn given its past."""
    scenario = network.scenario
    paths = []
    for name, stream in scenario.arrivals.items():
        if stream.poisson is None and scenario.disparities.late_presentation:
            paths.append(f"arrivals.{name} with disparities.late_presentation")
        elif stream.renewal is not None and stream.batch is not None and _may_be_empty(stream):
            paths.append(f"arrivals.{name}.batch (a batch of nobody)")
        elif stream.schedule is not None and stream.batch is not None:
            paths.append(f"arrivals.{name}.batch with schedule")
    if paths:
        raise UnsupportedFeature(by, *paths)


def arrivals_after(network: Network, came: Patients, now: float, until: float, streams: Streams) -> Patients:
    """Return who comes from now to `until`, in order; `came` are those who have, those of this instant included."""
    ill = []
    for source, (name, stream) in enumerate(network.scenario.arrivals.items()):
        mine = came.source == source
        past = Came(float(came.time[mine].max()) if mine.any() else None, came.ordinal[mine])

        def of_arrivals(purpose: str, n: int, name: str = name) -> Floats:
            return streams.uniforms((name, "arrivals", purpose), n)

        ill.append(_times(network, stream, past, now, until, of_arrivals))
    if not ill:
        return nobody(network)
    patients = on_clock(describe(network, ill, streams))
    return in_order(patients.take((patients.time >= now) & (patients.time <= until)))


def _times(
    network: Network, stream: Arrivals, past: Came, now: float, until: float, draw: Draw
) -> tuple[Floats, Codes]:
    """Return when they fall ill, and numbers that nobody has had who came."""
    start, first = network.scenario.start, int(past.ordinals.max()) + 1 if len(past.ordinals) else 0
    if stream.poisson is not None:
        begin = max(stream.begins, now - _longest_delay(network))
        time, ordinal = arrival_times(stream.model_copy(update={"begins": begin}), start, until, draw)
        return time, ordinal + first
    if stream.renewal is not None:
        time, ordinal = _renewed(network, stream, past, now, until, draw)
        return time, ordinal + first
    time, ordinal = _scheduled(network, stream, now, until, draw)
    new = ~np.isin(ordinal, past.ordinals)
    return time[new], ordinal[new]


def _renewed(
    network: Network, stream: Arrivals, past: Came, now: float, until: float, draw: Draw
) -> tuple[Floats, Codes]:
    assert stream.renewal is not None
    start, gap = network.scenario.start, stream.renewal.gap
    at_the_start = past.last is None and stream.renewal.first == "start"
    if at_the_start or now <= stream.begins:
        return arrival_times(stream, start, until, draw)
    last = stream.begins if past.last is None else past.last
    low = share_below(gap, np.array([now - last - NEAR]))

    def given(purpose: str, n: int) -> Floats:
        u = draw(purpose, n)
        if purpose == "gap":
            u[:1] = between(low, 1.0, u[:1])
        return u

    renewal = stream.renewal.model_copy(update={"first": "interval"})
    changed = stream.model_copy(update={"begins": last, "renewal": renewal})
    time, ordinal = arrival_times(changed, start, until, given)
    return np.maximum(time, now), ordinal


def _scheduled(
    network: Network, stream: Arrivals, now: float, until: float, draw: Draw
) -> tuple[Floats, Codes]:
    """Return who comes to slots of which nobody has come yet."""
    schedule = stream.schedule
    assert schedule is not None
    plain = stream.model_copy(
        update={"schedule": schedule.model_copy(update={"no_show": 0.0, "lateness": None})}
    )
    slot, ordinal = arrival_times(plain, network.scenario.start, until, draw)
    passed = np.maximum(now - slot, 0.0)
    if schedule.lateness is None:
        low = (slot < now).astype(np.float64)
    else:
        low = np.where(slot < now, share_below(schedule.lateness, passed), 0.0)
    n = int(ordinal.max()) + 1 if len(ordinal) else 0
    may_come = (1 - schedule.no_show) * (1 - low)
    comes = draw("no-show", n)[ordinal] * (schedule.no_show + may_come) < may_come
    time, ordinal, low = slot[comes], ordinal[comes], low[comes]
    if schedule.lateness is not None and len(time):
        late = quantile(schedule.lateness, between(low, 1.0, draw("lateness", n)[ordinal]))
        time = np.maximum(all_on_grid(time + late), now)
    return time, ordinal


def _longest_delay(network: Network) -> float:
    rows = network.scenario.disparities.late_presentation
    return float(sum(quantile(row.delay, np.array([LONGEST]))[0] for row in rows))


def _may_be_empty(stream: Arrivals) -> bool:
    assert stream.batch is not None
    return bool(share_below(stream.batch, np.array([0.5]))[0] > 0)
