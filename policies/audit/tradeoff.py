"""Everybody or the worst off? The policies of a run as options with two objectives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any

import numpy as np

from policies.audit.analyzer import Settings, attributes_of, plan_of, stack
from policies.audit.compared import mean_of
from policies.audit.hiding import hidden_groups
from policies.audit.results import Results
from policies.audit.text import aligned
from policies.audit.wording import attribute_words, figure
from scenarios.errors import UsageError
from sim.evidence.bootstrap import resamples
from sim.evidence.estimated import Estimated
from sim.evidence.pareto import Front, front_of
from sim.fairness.disparity import worst
from sim.metric import PatientMetric
from sim.network import compile_network

SCHEMA = "fairward.tradeoff/1"


@dataclass(frozen=True)
class Tradeoff:
    """Options in the order in which they were given."""

    metric: PatientMetric
    attribute: str
    title: str
    """What the attribute is called."""
    options: tuple[str, ...]
    everybody: tuple[Estimated, ...]
    worst_off: tuple[Estimated, ...]
    """The group that is worst in the run, run by run."""
    front: Front
    n_runs: int


def tradeoff(results: Sequence[Results], metric: PatientMetric, attribute: str) -> Tradeoff:
    """Return the front of everybody's outcome against that of the worst-off group of an attribute.

    The runs must be of the same patients. The worst-off group is the worst of each run, so it is chosen again there.
    """
    if len(results) < 2:
        raise UsageError(
            "tradeoff: expected a run of several policies, got one. Make one with `fairward compare`."
        )
    settings = Settings(by=(attribute,))
    stacks, masks = [], []
    for one in results:
        network = compile_network(one.scenario)
        (asked,) = attributes_of(settings, network)
        stacks.append(stack(one, network, plan_of(settings, network, (asked,))))
        masks.append(hidden_groups(stacks[-1], settings.smallest)[metric.name, asked])
    hidden = np.any(masks, axis=0)
    if (~hidden).sum() < 2:
        raise UsageError(f"tradeoff: fewer than two groups of {attribute} are large enough to be compared.")
    panels = [stacked.panel(metric.name, asked) for stacked in stacks]
    overall = np.array([panel.overall for panel in panels])
    last = np.array([worst(np.where(hidden, np.nan, panel.value), metric.better) for panel in panels])
    sign = -1.0 if metric.better == "higher" else 1.0
    values = sign * np.moveaxis(np.array([overall, last]), 0, -1).swapaxes(0, 1)
    whole = np.isfinite(values).all(axis=(1, 2))
    if not whole.any():
        raise UsageError(f"tradeoff: no run has {metric.title.lower()} for every policy.")
    front = front_of(values[whole], resamples(results[0].seed, int(whole.sum())))
    return Tradeoff(
        metric,
        asked,
        attribute_words(results[0].scenario, asked),
        tuple(one.policy for one in results),
        tuple(mean_of(row) for row in overall),
        tuple(mean_of(row) for row in last),
        front,
        int(whole.sum()),
    )


def tradeoff_text(found: Tradeoff) -> str:
    """Return a table of the options with what dominates them, and how much the front covers."""
    rows = []
    for k, option in enumerate(found.options):
        by = ", ".join(found.options[j] for j in found.front.dominated_by[k])
        place = (
            "knee" if k == found.front.knee else "front" if found.front.on_front[k] else f"dominated by {by}"
        )
        rows.append(
            [
                option,
                figure(found.everybody[k], found.metric.unit),
                figure(found.worst_off[k], found.metric.unit),
                place,
                f"{100 * found.front.again[k]:.0f} %",
            ]
        )
    header = [found.metric.title, "Everybody", f"Worst-off by {found.title}", "Place", "On the front again"]
    volume = figure(found.front.hypervolume)
    knee = (
        ""
        if found.front.knee is not None
        else " No knee: fewer than three options on the front, or none bulges."
    )
    return (
        f"{aligned(header, rows)}\n\nHypervolume {volume}, from the worst mean in each objective.{knee}\n"
        f"{found.n_runs} runs on the same patients, 95 % intervals; again: when runs are drawn anew. "
        "Synthetic patients."
    )


def tradeoff_json(found: Tradeoff) -> dict[str, Any]:
    """Return the trade-off as one versioned object."""

    def plain(estimate: Estimated) -> dict[str, float | None]:
        return {
            key: value if isfinite(value := getattr(estimate, key)) else None
            for key in ("value", "low", "high")
        }

    return {
        "schema": SCHEMA,
        "outcome": found.metric.name,
        "attribute": found.attribute,
        "n_replications": found.n_runs,
        "hypervolume": plain(found.front.hypervolume),
        "knee": None if found.front.knee is None else found.options[found.front.knee],
        "options": [
            {
                "policy": option,
                "everybody": plain(found.everybody[k]),
                "worst_off": plain(found.worst_off[k]),
                "on_front": bool(found.front.on_front[k]),
                "on_front_again": float(found.front.again[k]),
                "dominated_by": [found.options[j] for j in found.front.dominated_by[k]],
            }
            for k, option in enumerate(found.options)
        ],
    }
