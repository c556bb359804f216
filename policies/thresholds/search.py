"""The best policy of the table's own form: one action for each level, whatever the thresholds are.

There are 7^10 of them. Ascent from many starts finds a good one; branch and bound then proves how good it is.
The bound is the value of a wiser controller that takes the given actions at some levels and, at the others,
whatever is best for the setting in force (`chain.optimum`).

"Lower top_k" is never worse than "keep" or "raise top_k" at the same level: along every path the thresholds, and so
the patients, are the same, and no visit has more reasons to pay for. So only five actions are searched.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from policies.thresholds.chain import Chain, improved, value_of
from policies.thresholds.moves import ACTIONS, LEVELS, SETTINGS, Floats
from sim.streams import uniforms

SEARCHED = tuple(i for i, action in enumerate(ACTIONS) if action.name not in ("keep", "raise top_k"))
SWEEPS_OF_A_BOUND = 60
"""Every sweep of value iteration from above gives a valid bound; more make it tighter."""
SETTLED = 1e-4


@dataclass(frozen=True)
class BestOfForm:
    """A policy of ten actions, and how much better another one could be at most."""

    policy: tuple[int, ...]
    value: float
    """The expected total reward of an episode."""
    bound: float
    """No policy of the form has a higher value. Equal to `value` up to the tolerance if the search was completed."""
    nodes: int
    """Partial policies that were bounded."""


def best_of_form(
    chain: Chain,
    start: int,
    seed: int,
    starts: int = 8,
    gap: float = 0.001,
    most_nodes: int = 5_000,
    on_node: Callable[[int, int], None] | None = None,
) -> BestOfForm:
    """Return the best policy found, proven to within the share `gap` of its value unless the nodes run out."""
    u = uniforms(seed, 0, ("thresholds", "ascent"), starts * LEVELS).reshape(starts, LEVELS)
    known: dict[tuple[int, ...], float] = {}

    def value(policy: tuple[int, ...]) -> float:
        if policy not in known:
            known[policy] = value_of(chain, policy, start)
        return known[policy]

    for row in u:
        ascend(tuple(SEARCHED[int(x * len(SEARCHED))] for x in row), value)
    best = max(known, key=lambda policy: (known[policy], policy))
    return _branch_and_bound(chain, start, best, value, gap, most_nodes, on_node)


def ascend(policy: tuple[int, ...], value: Callable[[tuple[int, ...]], float]) -> tuple[int, ...]:
    """Change one action after another while that helps; return where no single change does."""
    since = 0
    level = 0
    while since < LEVELS:
        choices = [(*policy[:level], action, *policy[level + 1 :]) for action in SEARCHED]
        best = max(choices, key=value)
        if value(best) > value(policy) + 1e-9:
            policy, since = best, 0
        else:
            since += 1
        level = (level + 1) % LEVELS
    return policy


def _branch_and_bound(
    chain: Chain,
    start: int,
    best: tuple[int, ...],
    value: Callable[[tuple[int, ...]], float],
    gap: float,
    most_nodes: int,
    on_node: Callable[[int, int], None] | None,
) -> BestOfForm:
    # No visit is worth more than 1, and no episode lasts longer than by this chain with the fewest ends.
    above = np.full((LEVELS, len(SETTINGS)), _most(chain))
    root, top = _bounded(chain, start, (None,) * LEVELS, above, -np.inf)
    order = _order(chain, start, root)
    stack: list[tuple[float, tuple[int | None, ...], Floats]] = [(top, (None,) * LEVELS, root)]
    nodes, left = 0, -np.inf
    while stack:
        bound, fixed, above = stack.pop()
        if bound <= value(best) * (1 + gap):
            left = max(left, bound)
            continue
        if nodes >= most_nodes:
            left = max(left, bound)
            continue
        level = next(level for level in order if fixed[level] is None)
        children = []
        for action in SEARCHED:
            child = (*fixed[:level], action, *fixed[level + 1 :])
            nodes += 1
            if on_node is not None:
                on_node(nodes, most_nodes)
            if None not in child:
                policy = tuple(a for a in child if a is not None)
                best = max(best, policy, key=value)
                left = max(left, value(policy))
                continue
            tighter, bound = _bounded(chain, start, child, above, value(best) * (1 + gap))
            children.append((bound, child, tighter))
        stack += sorted(children, key=lambda child: child[0])
    return BestOfForm(best, value(best), max(left, value(best)), nodes)


def _bounded(
    chain: Chain, start: int, fixed: tuple[int | None, ...], above: Floats, enough: float
) -> tuple[Floats, float]:
    """Sweep from a value that is too high until the bound is at most `enough`, or hardly falls."""
    bound = float(chain.first @ above[:, start])
    for _ in range(SWEEPS_OF_A_BOUND):
        above = improved(chain, above, fixed)
        lower = float(chain.first @ above[:, start])
        if lower <= enough or bound - lower < SETTLED * 0.1:
            return above, lower
        bound = lower
    return above, bound


def _order(chain: Chain, start: int, above: Floats) -> list[int]:
    """Branch first where the choice matters most: where giving an action away lowers the bound most on average."""
    cost = {}
    for level in range(LEVELS):
        bounds = []
        for action in SEARCHED:
            fixed = tuple(action if other == level else None for other in range(LEVELS))
            bounds.append(_bounded(chain, start, fixed, above, -np.inf)[1])
        cost[level] = sum(bounds)
    return sorted(cost, key=lambda level: cost[level])


def _most(chain: Chain) -> float:
    """A value that no policy exceeds at any state: one for each visit of the longest-lived choice of bands."""
    lasting = np.ones(LEVELS)
    while True:
        longer = 1.0 + np.matmul(chain.moving, lasting).max(axis=0)
        if np.abs(longer - lasting).max() < 1e-6:
            return float(longer.max()) + 1e-3
        lasting = longer
