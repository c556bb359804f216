"""Metrics of patients: who waited, who was treated, who left, who was vaccinated."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import numpy as np

from scenarios.checks_population import people_around
from sim.incidence import event_masses, summed
from sim.metric import (
    Cells,
    Codes,
    Estimator,
    Floats,
    FollowUp,
    Mask,
    Mean,
    Metric,
    PatientMetric,
    Study,
    Total,
    ratio,
)
from sim.network import Network

FOLLOWED = 0.95 - 1e-9
"""A wait is missing when less than this probability lies where somebody was still followed. (Sums are rounded.)"""

ROUNDING = 1e-11
"""A mean below this part of tau is the rounding error of a sum in which nobody waited, of either sign."""


class Arrivals(PatientMetric):
    """Patients who presented after the warm-up. Those who declined an invitation did not."""

    name, unit, title, better = "arrivals", "patients", "Arrivals", ""

    def who(self, study: Study) -> Mask:
        """Return everybody who came."""
        return study.came

    def estimator(self, study: Study, who: Mask) -> Estimator:
        """Count."""
        return Total(np.ones(int(who.sum())))


class WaitServed(PatientMetric):
    """Mean time from first presentation to the first treatment, of those whose treatment began by the horizon.
    It hides those who were never treated: read it beside the untreated hours."""

    name, unit, title, better = "wait_hours_served", "h", "Wait of those treated", "lower"

    def who(self, study: Study) -> Mask:
        """Return the treated."""
        return study.in_need & ~np.isnan(study.treated)

    def estimator(self, study: Study, who: Mask) -> Estimator:
        """Average."""
        return Mean((study.treated - study.presented)[who])


class UntreatedHours(PatientMetric):
    """Restricted mean untreated time: the hours from presentation to the scenario's tau (or to the length of the
    observation, where shorter) that a patient spends untreated, on average. Those who died, left, were cancelled
    or diverted stay untreated to tau; those discharged without a treatment count until discharge; only the
    horizon censors (Aalen-Johansen). What lies beyond the longest follow-up counts as untreated; the value is
    missing where that is more than 5 % of the patients."""

    name, unit, title, better = "untreated_hours", "h", "Untreated time", "lower"

    def who(self, study: Study) -> Mask:
        """Return everybody in need."""
        return study.in_need

    def estimator(self, study: Study, who: Mask) -> Estimator:
        """Integrate one minus the incidence of treatment."""
        return RestrictedMean(study.wait.of(who).until(study.tau), study.tau)


class WithinTarget(PatientMetric):
    """Share treated within the target for their true acuity at arrival: the cumulative incidence of treatment by
    the target, death and leaving competing, censored by the horizon only (Aalen-Johansen), within each acuity,
    then weighted by the patients of each. Acuities without a target are left out. Discharged without a treatment
    counts as treated at discharge. What lies beyond the longest follow-up counts as not treated; missing where
    that is more than 5 %."""

    name, unit, title, better = "within_target", "share", "Treated within target", "higher"

    def applies(self, network: Network) -> bool:
        """Return whether there are targets."""
        return bool(network.scenario.targets)

    def who(self, study: Study) -> Mask:
        """Return those in need whose acuity has a target."""
        return study.in_need & ~np.isnan(self._target(study))

    def estimator(self, study: Study, who: Mask) -> Estimator:
        """Weigh the incidences of the acuities."""
        wait = study.wait.of(who).until(self._target(study)[who])
        return StratifiedIncidence(wait, study.acuity[who], len(study.network.acuities))

    @staticmethod
    def _target(study: Study) -> Floats:
        targets = study.network.scenario.targets
        return np.array([targets.get(name, np.nan) for name in study.network.acuities])[study.acuity]


class _EndShare(PatientMetric):
    kinds: ClassVar[tuple[str, ...]]
    unit, better = "share", "lower"

    def who(self, study: Study) -> Mask:
        """Return everybody in need."""
        return study.in_need

    def estimator(self, study: Study, who: Mask) -> Estimator:
        """Add the masses of those who ended so."""
        return Incidence(study.journey.of(who), study.ended(*self.kinds)[who])


class LeftShare(_EndShare):
    """Share who leave by themselves (lost patience, balked, left while waiting), at any time within the length of
    the observation: cumulative incidence with the other ends of a journey competing and those still in the
    system at the horizon censored (Aalen-Johansen), so that their unknown fate is neither counted as staying nor
    left out. Equal to the plain share when nobody is in the system at the horizon; what lies beyond the longest
    follow-up counts as not left."""

    name, title, kinds = "left_share", "Left without care", ("left",)


class DiedShare(_EndShare):
    """Share who die in the network, at any time within the length of the observation; estimated as `left_share`."""

    name, title, kinds = "died_share", "Died", ("died",)


class CancelledShare(_EndShare):
    """Share cancelled because there was no room; estimated as `left_share`."""

    name, title, kinds = "cancelled_share", "Cancelled", ("cancelled",)


class DivertedShare(_EndShare):
    """Share sent outside the network; estimated as `left_share`. Within the network is a transfer."""

    name, title, kinds = "diverted_share", "Diverted outside", ("diverted",)


class _PlainShare(PatientMetric):
    unit = "share"
    kind: ClassVar[str]

    def who(self, study: Study) -> Mask:
        """Return everybody who came."""
        return study.came

    def estimator(self, study: Study, who: Mask) -> Estimator:
        """Average."""
        return Mean(study.ended(self.kind)[who].astype(np.float64))


class InSystemShare(_PlainShare):
    """Share of those who presented after the warm-up whose journey was not over at the horizon."""

    name, title, better, kind = "in_system_share", "Still in the system", "", "in system"


class IneligibleShare(_PlainShare):
    """Share of those who presented and were turned away because their tier was not open yet."""

    name, title, better, kind = "ineligible_share", "Turned away as not yet eligible", "lower", "ineligible"

    def applies(self, network: Network) -> bool:
        """Return whether there are tiers."""
        return bool(network.tiers)


class LengthOfStay(PatientMetric):
    """Mean time from first presentation to the end of the journey, of those who were treated and whose journey
    was over by the horizon. Long stays still in the system are missing: read it beside the in-system share."""

    name, unit, title, better = "length_of_stay_hours", "h", "Length of stay", "lower"

    def who(self, study: Study) -> Mask:
        """Return the treated whose journey is over."""
        return study.in_need & ~np.isnan(study.treated) & ~np.isnan(study.left_network)

    def estimator(self, study: Study, who: Mask) -> Estimator:
        """Average."""
        return Mean((study.left_network - study.presented)[who])


class TransfersPerPatient(PatientMetric):
    """Mean number of departures for another hospital of the network (ordered, overflow, diversion or to end a
    deadlock) per patient who presented."""

    name, unit, title, better = "transfers_per_patient", "transfers", "Transfers per patient", ""

    def applies(self, network: Network) -> bool:
        """Return whether there is another hospital."""
        return len(network.hospitals) > 1

    def who(self, study: Study) -> Mask:
        """Return everybody in need."""
        return study.in_need

    def estimator(self, study: Study, who: Mask) -> Estimator:
        """Average."""
        return Mean(study.n_transfers[who].astype(np.float64))


class Throughput(PatientMetric):
    """Patients discharged per day after the warm-up, whenever they presented. By attribute and by the hospital
    of first presentation."""

    name, unit, title, better = "throughput_per_day", "patients/day", "Throughput", "higher"

    def who(self, study: Study) -> Mask:
        """Return those discharged in the observation."""
        return study.ended("discharged") & (study.left_network >= study.network.warm_up)

    def estimator(self, study: Study, who: Mask) -> Estimator:
        """Count by day."""
        return Total(np.full(int(who.sum()), 24.0 / study.window))


class Coverage(PatientMetric):
    """Share of those who came or were invited after the warm-up for a dose (the patients of every class whose
    pathway gives one) who had it by the horizon. Those who declined are in the denominator; those turned away as
    not yet eligible are not. A person of the population who came several times for it counts once."""

    name, unit, title, better = "coverage", "share", "Vaccine coverage", "higher"

    def applies(self, network: Network) -> bool:
        """Return whether there is vaccine."""
        return bool(network.products)

    def who(self, study: Study) -> Mask:
        """Return the eligible."""
        return _once_a_person(study, study.after_warm_up & ~study.ended("ineligible") & _for_a_dose(study))

    def estimator(self, study: Study, who: Mask) -> Estimator:
        """Average."""
        return Mean((~np.isnan(study.dosed[who])).astype(np.float64))


class DaysToDose(PatientMetric):
    """Mean time from presentation to the first dose, of those who had one by the horizon. Read it beside the
    coverage, which counts those who had none."""

    name, unit, title, better = "days_to_dose", "days", "Time to the dose", "lower"

    def applies(self, network: Network) -> bool:
        """Return whether there is vaccine."""
        return bool(network.products)

    def who(self, study: Study) -> Mask:
        """Return the vaccinated."""
        return study.came & ~np.isnan(study.dosed)

    def estimator(self, study: Study, who: Mask) -> Estimator:
        """Average."""
        return Mean((study.dosed - study.presented)[who] / 24.0)


class _PerHead(Metric):
    unit = "per 1000"

    def applies(self, network: Network) -> bool:
        """Return whether any hospital says how many people live around it."""
        return any(people_around(network.scenario, name) for name in network.hospitals)

    def counted(self, study: Study) -> Mask:
        """Return whom to count."""
        raise NotImplementedError

    def cells(self, study: Study) -> Iterator[Cells]:
        """Yield one row: the population of a group is not known."""
        people = [people_around(study.network.scenario, name) for name in study.network.hospitals]
        whole = sum(p for p in people if p) if all(people) else None
        counts = np.bincount(study.hospital[self.counted(study)], minlength=study.n_hospitals)
        n = np.concatenate(([counts.sum()], counts)).astype(np.float64)
        per = np.array([float(p) if p else np.nan for p in (whole, *people)])
        yield Cells("", ("all",), n[None], (1000.0 * n / per)[None])


class ArrivalsPerHead(_PerHead):
    """Patients who presented after the warm-up per 1000 people of the hospital's catchment, in the whole
    observation. Who never comes is invisible in every other metric."""

    name, title, better = "arrivals_per_1000", "Arrivals per 1000 people", ""

    def counted(self, study: Study) -> Mask:
        """Return everybody who came."""
        return study.came


class TreatedPerHead(_PerHead):
    """Patients who presented after the warm-up and were treated by the horizon, per 1000 people of the catchment."""

    name, title, better = "treated_per_1000", "Treated per 1000 people", "higher"

    def counted(self, study: Study) -> Mask:
        """Return the treated."""
        return study.came & ~np.isnan(study.treated)


class DeathsPerHead(_PerHead):
    """Patients who presented after the warm-up and died in the network by the horizon, per 1000 people of the
    catchment."""

    name, title, better = "deaths_per_1000", "Deaths per 1000 people", "lower"

    def counted(self, study: Study) -> Mask:
        """Return the dead."""
        return study.came & study.ended("died")


def _once_a_person(study: Study, who: Mask) -> Mask:
    """Keep one visit of each person among these: one with a dose, if there is one, else the last."""
    visits = study.tables.visits
    if "person" not in visits:
        return who
    person = visits["person"].to_numpy()
    source = visits["source"].cat.codes.to_numpy()
    known = np.flatnonzero(who & (person >= 0))
    order = known[
        np.lexsort((study.presented[known], ~np.isnan(study.dosed[known]), person[known], source[known]))
    ]
    same = (person[order[1:]] == person[order[:-1]]) & (source[order[1:]] == source[order[:-1]])
    kept = who.copy()
    kept[order[:-1][same]] = False
    return kept


def _for_a_dose(study: Study) -> Mask:
    giving = {step.pathway for step in study.network.steps if step.product >= 0}
    return np.array([pathway in giving for pathway in study.network.class_pathway])[study.cls]


class _MassEstimator(Estimator):
    def __init__(self, follow_up: FollowUp) -> None:
        self.follow_up = follow_up
        self._by_time = follow_up.order()

    def masses(self, cell: Codes, n_cells: int) -> Floats:
        return event_masses(self.follow_up.time, self.follow_up.censored, cell, n_cells, self._by_time)


class RestrictedMean(_MassEstimator):
    """The mean of the smaller of the time and tau."""

    def __init__(self, follow_up: FollowUp, tau: float) -> None:
        super().__init__(follow_up)
        self.saved = np.where(follow_up.over, tau - follow_up.time, 0.0)
        self.tau = tau

    def __call__(self, cell: Codes, n_cells: int) -> Floats:
        """Return the restricted mean of each cell."""
        masses = self.masses(cell, n_cells)
        known = summed(masses, cell, n_cells)
        hours = self.tau - summed(masses * self.saved, cell, n_cells)
        hours = np.where(np.abs(hours) < ROUNDING * self.tau, 0.0, hours)
        return np.where(known >= FOLLOWED, hours, np.nan)


class Incidence(_MassEstimator):
    """The share that ends in a certain way within the observation."""

    def __init__(self, follow_up: FollowUp, counted: Mask) -> None:
        super().__init__(follow_up)
        self.counted = counted

    def __call__(self, cell: Codes, n_cells: int) -> Floats:
        """Return the incidence of each cell by the end of the observation."""
        masses = self.masses(cell, n_cells)
        share = summed(masses * self.counted, cell, n_cells)
        return np.where(np.bincount(cell, minlength=n_cells) > 0, share, np.nan)


class StratifiedIncidence(_MassEstimator):
    """The share over by its limit, within each stratum, weighted by the patients of the strata."""

    def __init__(self, follow_up: FollowUp, stratum: Codes, n_strata: int) -> None:
        super().__init__(follow_up)
        self.stratum, self.n_strata = stratum, n_strata

    def __call__(self, cell: Codes, n_cells: int) -> Floats:
        """Return the incidences of each cell's strata, weighted by their patients."""
        fine = cell * self.n_strata + self.stratum
        masses = self.masses(fine, n_cells * self.n_strata)
        masses *= np.bincount(fine, minlength=n_cells * self.n_strata)[fine]
        n = np.bincount(cell, minlength=n_cells)
        known = ratio(summed(masses, cell, n_cells), n)
        share = ratio(summed(masses * self.follow_up.over, cell, n_cells), n)
        return np.where(known >= FOLLOWED, share, np.nan)
