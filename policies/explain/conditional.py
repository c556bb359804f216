"""Conditional Shapley values: what an input tells about the score, its companions being what they then usually are.

An input that is left out is drawn from the visited states that resemble the row in the inputs that are kept. So an
input that the score never uses is credited when it goes along with one that it does: right for "what does knowing this
tell", wrong for "what does the policy look at". Estimated with kernel weights over the background, as in Aas, Jullum &
Løland (2021), with their width of 0.1 of the scaled distance, by orders drawn with their reverses.
"""

from __future__ import annotations

import numpy as np

from policies.explain.attribution import Attribution, orders_drawn
from policies.explain.scorer import Floats, Margin

WIDTH = 0.1
"""Of the kernel, in units of the mean squared standardised distance an input."""


def conditional(margin: Margin, rows: Floats, background: Floats, seed: int = 0) -> Attribution:
    """Return the contributions of inputs N x D given the others, against a background B x D of visited states."""
    rows, background = np.asarray(rows, dtype=np.float64), np.asarray(background, dtype=np.float64)
    spread = background.std(axis=0)
    varies = np.flatnonzero((spread > 0) | (rows != background[0]).any(axis=0))
    scale = np.where(spread > 0, spread, 1.0)
    generator = np.random.Generator(np.random.Philox(key=seed))
    values = np.zeros(rows.shape)
    n_orders = orders_drawn(len(varies))
    base = np.full(len(rows), margin.of(background).mean())
    worth = margin.of(rows)
    for number, row in enumerate(rows):
        squares = ((background - row) / scale) ** 2
        for _ in range(n_orders if len(varies) else 0):
            order = generator.permutation(varies)
            for one in (order, order[::-1]):
                path = _path(margin, row, background, squares, one)
                values[number, one] += np.diff([base[number], *path[:-1], worth[number]])
    values /= 2 * n_orders
    return Attribution(values, base, worth, "conditional, permutation").check()


def _path(margin: Margin, row: Floats, background: Floats, squares: Floats, order: Floats) -> Floats:
    """Return the expected margin after each input of `order` is known."""
    n, steps = len(background), len(order)
    imputed = np.repeat(background[None, :, :], steps, axis=0)
    distance = np.cumsum(squares[:, order], axis=1) / np.arange(1, steps + 1)
    for step, _ in enumerate(order):
        known = order[: step + 1]
        imputed[step][:, known] = row[known]
    weights = np.exp(-(distance - distance.min(axis=0)) / (2 * WIDTH**2))
    scores = margin.of(imputed.reshape(steps * n, -1)).reshape(steps, n)
    return np.asarray((weights.T * scores).sum(axis=1) / weights.sum(axis=0))
