"""When there are enough replications: `untreated_hours<0.5 h`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import ceil

from policies.parameters import suggestion
from scenarios.errors import UsageError
from scenarios.units import parse_duration
from sim.flow_metrics import BY_PART
from sim.inference import FEWEST_RUNS
from sim.network import Network
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


def check_until(until: Until, network: Network) -> None:
    """Raise if the scenario has no value of the metric for everybody; before anything is run."""
    metric = METRICS[until.metric]
    if metric.applies(network) and not isinstance(metric, BY_PART):
        return
    lacks = (
        "no value for everybody together" if isinstance(metric, BY_PART) else "no such value in this scenario"
    )
    choices = [
        name for name, m in METRICS.items() if m.better and m.applies(network) and not isinstance(m, BY_PART)
    ]
    raise UsageError(f"--until: {until.metric} has {lacks}. Choose one of {', '.join(choices)}.")


def runs_needed(n: int, half: float, wanted: float) -> int:
    """Return about how many runs give a half-width, from that of `n` runs: it shrinks with their square root.

    >>> runs_needed(10, 1.0, 0.5)
    40
    """
    return min(max(ceil(n * (half / wanted) ** 2), FEWEST_RUNS), AT_MOST)


def _value(text: str) -> float:
    if text.endswith("%"):
        return float(text[:-1]) / 100
    try:
        return float(text)
    except ValueError:
        return parse_duration(text)


METRIC_NAMES = tuple(METRICS)
