"""An attacker with the whole JSON of an audit cannot work out a hidden count."""

import numpy as np
import pytest

from policies.audit.analyzer import FairnessAnalyzer, Settings, plan_of, stack
from policies.audit.as_json import report_json
from policies.audit.hiding import linked
from sim.fairness.by_group import groups_of
from sim.fairness.suppression import intervals
from sim.network import compile_network
from tests.invented_visits import invented

BY = ("area", "people", "area*people")


def rare(share):
    """A few people of the country are blue, and few of them die or leave."""

    def change(columns, rng):
        country = columns["area"] == 1
        blue = rng.random(len(country)) < np.where(country, share, 0.3)
        columns["people"] = np.where(blue, 2, np.minimum(columns["people"], 1))

    return change


@pytest.mark.parametrize(
    ("share", "area"), [(0.02, (0.7, 0.3)), (0.3, (0.97, 0.03)), (0.1, (0.9, 0.1)), (0.3, (0.5, 0.5))]
)
def test_all_published_counts_together_leave_more_than_one_value_for_each_that_is_hidden(share, area):
    results = invented(12, 150, change=rare(share), area=area)
    settings = Settings(by=BY)
    network = compile_network(results.scenario)
    said = report_json(FairnessAnalyzer(settings).generate_fairness_report(results))
    stacked = stack(results, network, plan_of(settings, network, BY))
    table = linked(stacked)
    cells = {("", "all"): 0}
    for attribute in BY:
        for g, group in enumerate(groups_of(network, attribute)):
            cells[attribute, group] = table.start[attribute] + g
    n_hidden = 0
    for metric in ("untreated_hours", "within_target", "left_share", "died_share"):
        truth = {
            key: (
                stacked.panel(metric, key[0]).n[:, cell - table.start[key[0]] if key[0] else 0].sum(),
                _events(stacked, metric, key[0], cell - table.start[key[0]] if key[0] else 0),
            )
            for key, cell in cells.items()
        }
        everywhere = [*said["levels"], *({**m, "metric": "died_share"} for m in said["mortality"])]
        rows = [row for row in everywhere if row["metric"] == metric]
        seen = {(row["attribute"], row["group"]) for row in rows}
        known_n = {(row["attribute"], row["group"]) for row in said["levels"]}
        for which, shown in ((0, known_n), (1, seen)):
            if which == 1 and metric == "untreated_hours":
                continue
            if ("", "all") not in shown or truth["", "all"][which] < 10:
                continue
            count = np.array([truth[key][which] for key in cells])
            hidden = np.array([key not in shown and truth[key][0] > 0 for key in cells])
            most = np.array([truth[key][0] if key in known_n else np.inf for key in cells]) if which else None
            n_hidden += int(hidden.sum())
            for low, high in intervals(count, table.lines, hidden, most).values():
                assert np.floor(high + 1e-6) - np.ceil(low - 1e-6) >= 1
    assert n_hidden > 0 or area == (0.5, 0.5)


def _events(stacked, metric, attribute, g):
    events = stacked.panel(metric, attribute).events
    return 0.0 if events is None else events[:, g].sum()
