"""What is fixed on the tuning seed before anything is judged: groups, their pair, tuned rules, who is to be beaten."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from policies.evaluation.comparing import Pair, fixed_pair
from policies.evaluation.entries import Entry
from policies.evaluation.evaluating import outcomes_of
from policies.evaluation.measures import COST, Groups, Measured, attribute_of, groups_of, measured, tau_of
from policies.evaluation.seeds import simulation_seed
from policies.study.protocol import Choosing, Tuned
from policies.variants import OnDone
from scenarios.scenario import Scenario
from sim.evidence.crossed import Floats, crossed
from sim.replications import Workers

Level = tuple[float, float]
"""Cost of everybody and gap, h a patient."""


@dataclass(frozen=True)
class Choice:
    """What was fixed, and on what."""

    groups: Groups
    pair: Pair
    tuned: Mapping[str, str]
    """Label -> the policy that was chosen."""
    rival: str
    """Label of the most equitable among the rules within the margin of the most efficient rule or candidate."""
    levels: Mapping[str, Level]
    """Policy or candidate -> (cost of everybody, gap), h a patient, on the tuning seed."""
    alike: Mapping[str, Level]
    """The same as if all had played the same runs (`alike`): what is compared."""
    runs: Mapping[str, int]
    """Policy or candidate -> runs on the tuning seed."""


def choose(
    scenario: Scenario,
    policies: Sequence[str],
    tuned: Mapping[str, Tuned],
    choosing: Choosing,
    margin: float,
    workers: Workers | None = None,
    folder: Path | None = None,
    on_done: OnDone | None = None,
) -> Choice:
    """Run rules and candidates on the tuning seed and fix what the evaluation will be about (see `fixed_rules`)."""
    attribute = attribute_of(scenario, None)
    seed = simulation_seed("tuning", choosing.seed)

    def run(names: Sequence[str], n_runs: int) -> dict[str, Measured]:
        found = outcomes_of(scenario, names, attribute, n_runs, seed, "auto", workers, folder, on_done)
        groups = groups_of(scenario, attribute, list(found.values()))
        return {name: measured(Entry(name, (name,)), found, groups, tau_of(scenario)) for name in names}

    fixed = run(policies, choosing.runs)
    cheapest = min(fixed.values(), key=_cost)
    pair, tried = fixed_pair(cheapest), dict(fixed)
    for rule in tuned.values():
        tried |= run(rule.candidates, runs_of_budget(scenario, len(rule.candidates), choosing))
    played = {name: (one.of(COST.name)[0], one.gap(COST.name, pair)[0]) for name, one in tried.items()}
    compared = alike(played)
    chosen, rival = fixed_rules(
        compared, policies, {label: rule.candidates for label, rule in tuned.items()}, margin
    )
    levels = {name: (_mean(cost), _mean(gap)) for name, (cost, gap) in played.items()}
    runs = {name: len(cost) for name, (cost, _) in played.items()}
    return Choice(cheapest.groups, pair, chosen, rival, levels, compared, runs)


def fixed_rules(
    levels: Mapping[str, Level], policies: Sequence[str], tuned: Mapping[str, Sequence[str]], margin: float
) -> tuple[dict[str, str], str]:
    """Return the candidate of every tuned rule, and the rule to beat.

    One limit holds for all: the margin above the cheapest of all rules and candidates. A tuned rule gets the candidate
    with the smallest gap within it, else its cheapest candidate; the rule to beat is the rule, tuned ones included,
    with the smallest gap within it.
    """
    limit = (1 + margin) * min(cost for cost, _ in levels.values())
    chosen = {
        label: fairest({name: levels[name] for name in candidates}, limit)
        for label, candidates in tuned.items()
    }
    field = {name: levels[name] for name in policies} | {
        label: levels[name] for label, name in chosen.items()
    }
    return chosen, fairest(field, limit)


def alike(played: Mapping[str, tuple[Floats, Floats]]) -> dict[str, Level]:
    """Return (cost, gap) of rules as if all had played the most runs, from both by run, in the order of the runs.

    Who has played fewer keeps their cost as a part of a yardstick's, and their gap less its gap, in the runs that they
    have played, so that luck with patients cancels out. The yardstick is the cheapest of those who have played most.

    >>> import numpy as np
    >>> hard, all_runs = np.array([5.0, 3.0]), np.array([5.0, 3.0, 1.0, 1.0])
    >>> alike({"few": (hard / 2, hard), "many": (all_runs, all_runs)})
    {'few': (1.25, 2.5), 'many': (2.5, 2.5)}
    """
    most = max(len(cost) for cost, _ in played.values())
    cost_of_all, gap_of_all = min(
        (one for one in played.values() if len(one[0]) == most), key=lambda one: _mean(one[0])
    )
    levels = {}
    for name, (cost, gap) in played.items():
        n, own, apart = len(cost), _mean(cost), _mean(gap)
        if n < most:
            known = _mean(cost_of_all[:n])
            own *= _mean(cost_of_all) / known if known else 1.0
            apart += _mean(gap_of_all) - _mean(gap_of_all[:n])
        levels[name] = (own, apart)
    return levels


def fairest(levels: Mapping[str, Level], limit: float) -> str:
    """Return the smallest gap, of either sign, among (cost, gap) that cost no more than a limit; else the cheapest.

    >>> fairest({"a": (1.0, 3.0), "b": (1.01, -2.0), "c": (2.0, 0.0)}, 1.02)
    'b'
    """
    within = {name: gap for name, (cost, gap) in levels.items() if cost <= limit}
    if not within:
        return min(levels, key=lambda name: levels[name][0])
    return min(within, key=lambda name: abs(within[name]))


def runs_of_budget(scenario: Scenario, candidates: int, choosing: Choosing) -> int:
    """Return how many runs of each candidate the budget of network decisions allows, at least `runs`."""
    if not choosing.decisions or not scenario.decide_every:
        return choosing.runs
    each = scenario.horizon / scenario.decide_every
    return max(choosing.runs, int(choosing.decisions / (candidates * each)))


def _cost(one: Measured) -> float:
    return _mean(one.of(COST.name)[0])


def _mean(values: Floats) -> float:
    """Return the mean over the runs that have a value."""
    return crossed(values[None]).mean
