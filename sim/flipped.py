"""A counterfactual: patients of one value of an attribute are given another, and keep all their luck."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from scenarios.counterfactual import Counterfactual
from sim.conditions import Codes, Facts


def flipped(
    flips: Sequence[Counterfactual],
    attribute: str,
    values: tuple[str, ...],
    facts: Facts,
    codes: Codes,
    ordinal: Codes,
) -> Codes:
    """Return the codes of an attribute after the flips, in order; `ordinal` numbers the patients in their stream.

    Nothing is drawn here, so that all uniforms are as in the world without it.
    """
    for flip in flips:
        if flip.attribute == attribute:
            who = codes == values.index(flip.was)
            if flip.stream is not None:
                who &= facts.hold({"source": (flip.stream,)}) & (ordinal == flip.number)
            codes = np.where(who, values.index(flip.instead), codes)
    return codes
