"""The order of whole numbers that are not negative, equal ones as they come."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def order_of(numbers: NDArray[np.integer], below: int) -> NDArray[np.intp]:
    """Return the places of numbers below `below` in rising order, as a stable `argsort` does in three times the time.

    NumPy sorts 16 bits by radix, and other numbers by comparing them: so 16 bits at a time, the lowest first.

    >>> order_of(np.array([3, 70_000, 3, 0]), 100_000).tolist()
    [3, 0, 2, 1]
    """
    order = np.argsort(numbers.astype(np.uint16), kind="stable")
    for shift in range(16, max(below - 1, 0).bit_length(), 16):
        digits = (numbers[order] >> shift).astype(np.uint16)
        order = order[np.argsort(digits, kind="stable")]
    return order
