"""A counterfactual: patients of one value of an attribute are given another, and keep all their luck."""

from __future__ import annotations

import numpy as np

from scenarios.counterfactual import Counterfactual
from sim.conditions import Codes, Facts


def flipped(
    what_if: Counterfactual | None,
    attribute: str,
    values: tuple[str, ...],
    facts: Facts,
    codes: Codes,
    ordinal: Codes,
) -> Codes:
    """Return the codes of an attribute, changed for whom the counterfactual is; `ordinal` numbers them in their stream.

    Nothing is drawn here, so that all uniforms are as in the world without it.
    """
    if what_if is None or what_if.attribute != attribute:
        return codes
    who = codes == values.index(what_if.was)
    if what_if.stream is not None:
        who &= facts.hold({"source": (what_if.stream,)}) & (ordinal == what_if.number)
    return np.where(who, values.index(what_if.instead), codes)
