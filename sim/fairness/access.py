"""Outcomes of patients that only an audit asks for: treated within a time for everybody, and days to a coverage."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

import numpy as np

from scenarios.units import format_duration
from sim.metric import Codes, Estimator, Floats, Mask, PatientMetric, Study
from sim.network import Network
from sim.patient_metrics import Coverage, StratifiedIncidence


class TreatedWithin(PatientMetric):
    """Share treated within one time that is the same for every acuity (the "4-hour share"): cumulative incidence
    of treatment, death and leaving competing, censored by the horizon only (Aalen-Johansen)."""

    unit, better = "share", "higher"

    def __init__(self, hours: float) -> None:
        self.hours = hours
        self.name = f"treated_within_{hours:g}_h"  # type: ignore[misc]  # one class, a name for each time
        self.title = f"Treated within {format_duration(hours)}"  # type: ignore[misc]

    def who(self, study: Study) -> Mask:
        """Return everybody in need."""
        return study.in_need

    def estimator(self, study: Study, who: Mask) -> Estimator:
        """Add the masses of those treated by then."""
        return StratifiedIncidence(
            study.wait.of(who).until(self.hours), np.zeros(int(who.sum()), dtype=np.int64), 1
        )


class DaysToCoverage(PatientMetric):
    """Days from the end of the warm-up until a share of those eligible in the group has had a dose; the length of
    the observation where that never happens, so it is a restricted time. Those who declined are eligible."""

    unit, better = "days", "lower"
    prefix = "days_to_coverage_"

    def __init__(self, share: float) -> None:
        self.share = share
        self.name = f"{self.prefix}{100 * share:g}"  # type: ignore[misc]
        self.title = f"Time to {100 * share:g} % coverage"  # type: ignore[misc]

    def applies(self, network: Network) -> bool:
        """Return whether there is vaccine."""
        return bool(network.products)

    def who(self, study: Study) -> Mask:
        """Return the eligible."""
        return Coverage().who(study)

    def estimator(self, study: Study, who: Mask) -> Estimator:
        """Find the dose that reaches the share."""
        return _Reached((study.dosed[who] - study.network.warm_up) / 24.0, self.share, study.window / 24.0)


@dataclass(slots=True)
class _Reached(Estimator):
    day: Floats
    share: float
    last: float

    def __call__(self, cell: Codes, n_cells: int) -> Floats:
        """Return the day on which each cell reaches the share, the last day where it does not."""
        out = np.full(n_cells, np.nan)
        for one in np.unique(cell):
            days = np.sort(self.day[cell == one])  # NaN, not dosed, last
            needed = max(ceil(self.share * len(days) - 1e-9), 1)
            day = days[needed - 1]
            out[one] = self.last if np.isnan(day) else day
        return out
