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
from sim.evidence.crossed import crossed
from sim.replications import Workers


@dataclass(frozen=True)
class Choice:
    """What was fixed, and on what."""

    groups: Groups
    pair: Pair
    tuned: Mapping[str, str]
    """Label -> the policy that was chosen."""
    rival: str
    """Label of the most equitable among the rules within the margin of the most efficient."""
    levels: Mapping[str, tuple[float, float]]
    """Policy or candidate -> (cost of everybody, gap), h a patient, on the tuning seed."""
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
    """Run rules and candidates on the tuning seed and fix what the evaluation will be about.

    A tuned rule gets the candidate with the smallest gap among those whose cost is within the margin of the cheapest
    rule, else its cheapest candidate.
    """
    attribute = attribute_of(scenario, None)
    seed = simulation_seed("tuning", choosing.seed)

    def run(names: Sequence[str], n_runs: int) -> dict[str, Measured]:
        found = outcomes_of(scenario, names, attribute, n_runs, seed, "auto", workers, folder, on_done)
        groups = groups_of(scenario, attribute, list(found.values()))
        return {name: measured(Entry(name, (name,)), found, groups, tau_of(scenario)) for name in names}

    fixed = run(policies, choosing.runs)
    cost = {name: _cost(one) for name, one in fixed.items()}
    cheapest = min(cost, key=lambda name: cost[name])
    pair = fixed_pair(fixed[cheapest])
    levels = {name: (cost[name], _gap(one, pair)) for name, one in fixed.items()}
    runs = dict.fromkeys(policies, choosing.runs)
    chosen = {}
    for label, rule in tuned.items():
        n_runs = runs_of_budget(scenario, len(rule.candidates), choosing)
        tried = {name: (_cost(one), _gap(one, pair)) for name, one in run(rule.candidates, n_runs).items()}
        # The same first runs for the limit as for the candidates, so that luck with patients cancels out.
        limit = (1 + margin) * _cost(
            fixed[cheapest] if n_runs == choosing.runs else run([cheapest], n_runs)[cheapest]
        )
        chosen[label] = fairest(tried, limit)
        levels |= tried
        runs |= dict.fromkeys(tried, n_runs)
    field = {name: levels[name] for name in policies} | {
        label: levels[name] for label, name in chosen.items()
    }
    limit = (1 + margin) * min(cost for cost, _ in field.values())
    return Choice(fixed[cheapest].groups, pair, chosen, fairest(field, limit), levels, runs)


def fairest(levels: Mapping[str, tuple[float, float]], limit: float) -> str:
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
    return crossed(one.of(COST.name)).mean


def _gap(one: Measured, pair: Pair) -> float:
    return crossed(one.gap(COST.name, pair)).mean
