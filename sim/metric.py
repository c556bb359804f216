"""What a metric is: a name, a definition, and a value for every group and hospital of one replication."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from inspect import cleandoc
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from sim.incidence import summed, time_order
from sim.network import Network
from sim.tables import Tables, attribute_column

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Cells:
    """The values of a metric by the groups of one attribute: G groups x (1 + H), the network first."""

    attribute: str
    groups: tuple[str, ...]
    n: Floats
    """How many patients, steps or hours the value is over."""
    value: Floats
    """NaN where there is none."""


class Metric(ABC):
    """A number about a replication. The docstring of each metric is its definition, for people."""

    name: ClassVar[str]
    unit: ClassVar[str]
    title: ClassVar[str]
    better: ClassVar[Literal["lower", "higher", ""]]
    """The direction of improvement; empty when there is none."""
    of_orders: ClassVar[bool] = False
    """Whether it counts orders, which not every run notes."""

    @property
    def definition(self) -> str:
        """What exactly is counted."""
        return " ".join(cleandoc(type(self).__doc__ or "").split())

    def applies(self, network: Network) -> bool:
        """Return whether the scenario has what the metric is about."""
        return True

    @abstractmethod
    def cells(self, study: Study) -> Iterator[Cells]:
        """Yield the values, attribute by attribute."""


@dataclass(frozen=True, slots=True)
class Grouping:
    """Patients by the values of an attribute."""

    attribute: str
    groups: tuple[str, ...]
    code: Codes
    """By patient."""


class Study:
    """One replication, prepared for metrics; arrays are by patient unless they say otherwise."""

    def __init__(self, tables: Tables, network: Network, attributes: Sequence[str]) -> None:
        visits = tables.visits
        self.tables = tables
        self.network = network
        self.n_hospitals = len(network.hospitals)
        self.window = network.horizon - network.warm_up
        self.hospital = _codes(visits["hospital"])
        self.acuity = _codes(visits["acuity"])
        self.cls = _codes(visits["class"])
        self.presented: Floats = visits["presented"].to_numpy()
        self.treated: Floats = visits["treated"].to_numpy()
        self.left_network: Floats = visits["left_network"].to_numpy()
        self.dosed: Floats = visits["dosed"].to_numpy()
        self.n_transfers: Codes = visits["n_transfers"].to_numpy()
        self.followed: Floats = network.horizon - self.presented
        self.after_warm_up: Mask = ~visits["in_warm_up"].to_numpy()
        self._kind = visits["outcome_kind"]
        self.came: Mask = self.after_warm_up & ~self.ended("declined")
        self.in_need: Mask = self.came & ~self.ended("ineligible")
        """Presented after the warm-up and were not turned away as not yet eligible for a dose."""
        self.groupings = [
            Grouping("", ("all",), np.zeros(len(visits), dtype=np.int64)),
            *(
                Grouping(
                    name,
                    tuple(visits[attribute_column(name)].cat.categories),
                    _codes(visits[attribute_column(name)]),
                )
                for name in attributes
            ),
            Grouping("class", network.classes, self.cls),
            Grouping("acuity", network.acuities, self.acuity),
        ]

    def ended(self, *kinds: str) -> Mask:
        """Return whose journey ended in an outcome of these kinds."""
        return np.asarray(self._kind.isin(kinds).to_numpy(), dtype=np.bool_)

    @cached_property
    def tau(self) -> float:
        """The scenario's, or the length of the observation where that is shorter."""
        return min(self.network.scenario.tau, self.window)

    @cached_property
    def wait(self) -> FollowUp:
        """From presentation to treatment, to leaving without it, or to the horizon.

        Who is discharged without a treatment did not need it: the wait is over at discharge.
        """
        over = np.where(np.isnan(self.treated) & self.ended("discharged"), self.left_network, self.treated)
        event = np.isnan(over) & ~np.isnan(self.left_network)
        time = np.where(
            np.isnan(over), np.where(event, self.left_network, self.presented + self.followed), over
        )
        return FollowUp(time - self.presented, ~np.isnan(over), np.isnan(over) & ~event)

    @cached_property
    def journey(self) -> FollowUp:
        """From presentation to the end of the journey or to the horizon."""
        gone = ~np.isnan(self.left_network)
        return FollowUp(np.where(gone, self.left_network - self.presented, self.followed), gone, ~gone)


@dataclass(frozen=True, slots=True)
class FollowUp:
    """Patients followed from presentation; neither `over` nor `censored`: a competing event."""

    time: Floats
    over: Mask
    censored: Mask

    def until(self, limit: float | Floats) -> FollowUp:
        """Return what is known by a limit; whoever reaches it is followed fully."""
        within = self.time < limit
        return FollowUp(
            np.minimum(self.time, limit), self.over & (self.time <= limit), self.censored & within
        )

    def of(self, who: Mask) -> FollowUp:
        """Return the follow-up of some patients."""
        return FollowUp(self.time[who], self.over[who], self.censored[who])

    def order(self) -> Codes:
        """Return the order by time."""
        return time_order(self.time, self.censored)


class PatientMetric(Metric):
    """A metric of patients, by every attribute and by the hospital of first presentation."""

    @abstractmethod
    def who(self, study: Study) -> Mask:
        """Return whom it is about."""

    @abstractmethod
    def estimator(self, study: Study, who: Mask) -> Estimator:
        """Return what turns the patients of a cell into a value."""

    def cells(self, study: Study) -> Iterator[Cells]:
        """Yield the values by every attribute."""
        who = self.who(study)
        estimate = self.estimator(study, who)
        hospital = study.hospital[who]
        for grouping in study.groupings:
            n_groups, code = len(grouping.groups), grouping.code[who]
            by_hospital = code * study.n_hospitals + hospital
            n_cells = n_groups * study.n_hospitals
            n = [
                np.bincount(code, minlength=n_groups)[:, None],
                np.bincount(by_hospital, minlength=n_cells).reshape(n_groups, -1),
            ]
            value = [estimate(code, n_groups)[:, None], estimate(by_hospital, n_cells).reshape(n_groups, -1)]
            yield Cells(
                grouping.attribute, grouping.groups, np.hstack(n).astype(np.float64), np.hstack(value)
            )


class Estimator(ABC):
    """Values by cell; a patient's cell is a number below `n_cells`."""

    @abstractmethod
    def __call__(self, cell: Codes, n_cells: int) -> Floats:
        """Return a value for every cell."""


@dataclass(frozen=True, slots=True)
class Total(Estimator):
    """Sums."""

    amount: Floats

    def __call__(self, cell: Codes, n_cells: int) -> Floats:
        """Return the sum of each cell, 0 where it is empty."""
        return summed(self.amount, cell, n_cells)


@dataclass(frozen=True, slots=True)
class Mean(Estimator):
    """Means."""

    amount: Floats

    def __call__(self, cell: Codes, n_cells: int) -> Floats:
        """Return the mean of each cell, NaN where it is empty."""
        return ratio(summed(self.amount, cell, n_cells), np.bincount(cell, minlength=n_cells))


def ratio(above: NDArray[np.generic], below: NDArray[np.generic]) -> Floats:
    """Return above / below, NaN where there is nothing below."""
    out = np.full(above.shape, np.nan)
    np.divide(above, below, out=out, where=np.asarray(below) > 0)
    return out


def _codes(column: object) -> Codes:
    return np.asarray(column.cat.codes.to_numpy(), dtype=np.int64)  # type: ignore[attr-defined]
