"""The map in words and as tables: who was moved where in a run, and how the hospitals stood at one hour."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from dashboards.app.hours import Frame, Hours
from dashboards.report.exhibit import Table, row
from dashboards.report.wording import counted, listed, number

NAMED = 5
"""Ways named in the sentence of an hour."""


def whole_sentence(label: str, hours: Hours, titles: list[str]) -> str:
    """Return how many were moved after the warm-up, why, and which way most."""
    frame = hours.whole()
    total = sum(frame.moved.values())
    if not total:
        return f"{label}: nobody was moved to another hospital."
    later = hours.moves[hours.moves["time"] >= hours.warm_up]
    why = [f"{reason} {number(n, 0)}" for reason, n in later["reason"].value_counts(sort=False).items() if n]
    (a, b), most = max(frame.moved.items(), key=lambda item: (item[1], -item[0][0], -item[0][1]))
    return (
        f"{label}: {counted(total, 'departure')} for another hospital ({listed(why)}), most from {titles[a]} to "
        f"{titles[b]} ({number(most, 0)})."
    )


def whole_table(frames: Mapping[str, Frame], titles: list[str]) -> Table:
    """Return every way with its patients, side by side; the busiest first."""
    ways = sorted(
        {way for frame in frames.values() for way in frame.moved},
        key=lambda way: (-sum(frame.moved.get(way, 0) for frame in frames.values()), way),
    )
    lines = [
        row(
            f"{titles[a]} to {titles[b]}",
            *(number(frame.moved.get((a, b), 0), 0) for frame in frames.values()),
        )
        for a, b in ways
    ]
    totals = row("All", *(number(sum(frame.moved.values()), 0) for frame in frames.values()))
    return Table("Departures for another hospital", ("Way", *frames), (*lines, totals))


def state_table(frames: Mapping[str, Frame], titles: list[str], caption: str) -> Table:
    """Return how every hospital stands, side by side."""
    told = [states(frame) for frame in frames.values()]
    lines = [row(title, *(side[k] for side in told)) for k, title in enumerate(titles)]
    return Table(caption, ("Hospital", *frames), tuple(lines), numeric=False)


def clock(hour: int) -> str:
    """Return the time of an hour of a run.

    >>> clock(31)
    'day 2, 07:00'
    """
    return f"day {hour // 24 + 1}, {hour % 24:02d}:00"


def hour_sentence(label: str, frame: Frame, kind: str, titles: list[str]) -> str:
    """Return how full the network is, how many wait, and who was moved in the hour before."""
    used, open_ = np.nansum(frame.in_use), np.nansum(frame.capacity)
    full = f"{number(used, 0)} of {number(open_, 0)} {kind} in use, " if open_ else ""
    ways = sorted(frame.moved.items(), key=lambda item: (-item[1], item[0]))
    named = [f"{titles[a]} to {titles[b]} {n}" for (a, b), n in ways[:NAMED]]
    more = [f"{len(ways) - NAMED} more ways"] if len(ways) > NAMED else []
    moved = (
        f"moved in the hour before: {listed([*named, *more])}" if ways else "nobody moved in the hour before"
    )
    return f"{label}: {full}{counted(int(frame.waiting.sum()), 'patient')} waiting; {moved}."


def states(frame: Frame) -> list[str]:
    """Return `38/43 used, 5 wait` for every hospital."""
    found = []
    for used, open_, waiting in zip(frame.in_use, frame.capacity, frame.waiting, strict=True):
        if np.isnan(used):
            place = ""
        elif np.isnan(open_):
            place = f"{_whole(used)} used, "
        else:
            place = f"{_whole(used)}/{_whole(open_)} used, "
        found.append(f"{place}{_whole(waiting)} wait")
    return found


def _whole(value: float) -> str:
    return f"{value:.0f}" if abs(value - round(value)) < 1e-6 else f"{value:.1f}"
