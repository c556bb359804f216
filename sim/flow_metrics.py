"""Metrics of places: queues and steps, pools, vaccine stock. The hospital is the place itself."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from functools import cached_property

import numpy as np
import pandas as pd

from sim.incidence import summed
from sim.metric import Cells, Codes, Floats, Mask, Metric, Study, ratio
from sim.network import Network


class _StepMean(Metric):
    """A mean over queue joins by patients who presented after the warm-up, by step and by the step's hospital."""

    @abstractmethod
    def joined(self, steps: StepArrays) -> Mask:
        """Return over which rows the mean is."""

    @abstractmethod
    def amount(self, steps: StepArrays) -> Floats:
        """Return the value of every row."""

    def cells(self, study: Study) -> Iterator[Cells]:
        """Yield the means by step."""
        steps = StepArrays(study)
        who = self.joined(steps) & steps.cohort
        n = steps.by_step(np.ones(len(who)), who)
        yield Cells("step", steps.names, n, ratio(steps.by_step(self.amount(steps), who), n))


class StepWait(_StepMean):
    """Mean time in the queue of a step, of those who had started the step by the horizon (the published
    convention). Patients who presented after the warm-up; every visit to the step counts."""

    name = "step_wait_hours"
    unit = "h"
    title = "Wait for a step, of those who started"
    better = "lower"

    def joined(self, steps: StepArrays) -> Mask:
        """Return those who started."""
        return ~np.isnan(steps.wait)

    def amount(self, steps: StepArrays) -> Floats:
        """Return the wait."""
        return steps.wait


class StepCensoredShare(_StepMean):
    """Share of those who joined the queue of a step who were still in it at the horizon: whom the mean wait of
    those who started leaves out. Patients who presented after the warm-up."""

    name = "step_censored_share"
    unit = "share"
    title = "Still waiting for a step at the end"
    better = ""

    def joined(self, steps: StepArrays) -> Mask:
        """Return everybody who joined."""
        return np.ones(len(steps.wait), dtype=np.bool_)

    def amount(self, steps: StepArrays) -> Floats:
        """Return who neither started nor quit."""
        return (np.isnan(steps.wait) & np.isnan(steps.quit)).astype(np.float64)


class StepQuitShare(_StepMean):
    """Share of those who joined the queue of a step who stopped waiting without starting, for whatever reason
    (patience, death, cancelled, moved to another hospital). Patients who presented after the warm-up."""

    name = "step_quit_share"
    unit = "share"
    title = "Stopped waiting for a step"
    better = "lower"

    def joined(self, steps: StepArrays) -> Mask:
        """Return everybody who joined."""
        return np.ones(len(steps.wait), dtype=np.bool_)

    def amount(self, steps: StepArrays) -> Floats:
        """Return who quit."""
        return (~np.isnan(steps.quit)).astype(np.float64)


class StepOccupancy(Metric):
    """Time average, after the warm-up, of the number of patients in a step, from its start to its end; boarding
    after the end is not in it."""

    name = "step_occupancy"
    unit = "patients"
    title = "Patients in a step"
    better = ""

    def cells(self, study: Study) -> Iterator[Cells]:
        """Yield the averages by step."""
        steps = StepArrays(study)
        yield _time_average(
            study, "step", steps.names, steps.by_step(steps.hours_in_step, ~np.isnan(steps.wait))
        )


class QueueLength(Metric):
    """Time average, after the warm-up, of the number of patients waiting for a step, and for all steps."""

    name = "queue_length"
    unit = "patients"
    title = "Patients waiting"
    better = "lower"

    def cells(self, study: Study) -> Iterator[Cells]:
        """Yield the averages for all steps and by step."""
        steps = StepArrays(study)
        hours = steps.by_step(steps.hours_in_queue, np.ones(len(steps.wait), dtype=np.bool_))
        yield _time_average(study, "", ("all",), hours.sum(axis=0, keepdims=True))
        yield _time_average(study, "step", steps.names, hours)


class StepArrays:
    """The `steps` table as arrays, by row."""

    def __init__(self, study: Study) -> None:
        steps = study.tables.steps
        self.study = study
        self.names = tuple(step.name for step in study.network.steps)
        self.cohort: Mask = study.after_warm_up[steps["patient"].to_numpy()]
        self.wait: Floats = steps["wait"].to_numpy()
        self.quit: Floats = steps["quit"].to_numpy()
        self._steps = steps
        self._cell: Codes = _codes(steps["step"]) * study.n_hospitals + _codes(steps["hospital"])

    @cached_property
    def hours_in_queue(self) -> Floats:
        """Of the observation."""
        return self._inside(self._steps["queued"].to_numpy(), self._steps["queued_for"].to_numpy())

    @cached_property
    def hours_in_step(self) -> Floats:
        """Of the observation; NaN where the step did not start."""
        return self._inside(self._steps["started"].to_numpy(), self._steps["stayed"].to_numpy())

    def by_step(self, amount: Floats, rows: Mask) -> Floats:
        """Return sums by step and by (network, hospital 0, 1, ...)."""
        sums = summed(amount[rows], self._cell[rows], len(self.names) * self.study.n_hospitals)
        return _with_network(sums.reshape(len(self.names), -1))

    def _inside(self, begin: Floats, length: Floats) -> Floats:
        network = self.study.network
        end = np.clip(begin + length, network.warm_up, network.horizon)
        return np.asarray(end - np.clip(begin, network.warm_up, network.horizon))


class _PoolMetric(Metric):
    """By pool, from exact amounts x hours after the warm-up."""

    def hours(self, study: Study, column: str, limited: bool = True) -> Floats:
        """Return sums by pool and by (network, hospital 0, 1, ...); NaN where no hospital has the pool (or a
        limited one)."""
        pools = study.tables.pools
        shape = (len(study.network.pools), study.n_hospitals)
        table = np.full(shape, np.nan)
        values = pools[column].to_numpy()
        if limited:
            values = np.where(pools["capacity_hours"].isna(), np.nan, values)
        table[_codes(pools["pool"]), _codes(pools["hospital"])] = values
        network = np.where(np.isnan(table).all(axis=1), np.nan, np.nansum(table, axis=1))
        return np.hstack((network[:, None], table))


class Utilisation(_PoolMetric):
    """Time average of what patients use over time average of what is open, after the warm-up: hours in use over
    hours open, cleaning and reservations not counted as use. Unlimited pools have none. Above 1 where the staff
    on duty fell below what was already in use."""

    name = "utilisation"
    unit = "share"
    title = "Utilisation"
    better = ""

    def cells(self, study: Study) -> Iterator[Cells]:
        """Yield the ratios of time averages by pool."""
        share = ratio(self.hours(study, "in_use_hours"), self.hours(study, "capacity_hours"))
        yield _pool_cells(study, share)


class Occupancy(_PoolMetric):
    """Time average, after the warm-up, of what patients use of a pool, in whole beds, staff or machines."""

    name = "occupancy"
    unit = "beds or staff"
    title = "In use"
    better = ""

    def cells(self, study: Study) -> Iterator[Cells]:
        """Yield the averages by pool."""
        yield _pool_cells(study, self.hours(study, "in_use_hours", limited=False) / study.window)


class UnderstaffedHours(_PoolMetric):
    """By how much what is in use, being cleaned and reserved exceeds what is open, summed over the time after
    the warm-up: bed-hours or person-hours missing."""

    name = "understaffed_hours"
    unit = "unit-hours"
    title = "Hours short of staff or beds"
    better = "lower"

    def cells(self, study: Study) -> Iterator[Cells]:
        """Yield the sums by pool."""
        yield _pool_cells(study, self.hours(study, "understaffed_hours"))


class WasteShare(Metric):
    """Doses lost (expired, open vials past their limit, cold chain, no room) over doses given and lost, after the
    warm-up: the WHO wastage rate. The network includes the depot."""

    name = "waste_share"
    unit = "share"
    title = "Vaccine wasted"
    better = "lower"

    def applies(self, network: Network) -> bool:
        """Return whether there is vaccine."""
        return bool(network.products)

    def cells(self, study: Study) -> Iterator[Cells]:
        """Yield the shares for all products and by product."""
        lost, used = (self._doses(study, events) for events in (("wasted",), ("wasted", "given")))
        all_lost, all_used = lost.sum(axis=0, keepdims=True), used.sum(axis=0, keepdims=True)
        yield Cells("", ("all",), all_used, ratio(all_lost, all_used))
        yield Cells("product", study.network.products, used, ratio(lost, used))

    @staticmethod
    def _doses(study: Study, events: tuple[str, ...]) -> Floats:
        doses = study.tables.doses
        rows = (doses["time"].to_numpy() >= study.network.warm_up) & doses["event"].isin(events).to_numpy()
        places = study.n_hospitals + 1  # the depot is place 0
        cell = _codes(doses["product"])[rows] * places + _codes(doses["hospital"])[rows] + 1
        sums = summed(doses["doses"].to_numpy()[rows], cell, len(study.network.products) * places)
        table = sums.reshape(-1, places)
        return np.hstack((table.sum(axis=1, keepdims=True), table[:, 1:]))


BY_PART = (_StepMean, StepOccupancy, _PoolMetric)
"""Metrics by step or pool, which have no value for everybody together."""


def _time_average(study: Study, attribute: str, groups: tuple[str, ...], hours: Floats) -> Cells:
    return Cells(attribute, groups, np.full(hours.shape, np.floor(study.window)), hours / study.window)


def _pool_cells(study: Study, value: Floats) -> Cells:
    names = tuple(pool.name for pool in study.network.pools)
    return Cells("pool", names, np.where(np.isnan(value), 0.0, np.floor(study.window)), value)


def _with_network(by_hospital: Floats) -> Floats:
    return np.hstack((by_hospital.sum(axis=1, keepdims=True), by_hospital))


def _codes(column: pd.Series) -> Codes:
    return np.asarray(column.cat.codes.to_numpy(), dtype=np.int64)
