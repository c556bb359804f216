"""An attacker with the whole JSON of an audit cannot work out a hidden count."""

from dataclasses import replace

import numpy as np
import pytest

from policies.audit.analyzer import FairnessAnalyzer, Settings, plan_of, stack
from policies.audit.as_json import report_json
from policies.audit.hiding import linked
from scenarios.loader import load_text
from sim.fairness.by_group import groups_of
from sim.fairness.suppression import intervals
from sim.network import compile_network
from tests.invented_visits import SCENARIO, invented

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


def audit_of(results, **settings):
    return report_json(FairnessAnalyzer(Settings(**settings)).generate_fairness_report(results))


def few_deaths(columns, rng):
    """The country has a handful of deaths over all runs, the city many."""
    dies = rng.random(len(columns["area"])) < np.where(columns["area"] == 1, 0.004, 0.05)
    columns["ends"] = np.where(dies, 1, 0)


def test_deaths_that_are_hidden_are_not_told_per_head():
    """Deaths per 1000 people times the people times the runs are the deaths."""
    people = {"area": {"city": 1000.0, "country": 1000.0}}
    results = invented(12, 200, change=few_deaths)

    said = audit_of(results, people=people)

    assert not [row for row in said["levels"] if (row["metric"], row["group"]) == ("died_share", "country")]
    shown = {row["group"]: row for row in said["per_head"] if row["attribute"] == "area"}
    assert shown["country"]["came"]["value"] > 0
    assert [shown[group]["died"]["value"] for group in ("city", "country")] == [None, None]


def test_an_acuity_without_a_target_is_not_given_away_by_the_number_who_have_one():
    """Who came less who have a target are those of the acuity without one; over all, and in each cell of a crossing."""

    def hardly_urgent(columns, rng):
        n = len(columns["area"])
        columns["acuity"] = np.where(rng.random(n) < 0.01, 0, 1)

    scenario = load_text(SCENARIO.replace("{urgent: 1 h, standard: 4 h}", "{standard: 4 h}"))
    results = replace(invented(12, 150, change=hardly_urgent), scenario=scenario)
    seen = audit_of(results, by=("area", "acuity", "area*acuity"))

    n = {(row["metric"], row["attribute"], row["group"]): row["n"] for row in seen["levels"]}
    assert ("untreated_hours", "acuity", "urgent") not in n
    assert ("untreated_hours", "", "all") in n
    assert not [key for key in n if key[0] == "within_target"]
    assert seen["withheld"] == ["within_target"]
    assert any("would give a hidden group away" in note for note in seen["notes"])


def test_where_only_a_crossing_is_small_the_groups_without_it_keep_their_numbers():
    def urgent_in_the_city(columns, rng):
        n = len(columns["area"])
        share = np.where(columns["people"] == 2, 0.01, 0.4)
        columns["acuity"] = np.where(rng.random(n) < share, 0, 1)

    scenario = load_text(SCENARIO.replace("{urgent: 1 h, standard: 4 h}", "{standard: 4 h}"))
    results = replace(invented(12, 150, change=urgent_in_the_city), scenario=scenario)
    seen = audit_of(results, by=("people", "people*acuity"))

    n = {(row["metric"], row["attribute"], row["group"]): row["n"] for row in seen["levels"]}
    hidden = seen["hidden"]["people*acuity"]
    assert "blue, urgent" in hidden
    for group in ("red", "green", "blue"):
        if f"{group}, urgent" in hidden:
            assert ("within_target", "people", group) not in n
        else:
            assert ("within_target", "people", group) in n


def test_pooled_groups_are_two_at_least_and_no_sum_gives_one_of_them():
    def hardly_blue(columns, rng):
        n = len(columns["people"])
        columns["people"] = np.where(rng.random(n) < 0.01, 2, np.minimum(columns["people"], 1))

    results = invented(12, 200, change=hardly_blue)
    hiding = audit_of(results, by=("people", "area*people"))
    pooling = audit_of(results, by=("people", "area*people"), small="pool")

    assert hiding["hidden"]["people"] == ["red", "blue"]
    assert pooling["pooled"] == {"people": ["red", "blue"]}
    assert pooling["hidden"]["people"] == []
    n = {row["group"]: row["n"] for row in pooling["levels"]
         if (row["metric"], row["attribute"]) == ("untreated_hours", "people")}  # fmt: skip
    truth = sum((v["people"] != "green").sum() for v in results.visits.values())
    assert list(n) == ["green", "others"]
    assert n["others"] == truth
    assert {"city, others", "country, others"} <= {row["group"] for row in pooling["levels"]}
    assert any("Pooled as others" in note for note in pooling["notes"])
    counts = [value for row in pooling["levels"] for value in (row["n"], row["events"])]
    alone = sum((v["people"] == "blue").sum() for v in results.visits.values())
    assert alone not in counts


def test_what_cannot_be_pooled_stays_hidden():
    results = invented(12, 200, area=(0.99, 0.01))

    said = audit_of(results, small="pool")

    assert said["pooled"] == {}
    assert said["hidden"]["area"] == ["city", "country"]


def test_odds_of_a_handful_are_not_told():
    def few_urgent(columns, rng):
        n = len(columns["area"])
        columns["acuity"] = np.where(rng.random(n) < np.where(columns["area"] == 1, 0.01, 0.5), 0, 1)

    said = audit_of(invented(12, 150, change=few_urgent), should={"acuity": ("urgent",)})

    assert said["decisions"][0]["odds_difference"]["value"] is None
    assert "fewer than 30" in said["decisions"][0]["odds_difference"]["why"]
