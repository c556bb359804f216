"""The outcomes of one replication: every metric, for everybody and by group and hospital.

A new metric is one class (its docstring is its definition) and one line of `METRICS`; the command
line, the report and the dashboard list what is there.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

import numpy as np
import pandas as pd

from sim import cost_metrics as cost
from sim import epidemic_metrics as epidemic
from sim import flow_metrics as flow
from sim import patient_metrics as patient
from sim.metric import Cells, Floats, Metric, Study
from sim.network import Network
from sim.tables import Tables

METRICS: dict[str, Metric] = {
    metric.name: metric
    for metric in (
        patient.Arrivals(),
        patient.UntreatedHours(),
        patient.WaitServed(),
        patient.WithinTarget(),
        patient.LeftShare(),
        patient.DiedShare(),
        patient.CancelledShare(),
        patient.DivertedShare(),
        patient.InSystemShare(),
        patient.LengthOfStay(),
        patient.TransfersPerPatient(),
        patient.Throughput(),
        patient.Coverage(),
        patient.DaysToDose(),
        patient.IneligibleShare(),
        flow.WasteShare(),
        patient.ArrivalsPerHead(),
        patient.TreatedPerHead(),
        patient.DeathsPerHead(),
        epidemic.AdmissionsPerHead(),
        flow.StepWait(),
        flow.StepCensoredShare(),
        flow.StepQuitShare(),
        flow.StepOccupancy(),
        flow.QueueLength(),
        flow.Utilisation(),
        flow.Occupancy(),
        flow.UnderstaffedHours(),
        cost.CostPerDay(),
    )
}
"""All metrics by name, in the order of tables and reports."""

KEYS = ["metric", "attribute", "group", "hospital"]
"""What a row of outcomes is about; `attribute` "" with `group` "all" is everybody, `hospital` "" the network."""


def outcomes(
    tables: Tables, network: Network, by: Sequence[str] = (), metrics: Collection[str] = METRICS.keys()
) -> pd.DataFrame:
    """Return metrics of one replication, in long form: `KEYS`, n, value. `metrics`: those that are wanted.

    Patients are shown by the scenario's equity groups, by the attributes asked in `by`, by class and
    by acuity, and belong to the hospital where they first presented. The rows are the same for every
    replication of a scenario; a cell without a value has NaN. Raises `ValueError` for an attribute
    that is not a category of the scenario, and for a metric that does not exist.
    """
    if strange := [name for name in metrics if name not in METRICS]:
        raise ValueError(f"expected metrics among {', '.join(METRICS)}, got {', '.join(strange)}")
    scenario = network.scenario
    attributes = list(dict.fromkeys((*scenario.equity.groups, *by)))
    categories = [name for name, spec in scenario.attributes.items() if spec.share is not None]
    for name in (name for name in attributes if name not in categories):
        known = f"one of {', '.join(categories)}" if categories else "none, the scenario has no category"
        raise ValueError(f"expected an attribute with categories ({known}), got {name!r}")
    study = Study(tables, network, attributes)
    parts = [
        (name, cells)
        for name, metric in METRICS.items()
        if name in metrics and metric.applies(network)
        for cells in metric.cells(study)
    ]
    sizes = [cells.value.size for _, cells in parts]
    return pd.DataFrame(
        {
            "metric": _spread([name for name, _ in parts], sizes),
            "attribute": _spread([cells.attribute for _, cells in parts], sizes),
            "group": _text(group for _, cells in parts for group in _each_group(cells)),
            "hospital": _text(
                place for _, cells in parts for place in ("", *network.hospitals) * len(cells.groups)
            ),
            "n": _joined([cells.n for _, cells in parts]).astype(np.int64),
            "value": _joined([cells.value for _, cells in parts]),
        }
    )


def _each_group(cells: Cells) -> Iterator[str]:
    return (group for group in cells.groups for _ in range(cells.value.shape[1]))


def _spread(names: list[str], sizes: list[int]) -> pd.Series:
    return pd.Series(np.repeat(np.array(names, dtype=object), np.array(sizes, dtype=np.int64)), dtype="str")


def _joined(values: list[Floats]) -> Floats:
    return np.concatenate([np.empty(0), *(each.ravel() for each in values)])


def _text(values: Iterator[str]) -> pd.Series:
    return pd.Series(list(values), dtype="str")
