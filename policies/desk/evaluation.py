"""How near a trained desk comes to the optimum, on cohorts that nobody has seen, beside plain rules and a bound."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from policies.desk.q_network import QNetwork
from policies.desk.rules import (
    always,
    best_rule,
    bounds,
    need_index,
    optimum_of,
    rewards,
    seed_of,
    threshold,
    tuned_threshold,
)
from policies.desk.training import DeskSetting
from policies.environments.cohorts import People
from policies.told import Block, Told, as_estimated, plain
from scenarios.errors import UsageError
from sim.evidence.estimated import Estimated
from sim.inference import interval
from sim.ratios import ratio_of_means

Floats = NDArray[np.float64]

SCHEMA = "fairward.desk-evaluation/1"
TUNING = 100
"""Cohorts on which the threshold is tuned."""
DQN, OPTIMUM, ALWAYS, THRESHOLD, BOUND = "dqn", "optimum", "always-allocate", "threshold", "clairvoyant bound"


@dataclass(frozen=True)
class Evaluated:
    """The sum of rewards by rule and cohort, the same cohorts for all."""

    setting: DeskSetting
    seed: int
    earned: Mapping[str, Floats]
    threshold: float
    expected: float | None
    """Of the optimum, computed; None with lambda > 0, where it is not."""


def evaluate_desk(network: QNetwork, people: People, n_cohorts: int, seed: int) -> Evaluated:
    """Return what each rule earns. Raises `UsageError` if the people are not of the groups that it was trained on."""
    setting = DeskSetting(**network.about["desk"])
    desk = setting.desk(people)
    network.check_labels(desk)
    if n_cohorts < 2:
        raise UsageError(f"--cohorts: expected at least 2, for an interval, got {n_cohorts}.")
    fresh, cohorts, index = seed_of("evaluation", seed), range(1, n_cohorts + 1), need_index(desk)
    tuned = tuned_threshold(desk, seed_of("tuning", seed), TUNING)
    rules = {DQN: network.choose, ALWAYS: always, THRESHOLD: threshold(tuned, index)}
    expected = None
    if setting.fairness == 0:
        best = optimum_of(desk, people, setting.n_patients)
        rules[OPTIMUM] = best_rule(best, index, setting.n_units, setting.n_patients)
        expected = float(best.value[setting.n_patients, setting.n_units])
    earned = {name: rewards(desk, rule, fresh, cohorts) for name, rule in rules.items()}
    if setting.fairness == 0:
        earned[BOUND] = bounds(desk, fresh, cohorts)
    return Evaluated(setting, seed, earned, tuned, expected)


def tell_desk(found: Evaluated) -> Told:
    """Return it in words, a table and JSON."""
    reference = OPTIMUM if OPTIMUM in found.earned else ALWAYS
    n = len(found.earned[DQN])
    means = {name: as_estimated(interval(values)) for name, values in found.earned.items()}
    base = found.earned[reference]
    differences = {
        name: as_estimated(interval(values - base))
        for name, values in found.earned.items()
        if name != reference
    }
    ratios = {name: ratio_of_means(found.earned[name], base) for name in differences}
    rows = tuple(
        (
            name, _figure(means[name]),
            _figure(differences[name], "+") if name in differences else "",
            _percent(ratios[name]) if name in ratios else "",
        )
        for name in sorted(means, key=lambda name: means[name].value)
    )  # fmt: skip
    notes = [
        f"Fixed beforehand: {found.setting.n_units} {found.setting.resource} for {found.setting.n_patients} patients, "
        f"lambda {found.setting.fairness:g}. Intervals are 95 % t intervals over {n} fresh cohorts, the same for all.",
        f"The threshold, {found.threshold:.2f}, was tuned on {TUNING} other cohorts.",
        "The clairvoyant bound knows everybody who comes; no rule can reach it on purpose."
        if BOUND in found.earned
        else "With lambda above 0 the optimum needs the tallies of all groups and is not computed; "
        "what is shown is no proof of nearness to it.",
        "The patients are synthetic unless the profiles are not: the desk is a toy of a real one.",
    ]
    if found.expected is not None:
        notes.append(f"Computed, the optimum earns {found.expected:.4f} in expectation over all cohorts.")
    return Told(
        title="The desk",
        question="how near to the best rule does the trained network come?",
        sentence=f"The network earns {_percent(ratios[DQN])} of {reference} ({n} fresh cohorts, seed {found.seed}).",
        facts=tuple((key, str(value)) for key, value in asdict(found.setting).items()),
        blocks=(
            Block("rules", "What does each rule earn in an episode?", "Mean sum of rewards; paired differences.",
                  ("rule", "earned", f"less {reference}", f"share of {reference}"), rows),
        ),
        notes=tuple(notes),
        content={
            "schema": SCHEMA, "setting": asdict(found.setting), "seed": found.seed, "cohorts": n,
            "reference": reference, "threshold": found.threshold, "expected_optimum": found.expected,
            "earned": {name: plain(e) for name, e in means.items()},
            "differences": {name: plain(e) for name, e in differences.items()},
            "ratios": {name: plain(e) for name, e in ratios.items()},
        },
    )  # fmt: skip


def _figure(found: Estimated, sign: str = "") -> str:
    return f"{found.value:{sign}.3f} [{found.low:{sign}.3f}, {found.high:{sign}.3f}]"


def _percent(found: Estimated) -> str:
    return f"{100 * found.value:.1f} % [{100 * found.low:.1f}, {100 * found.high:.1f}]"
