"""Which way every patient took: from where, how they came to care, and how it ended. Each is in exactly one path."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dashboards.report.exhibit import Table, row
from dashboards.report.reading import FEWEST
from dashboards.report.wording import counted, listed, number, tidy
from sim.eventlog import EventLog, Row
from sim.network import Network
from sim.tables import IN_SYSTEM, Tables, attribute_column

AT_ONCE, WAITED, MOVED_LATER, MOVED_FIRST, UNTREATED, VACCINATED = CARE = (
    "at once", "after a wait", "moved later", "moved first", "not treated", "vaccinated",
)  # fmt: skip
"""How patients came to care. The last that is true of a patient counts."""
CARE_MEANS = (
    "At once: treated without queueing for anything before. Moved first or later: to another hospital of the network "
    "before or after the first treatment, whether they queued or not."
)
HOSPITAL = "hospital of first presentation"
SMALL = f"groups of fewer than {FEWEST}"
STILL_THERE = "still there"


def journeys(made: Tables, log: EventLog, network: Network) -> pd.DataFrame:
    """Return one row for each patient who came, was invited or declined after the warm-up.

    Columns: `HOSPITAL`, class, acuity and the attributes compared (what a path may begin with), `care` and `outcome`.
    """
    visits = made.visits
    attributes = [
        name for name in network.scenario.equity.groups if network.scenario.attributes[name].share is not None
    ]
    frame = pd.DataFrame({HOSPITAL: visits["hospital"]})
    for name in dict.fromkeys((*attributes, "class", "acuity")):
        frame[name] = visits[name if name in ("class", "acuity") else attribute_column(name)]
    frame["care"] = pd.Categorical.from_codes(_care(made, log), pd.Index(CARE, dtype="str"))
    frame["outcome"] = visits["outcome"]
    return frame[~visits["in_warm_up"].to_numpy()].reset_index(drop=True)


def _care(made: Tables, log: EventLog) -> NDArray[np.int64]:
    """Return an index of `CARE` by patient."""
    visits, steps = made.visits, made.steps
    treated = visits["treated"].to_numpy()
    n = len(visits)
    before = steps["started"].to_numpy() <= treated[steps["patient"].to_numpy()]
    queued = np.bincount(
        steps["patient"].to_numpy()[before], weights=steps["wait"].to_numpy()[before], minlength=n
    )
    departed = log.kind == Row.DEPARTED_FOR
    first, last = np.full(n, np.inf), np.full(n, -np.inf)
    np.minimum.at(first, log.patient[departed], log.time[departed])
    np.maximum.at(last, log.patient[departed], log.time[departed])
    dosed = visits["dosed"].notna().to_numpy()
    true_of = (queued >= 0, queued > 0, last > treated, first <= treated, np.isnan(treated), dosed)
    care = np.zeros(n, dtype=np.int64)
    for k, who in enumerate(true_of):
        care[who] = k
    return care


@dataclass(frozen=True, eq=False)
class Flows:
    """The paths of one run, counted."""

    by: str
    first: pd.DataFrame
    """Patients by origin (rows) and care (columns); none of them empty."""
    last: pd.DataFrame
    """Patients by care (rows) and outcome (columns); none of them empty."""
    merged: int
    """Groups that were too small to be shown on their own."""

    @property
    def patients(self) -> int:
        """How many there are in all."""
        return int(self.first.to_numpy().sum())

    def links(self) -> list[tuple[tuple[int, str], tuple[int, str], int, str]]:
        """Return (from, to, patients, care); a node is (column 0 to 2, name). Links without patients are left out."""
        found = [
            ((0, origin), (1, care), int(n), care)
            for origin, line in self.first.iterrows()
            for care, n in line.items()
        ]
        found += [
            ((1, care), (2, outcome), int(n), care)
            for care, line in self.last.iterrows()
            for outcome, n in line.items()
        ]
        return [link for link in found if link[2]]

    def nodes(self) -> list[tuple[int, str, int]]:
        """Return (column, name, patients), from the top of each column."""
        sums = ((0, self.first.sum(axis=1)), (1, self.last.sum(axis=1)), (2, self.last.sum(axis=0)))
        return [(column, str(name), int(n)) for column, line in sums for name, n in line.items()]


def flows(patients: pd.DataFrame, by: str) -> Flows:
    """Return the paths counted by a column of `journeys`; groups with too few patients are put together."""
    origin, merged = patients[by].astype("str"), 0
    order = [name for name in map(str, patients[by].cat.categories) if (origin == name).any()]
    if by != HOSPITAL:
        sizes = origin.value_counts()
        small = set(sizes.index[sizes < FEWEST])
        merged = len(small)
        origin = origin.where(~origin.isin(small), SMALL)
        order = [name for name in order if name not in small] + ([SMALL] if small else [])
    outcome = patients["outcome"].astype("str").replace(IN_SYSTEM, STILL_THERE)
    care = patients["care"].astype("str")
    cares = [name for name in CARE if (care == name).any()]
    ends = [str(name) for name in patients["outcome"].cat.categories]
    ends = [STILL_THERE if name == IN_SYSTEM else name for name in ends]
    ends = [name for name in ends if (outcome == name).any()]
    first = pd.crosstab(origin, care).reindex(index=order, columns=cares, fill_value=0)
    last = pd.crosstab(care, outcome).reindex(index=cares, columns=ends, fill_value=0)
    return Flows(by, first, last, merged)


def flows_sentence(label: str, run: int, found: Flows) -> str:
    """Return what the chart says, in one sentence."""
    if not found.patients:
        return f"Nobody came after the warm-up in run {run} under {label}."
    care = found.first.sum(axis=0)
    parts = [f"{name} {_share(n, found.patients)}" for name, n in care.items()]
    ends = found.last.sum(axis=0)
    ended = [f"{tidy(str(name))} {number(n, 0)}" for name, n in ends.items()]
    return (
        f"{label}: of {counted(found.patients, 'patient')} after the warm-up of run {run}, {listed(parts)}. "
        f"How it ended: {listed(ended)}."
    )


def _share(n: int, total: int) -> str:
    return f"{100 * n / total:.1f}\N{NO-BREAK SPACE}% ({number(n, 0)})"


def flow_tables(found: Flows, titles: dict[str, str]) -> list[Table]:
    """Return the same as tables: origin by care, and care by outcome."""
    origins = [
        row(titles.get(str(name), str(name)), *(number(n, 0) for n in line), number(line.sum(), 0))
        for name, line in found.first.iterrows()
    ]
    ends = [
        row(str(name), *(number(n, 0) for n in line), number(line.sum(), 0))
        for name, line in found.last.iterrows()
    ]
    return [
        Table(
            f"Patients by {found.by} and how they came to care",
            ("", *map(str, found.first.columns), "all"),
            tuple(origins),
        ),
        Table(
            "Patients by how they came to care and how it ended",
            ("", *(tidy(str(name)) for name in found.last.columns), "all"),
            tuple(ends),
        ),
    ]
