"""Sharing out whole things by weight."""

from __future__ import annotations

from collections.abc import Sequence


def apportion(total: int, weights: Sequence[float], caps: Sequence[int]) -> list[int]:
    """Share out at most `total` whole things in proportion to the weights, nobody above the cap.

    What a capped one cannot take goes to the others; remainders go to the largest fractions (ties: the first).

    >>> apportion(10, [3.0, 1.0, 1.0], [4, 9, 9])
    [4, 3, 3]
    """
    given = [0] * len(weights)
    takers = [i for i, weight in enumerate(weights) if weight > 0 and caps[i] > 0]
    left = min(total, sum(caps[i] for i in takers))
    while left > 0 and takers:
        weight_sum = sum(weights[i] for i in takers)
        quota = {i: left * weights[i] / weight_sum for i in takers}
        full = [i for i in takers if quota[i] >= caps[i]]
        if not full:
            for i in takers:
                given[i] = int(quota[i])
            rest = left - sum(given[i] for i in takers)
            for i in sorted(takers, key=lambda i: (int(quota[i]) - quota[i], i))[:rest]:
                given[i] += 1
            break
        for i in full:
            given[i] = caps[i]
            left -= caps[i]
        takers = [i for i in takers if i not in full]
    return given
