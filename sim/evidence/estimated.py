"""What a calculation on replications hands back: an estimate with its interval, or the result of a test."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite, nan


@dataclass(frozen=True, slots=True)
class Estimated:
    """A value with its interval; NaN stands for what is not known, and `why` says why."""

    value: float
    low: float = nan
    high: float = nan
    method: str = ""
    why: str = ""

    @property
    def known(self) -> bool:
        """Whether there is a value."""
        return isfinite(self.value)

    @property
    def bounded(self) -> bool:
        """Whether there is an interval; a bound may lie at infinity, not both."""
        return self.low == self.low and self.high == self.high and (isfinite(self.low) or isfinite(self.high))

    def excludes(self, number: float) -> bool:
        """Return whether there is an interval that leaves a number out."""
        return self.bounded and not self.low <= number <= self.high


@dataclass(frozen=True, slots=True)
class Tested:
    """The result of a test; without a p value `why` says what was missing."""

    name: str
    p_value: float | None
    statistic: float | None = None
    n: int = 0
    """Replications."""
    why: str = ""


ONE_RUN = "one run says nothing about chance"
