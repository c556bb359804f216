"""When there are enough replications: `untreated_hours<0.5 h`."""

from __future__ import annotations

import re
from dataclasses import dataclass

from policies.parameters import suggestion
from scenarios.errors import UsageError
from scenarios.units import parse_duration
from sim.outcomes import METRICS

BATCH = 10
"""Replications between two looks; fixed, so that the number of workers does not change where a run stops."""

AT_MOST = 1000
"""Replications at which a run stops though the interval is still wide."""


@dataclass(frozen=True)
class Until:
    """Stop when the 95 % half-width of a metric of everybody is below a value, for every policy."""

    metric: str
    half_width: float
    written: str


def parse_until(written: str) -> Until:
    """Read `metric<value`, where a time may have a unit."""
    match = re.fullmatch(r"\s*([A-Za-z_-]+)\s*<\s*(.+?)\s*", written)
    if match is None:
        raise UsageError(f'--until: expected metric<value such as "untreated_hours<0.5 h", got {written!r}.')
    metric, text = match[1].replace("-", "_"), match[2]
    if metric not in METRIC_NAMES:
        raise UsageError(f"--until: {metric} is not a metric. {suggestion(metric, METRIC_NAMES)}")
    try:
        half_width = _value(text)
    except ValueError:
        raise UsageError(
            f"--until: expected a number, a share such as 2 %, or a duration such as 30 min, got {text!r}."
        ) from None
    if not half_width > 0:
        raise UsageError(f"--until: expected a half-width above 0, got {text!r}.")
    return Until(metric, half_width, written)


def _value(text: str) -> float:
    if text.endswith("%"):
        return float(text[:-1]) / 100
    try:
        return float(text)
    except ValueError:
        return parse_duration(text)


METRIC_NAMES = tuple(METRICS)
