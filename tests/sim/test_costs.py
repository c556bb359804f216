"""What a run cost, added up by hand; and ratios with Fieller's interval."""

import numpy as np
import pandas as pd
import pytest

from policies.costing import cost_json, cost_report, cost_text
from policies.experiment import experiment
from policies.replication import simulate
from scenarios.errors import ScenarioError
from scenarios.loader import load_text
from sim.cost_metrics import bill
from sim.metric import Study
from sim.outcomes import outcomes
from sim.ratios import ratio_of_means
from sim.tables import Tables
from tests.conftest import seed_of
from tests.policies.scenes import NETWORK

TINY = """
fairward: 1
name: tiny
horizon: 1 day
decide_every: 0
classes: {ill: {pathway: stay}}
pathways: {stay: {steps: {bed: {needs: {ward: 1, scanner: 1}, duration: 3 h, treatment: true}}}}
hospitals:
  north: {beds: {ward: {count: 2, cleaning: 1 h}}, staff: {nurse: {roster: [
    {begins: "06:00", ends: "18:00", count: 2}, {begins: "18:00", ends: "06:00", count: 1}]}}, equipment: {scanner: 1}}
arrivals: {all: {hospital: north, classes: ill, schedule: {at: [1 h, 2 h]}}}
"""
COSTS = """
costs:
  currency: EUR of 2024
  bed_day: {ward: {amount: 400, source: assumed}}
  staff_hour: {nurse: {amount: 30, source: assumed}}
  equipment_hour: {scanner: {amount: 10, source: assumed}}
  step: {stay.bed: {amount: 7, source: assumed}}
"""


def study_of(scenario, number=1):
    result = simulate(scenario, "neutral", 1, number)
    return Study(Tables(result), result.network, ())


def test_costs_add_up_by_hand():
    """Two patients of 3 h each; nurses 2 x 12 h and 1 x 12 h on duty; cleaning costs nothing."""
    lines = {
        item.name: (item.quantity.sum(), item.cost.sum()) for item in bill(study_of(load_text(TINY + COSTS)))
    }

    assert lines == {
        "ward bed-days": (pytest.approx(6 / 24), pytest.approx(100)),
        "nurse hours": (pytest.approx(36), pytest.approx(1080)),
        "scanner hours in use": (pytest.approx(6), pytest.approx(60)),
        "stay.bed starts": (2, 14),
    }


def test_the_metric_is_the_sum_a_day_for_the_network_and_by_hospital():
    result = simulate(load_text(TINY + COSTS), "neutral", 1, 1)
    frame = outcomes(Tables(result), result.network)
    rows = frame[frame["metric"] == "cost_per_day"]

    assert rows[rows["group"] == "all"]["value"].tolist() == pytest.approx([1254, 1254])
    assert rows[(rows["group"] == "nurse hours") & (rows["hospital"] == "")]["value"].item() == pytest.approx(
        1080
    )


def test_without_the_section_nothing_is_said_of_money():
    scenario = load_text(TINY)
    result = simulate(scenario, "neutral", 1, 1)
    answer = experiment(scenario, ["neutral"], 2)

    assert "cost_per_day" not in set(outcomes(Tables(result), result.network)["metric"])
    assert cost_report(answer) is None


def test_transfers_doses_and_warm_up_are_counted_as_written():
    costs = """
costs:
  currency: x
  transfer: {amount: 100, source: assumed}
  dose: {shot: {amount: 5, source: assumed}}
"""
    scenario = load_text(NETWORK.replace("if_full: overflow", "if_full: wait") + costs)
    result = simulate(scenario, "nearest+vaccine-population", 1, 1)
    made = Tables(result)
    lines = {item.name: item for item in bill(Study(made, result.network, ()))}
    late = made.doses[(made.doses["time"] >= 4) & made.doses["event"].isin(["given", "wasted"])]
    came = made.visits[(made.visits["presented"] >= 4) & (made.visits["outcome_kind"] != "declined")]

    assert lines["shot doses"].quantity.sum() == late["doses"].sum() > 0
    assert lines["transfers"].quantity.sum() == came["n_transfers"].sum()


def test_people_called_in_are_counted_order_by_order():
    text = TINY.replace("nurse: {roster", "nurse: {call_in: 2, roster").replace(
        "decide_every: 0", "decide_every: 6 h"
    )
    costs = "\ncosts: {currency: x, call_in: {nurse: {amount: 50, source: assumed}}}\n"
    scenario = load_text(text + costs)
    result = simulate(scenario, "neutral", 1, 1)
    made = Tables(result)
    rows = [(0, 0.0, "call_in", "2 nurse", ""), (1, 6.0, "call_in", "1 nurse", ""),
            (2, 12.0, "call_in", "2 nurse", "too late"), (3, 18.0, "lend", "2 nurse", "")]  # fmt: skip
    orders = pd.DataFrame(rows, columns=["decision", "time", "part", "order", "refused"]).assign(
        hospital="north"
    )
    study = Study(Tables.of(visits=made.visits, decisions=orders), result.network, ())
    (line,) = bill(study)

    assert line.quantity.tolist() == [3, 0]
    assert line.cost.sum() == 150


def test_an_experiment_with_costs_tells_them_with_intervals_and_sources():
    text = NETWORK + "\ncosts: {currency: EUR of 2024, bed_day: {bed: {amount: 400, source: a tariff}}}\n"
    answer = experiment(load_text(text), ["vaccine-population", "acuity+vaccine-population"], 8)
    report = cost_report(answer)

    assert report is not None
    told, plain = cost_text(report), cost_json(report)
    assert "Cost a day, EUR of 2024" in told
    assert "bed-day bed 400 (a tariff)" in told
    assert {row.label for row in report.per_outcome} == {
        "per patient who came", "per patient discharged", "per patient vaccinated"
    }  # fmt: skip
    assert all(level.bounded for row in report.per_outcome for level in row.levels)
    assert plain["currency"] == "EUR of 2024"
    ratio = (
        report.a_day[0].levels[0].value
        / answer.summaries["vaccine-population"]
        .query("metric == 'throughput_per_day' and group == 'all' and hospital == ''")["mean"]
        .item()
    )
    assert report.per_outcome[1].levels[0].value == pytest.approx(ratio)


@pytest.mark.parametrize(
    ("section", "words"),
    [
        ("{currency: x, bed_day: {wrad: {amount: 1, source: assumed}}}", 'Did you mean "ward"?'),
        ("{currency: x, staff_hour: {doctor: {amount: 1, source: assumed}}}", "a role of any hospital"),
        ("{currency: x, bed_day: {ward: {amount: 1}}}", "source"),
        ("{currency: x, bed_day: {ward: {amount: 1, source: ''}}}", "costs.bed_day.ward.source"),
        ("{currency: x, bed_day: {ward: {amount: -1, source: assumed}}}", "at least 0"),
        ("{currency: x}", "at least one unit cost"),
        ("{bed_day: {ward: {amount: 1, source: assumed}}}", "currency"),
    ],
)
def test_costs_that_cannot_be_are_refused(section, words):
    with pytest.raises(ScenarioError) as caught:
        load_text(TINY + f"costs: {section}\n")

    assert words in str(caught.value)


def test_fiellers_interval_agrees_with_its_definition():
    """Its ends are the ratios r at which a paired t test of above - r x below is exactly at 5 %."""
    from scipy import stats

    rng = np.random.Generator(np.random.Philox(seed_of("fieller")))
    below = rng.normal(10, 1, 12)
    above = 3 * below + rng.normal(0, 2, 12)
    found = ratio_of_means(above, below)

    for end in (found.low, found.high):
        assert stats.ttest_1samp(above - end * below, 0).pvalue == pytest.approx(0.05, abs=1e-9)


@pytest.mark.stats
def test_fiellers_interval_covers_the_true_ratio_95_times_in_100():
    rng = np.random.Generator(np.random.Philox(seed_of("fieller coverage")))
    hits, n = 0, 2000
    for _ in range(n):
        below = rng.normal(5, 2, 8)
        found = ratio_of_means(2 * below + rng.normal(0, 3, 8) + 1, below)
        hits += found.low <= 2.2 <= found.high
    assert abs(hits / n - 0.95) < 4 * np.sqrt(0.95 * 0.05 / n)


def test_a_denominator_that_may_be_zero_has_no_bounded_interval():
    found = ratio_of_means(np.array([1.0, 2.0, 3.0]), np.array([-1.0, 0.5, 1.0]))

    assert not found.bounded
    assert found.why == "the denominator may be 0"
    assert np.isnan(ratio_of_means(np.ones(3), np.zeros(3)).value)
