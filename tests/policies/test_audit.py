"""The fairness analyser on runs whose truth is known."""

import json
from dataclasses import replace

import numpy as np
import pytest

from policies.audit.analyzer import FairnessAnalyzer, Settings, declared, plan_of, stack
from policies.audit.as_json import report_json
from policies.audit.compared import corrected, gaps_of
from policies.audit.gate_file import read_gates
from policies.audit.people import people_of_scenario, read_people
from policies.audit.tested import read_margins
from policies.audit.text import report_text
from scenarios.errors import ScenarioError, UsageError
from scenarios.loader import load, load_text
from sim.catchments import people_by_group
from sim.evidence.estimated import Estimated
from sim.network import compile_network
from tests.invented_visits import SCENARIO, invented


def audit(results, **settings):
    return FairnessAnalyzer(Settings(**settings)).generate_fairness_report(results)


def wait_longer(columns, rng):
    columns["wait"] = np.where(columns["area"] == 1, columns["wait"] * 1.8, columns["wait"])


def gap(report, metric, group, attribute="area"):
    return next(g for g in report.gaps if (g.metric, g.attribute, g.group) == (metric, attribute, group))


def gates_of(tmp_path, text, results):
    path = tmp_path / "gates.yaml"
    path.write_text(text, encoding="utf-8")
    return read_gates(path, compile_network(results.scenario))


def test_a_planted_gap_is_found_and_named():
    report = audit(invented(change=wait_longer), reference="area=city")

    found = gap(report, "untreated_hours", "country")
    assert found.stands
    assert found.difference.low > 0.3
    assert found.adjusted.low > 0.3
    assert found.ratio.low > 1.1
    assert "country (Area) waits longer than city" in report.sentence
    (spread,) = [s for s in report.spreads if (s.metric, s.attribute) == ("untreated_hours", "area")]
    assert (spread.worst, spread.best, spread.worst_again) == ("country", "city", 1.0)
    assert spread.permutation.p_value < 0.01
    assert report.waits_test["area"].p_value < 0.01


def test_the_reference_is_everybody_unless_the_user_names_one():
    results = invented(change=wait_longer, area=(0.8, 0.2))

    assert audit(results).references == {"area": "overall"}
    assert audit(results, reference="best").references == {"area": "best"}
    assert audit(results, reference="area=country").references == {"area": "country"}
    city = gap(audit(results, reference="best"), "untreated_hours", "city")
    assert city.difference.low >= 0
    assert city.p_value is None


def test_a_simpson_reversal_is_told():
    def reverse(columns, rng):
        """The country goes where waits are short; at each place it waits longer than the city."""
        country = columns["area"] == 1
        columns["hospital"] = np.where(rng.random(len(country)) < np.where(country, 0.9, 0.1), 1, 0)
        columns["wait"] = rng.exponential(np.where(columns["hospital"] == 1, 0.5, 3.0) + 0.8 * country)
        columns["ends"] = np.zeros_like(columns["ends"])

    report = audit(invented(20, 400, change=reverse), reference="area=city")

    (turned,) = [r for r in report.reversals if r.metric == "untreated_hours"]
    assert turned.kind == "turns"
    assert turned.crude.high < 0 < turned.adjusted.low
    assert "the sign turns" in report_text(report)


def test_deaths_that_illness_explains_are_not_called_a_gap():
    def sicker(columns, rng):
        columns["acuity"] = np.where(
            rng.random(len(columns["area"])) < np.where(columns["area"] == 1, 0.2, 0.8), 1, 0
        )
        dies = rng.random(len(columns["area"])) < np.where(columns["acuity"] == 0, 0.3, 0.05)
        columns["ends"] = np.where(dies, 1, 0)

    report = audit(invented(20, 300, change=sicker), reference="area=city")

    country = next(m for m in report.mortality if m.group == "country")
    assert gap(report, "died_share", "country").difference.low > 0.05
    assert country.o_over_e.low < 1 < country.o_over_e.high
    assert country.mantel_haenszel.low < 1 < country.mantel_haenszel.high
    assert not gap(report, "died_share", "country").adjusted.excludes(0.0)


GATE = """
gates:
  - name: four-hour share
    outcome: treated_within
    within: 4 h
    by: area
    compare: difference
    to: best
    at_least: -5 points
"""


def test_a_gate_is_kept_undecided_or_breached_by_its_interval(tmp_path):
    results = invented()
    gates = gates_of(tmp_path, GATE, results)

    def starve(share):
        def change(columns, rng):
            late = (columns["area"] == 1) & (rng.random(len(columns["area"])) < share)
            columns["wait"] = np.where(late, 9.0, columns["wait"])

        return change

    verdicts = {
        share: audit(invented(change=starve(share)), gates=gates).gates[0] for share in (0, 0.06, 0.4)
    }

    assert [gate.verdict for gate in verdicts.values()] == ["kept", "undecided", "breached"]
    assert [gate.fails for gate in verdicts.values()] == [False, False, True]
    assert "none of 1 gate fails" in audit(results, gates=gates).sentence


def test_proof_of_compliance_fails_while_it_is_undecided(tmp_path):
    text = "gates: [{outcome: mortality_o_e, by: area, at_most: 1.2, proof: of compliance}]"

    few = invented(8, 60)
    many = invented(40, 800)

    undecided = audit(few, gates=gates_of(tmp_path, text, few)).gates[0]
    kept = audit(many, gates=gates_of(tmp_path, text, many)).gates[0]
    assert (undecided.verdict, undecided.fails) == ("undecided", True)
    assert (kept.verdict, kept.fails) == ("kept", False)


@pytest.mark.stats
@pytest.mark.timeout(300)
def test_a_gate_that_is_just_kept_is_called_breached_in_at_most_5_percent_of_studies(seed):
    """Five groups: four equally good, one exactly at the limit. The best is chosen from the data."""
    from policies.audit.gates import _less_the_best, verdict_of

    class Panel:
        groups = tuple("abcde")
        better = "higher"

    rng, breached = np.random.default_rng(seed), 0
    level = 1 - 0.05 / 5
    for _ in range(2000):
        shared = rng.normal(0, 0.02, size=(20, 1))
        shown = np.array([0.9, 0.9, 0.9, 0.9, 0.85]) + shared + rng.normal(0, 0.02, size=(20, 5))
        found = [_less_the_best(Panel, shown, g, level) for g in range(5)]
        breached += any(verdict_of(one, -0.05, None) == "breached" for one in found)

    assert breached / 2000 <= 0.05 + 4 * np.sqrt(0.05 * 0.95 / 2000)


def test_every_problem_of_a_gate_file_is_told_at_once_with_its_place(tmp_path):
    text = """
gates:
  - outcome: untreated_hour
    at_most: 3 h
  - name: twice
    outcome: treated_within
    compare: differnce
    by: aera
    at_least: soon
    wihtin: 4 h
  - name: twice
    outcome: died_share
    compare: ratio
    to: nobody
  - outcome: mortality_o_e
    compare: difference
    at_least: 2
    at_most: 1
"""
    with pytest.raises(ScenarioError) as error:
        gates_of(tmp_path, text, invented(1))

    told = str(error.value)
    for part in (
        'Did you mean "untreated_hours"?', 'Did you mean "within"?', 'Did you mean "difference"?',
        'there is no attribute "aera"', "Add the limit.", '"nobody"', "a smaller value than at_most",
        "compare: level for a standardised outcome", "gates.yaml:3:", "within, a duration such as 4 h",
    ):  # fmt: skip
        assert part in told, part
    assert "11 problems" in told or "problems" in told


@pytest.mark.parametrize(
    "text", ["", "gates: []", "gates: 3", "rules: [a]", "gates: [1, {outcome: died_share}]"]
)
def test_a_file_without_rules_is_refused_in_words(tmp_path, text):
    with pytest.raises(ScenarioError, match="expected"):
        gates_of(tmp_path, text, invented(1))


def test_the_gates_of_the_documentation_are_read():
    from pathlib import Path

    from scenarios.loader import load

    network = compile_network(load("region"))
    gates = read_gates(Path(__file__).resolve().parents[2] / "docs/examples/gates.yaml", network)

    assert [gate.low for gate in gates] == [-0.05, None, None]
    assert [gate.high for gate in gates] == [None, 1.2, 1.5]


def no_number_is_missing(report):
    text = json.dumps(report_json(report), allow_nan=False)
    assert "NaN" not in text
    said = report_text(report, all_groups=True)
    assert "nan" not in said.split()
    assert "inf" not in said.split()
    return said


def test_one_run_decides_nothing(tmp_path):
    results = invented(1, 400, change=wait_longer)
    report = audit(results, gates=gates_of(tmp_path, GATE, results))

    said = no_number_is_missing(report)
    assert "one run cannot tell a gap from chance" in report.sentence
    assert "nothing is decided" in said
    assert report.gates[0].verdict == "undecided"
    assert all(g.p_value is None and not g.difference.bounded for g in report.gaps)


def test_zero_deaths_are_few_and_not_none():
    def immortal(columns, rng):
        columns["ends"] = np.where(columns["ends"] == 1, 0, columns["ends"])

    report = audit(invented(change=immortal))

    said = no_number_is_missing(report)
    assert "Not seen in any run, which does not prove that it never happens: died" in said
    assert report.mortality == ()
    assert not any(g.metric == "died_share" for g in report.gaps)
    overall = next(v for v in report.levels if (v.metric, v.attribute) == ("died_share", ""))
    assert (overall.events, overall.estimate.low) == (0, 0)
    assert 0 < overall.estimate.high < 0.01
    assert overall.estimate.method == "Wilson"


def test_one_group_empty_groups_and_small_groups_are_said():
    one = audit(invented(area=(1.0, 0.0)))
    small = audit(invented(20, 200, area=(0.985, 0.015)))

    assert "Nothing to compare by Area" in no_number_is_missing(one)
    assert "not two groups to compare" in one.sentence
    assert {v.group for v in one.levels} == {"all", "city"}
    assert "Not shown: Area: city, country" in no_number_is_missing(small)
    assert {v.group for v in small.levels} == {"all"}


def test_all_censored_and_nobody_waiting_are_said():
    def unseen(columns, rng):
        columns["presented"] = np.full(len(columns["presented"]), 20 * 24 - 0.5)
        columns["wait"] = np.full(len(columns["wait"]), 9.0)

    def at_once(columns, rng):
        columns["wait"] = np.zeros(len(columns["wait"]))
        columns["ends"] = np.zeros_like(columns["ends"])

    no_number_is_missing(audit(invented(change=unseen)))
    calm = audit(invented(change=at_once))
    no_number_is_missing(calm)
    (spread,) = [s for s in calm.spreads if s.metric == "untreated_hours"]
    assert (spread.worst, spread.largest_gap.value, spread.permutation.p_value) == ("", 0.0, 1.0)
    assert "no group is clearly worse off" in calm.sentence


def test_a_hidden_group_is_in_no_part_of_the_report(tmp_path):
    results = invented(20, 200, area=(0.985, 0.015))
    report = audit(results, by=("area", "people"), gates=gates_of(tmp_path, GATE, results))
    told = report_json(report)

    for part in ("levels", "gaps", "mortality", "per_head"):
        assert not [row for row in told[part] if row.get("group") == "country"], part
    (line,) = [line for line in told["gates"][0]["lines"] if line["group"] == "country"]
    assert (line["estimate"]["value"], line["why"]) == (None, "too few to be shown")


def test_outcomes_per_head_take_their_people_from_a_table(tmp_path):
    results = invented(5, 200)
    network = compile_network(results.scenario)
    path = tmp_path / "people.csv"
    path.write_text("attribute,group,people\narea,city,1000\narea,country,4000\n", encoding="utf-8")

    report = audit(results, people=read_people(path, network))

    city, country = report.per_head
    came = sum((v["area"] == "city").sum() for v in results.visits.values()) / 5
    assert city.came.value == pytest.approx(came)
    assert country.came.value < city.came.value / 3
    assert not any("--people" in note for note in report.notes)
    assert any("--people" in note for note in audit(results).notes)


def test_every_problem_of_a_table_of_people_is_told_at_once(tmp_path):
    path = tmp_path / "people.csv"
    path.write_text(
        "attribute,group,people\naera,city,1\narea,town,5\narea,city,0\narea,city\n", encoding="utf-8"
    )

    with pytest.raises(ScenarioError) as error:
        read_people(path, compile_network(invented(1).scenario))

    assert len(error.value.problems) == 4


def test_equalised_odds_need_a_declared_y():
    results = invented()
    open_, closed = audit(results), audit(results, should=declared("acuity=urgent", results.scenario))

    assert "not declared" in open_.decisions[0].odds_difference.why
    assert closed.decisions[0].odds_difference.bounded
    assert closed.decisions[0].should == "acuity urgent"
    with pytest.raises(UsageError, match="--should"):
        declared("acuity=green", results.scenario)


def test_what_does_not_exist_is_told_with_what_does():
    results = invented(1)

    for settings, words in (
        ({"by": ("aera", "people*people")}, ['Did you mean "area"?', "two different attributes"]),
        ({"reference": "area=town,people=red"}, ["area has no 'town'", "names no attribute"]),
    ):
        with pytest.raises(UsageError) as error:
            audit(results, **settings)
        assert all(word in str(error.value) for word in words)


def test_the_same_run_gives_the_same_report():
    assert report_json(audit(invented())) == report_json(audit(invented()))


@pytest.mark.stats
@pytest.mark.slow
def test_from_visits_to_gaps_5_percent_of_fair_networks_are_called_unfair(seed):
    """300 networks in which areas differ by chance only, from the visits to the corrected p value."""
    called = []
    for i in range(300):
        results = invented(8, 80, seed=seed % 1000 + i)
        network = compile_network(results.scenario)
        plan = plan_of(Settings(), network, ("area",))
        found = stack(results, network, plan)
        panel, nobody = found.panel("untreated_hours", "area"), np.zeros(2, dtype=bool)
        (one,) = corrected(list(gaps_of(found, panel, nobody, "city", np.ones((2, 8)))))
        called.append((one.stands, one.adjusted_p <= 0.05))

    bound = 4 * np.sqrt(0.05 * 0.95 / 300)
    assert np.abs(np.mean(called, axis=0) - 0.05).max() <= bound


def test_an_estimate_without_an_interval_excludes_nothing():
    assert not Estimated(1.0).excludes(0.0)


@pytest.mark.parametrize("wait", [0.0, 9.0])
def test_one_run_without_a_single_case_does_not_keep_a_gate(tmp_path, wait):
    """0 of 400 in one run is no evidence about other runs, whatever an interval on patients would say."""
    results = invented(1, 400, change=lambda columns, rng: columns.update(wait=np.full(400, wait)))
    text = "gates: [{outcome: treated_within, within: 4 h, by: area, at_least: 90 %}]"

    report = audit(results, gates=gates_of(tmp_path, text, results))

    assert report.gates[0].verdict == "undecided"
    assert not any(level.estimate.bounded for level in report.levels)


def test_an_interval_of_a_share_stays_between_0_and_100_percent():
    def rare(columns, rng):
        """One run in five is bad."""
        columns["ends"] = np.where(rng.random(len(columns["ends"])) < 0.05 * (rng.random() < 0.2), 1, 0)

    report = audit(invented(10, 300, change=rare))

    shares = [level.estimate for level in report.levels if report.titles[level.metric][1] == "share"]
    assert all(0 <= one.low <= one.value <= one.high <= 1 for one in shares)
    assert "Wilson over runs" in {one.method for one in shares}


@pytest.mark.stats
@pytest.mark.timeout(300)
def test_a_ratio_to_the_best_that_is_just_kept_is_called_breached_in_at_most_5_percent_of_studies(seed):
    """Five groups: four equally good, one exactly 1.5 times as bad."""
    from policies.audit.gates import _over_the_best, verdict_of
    from sim.evidence.bootstrap import resamples

    class Panel:
        groups = tuple("abcde")
        better = "lower"

    rng, breached, weights = np.random.default_rng(seed), 0, resamples(1, 20)
    for _ in range(2000):
        shared = rng.lognormal(0, 0.1, size=(20, 1))
        shown = np.array([1.0, 1.0, 1.0, 1.0, 1.5]) * shared * rng.lognormal(0, 0.15, size=(20, 5))
        Panel.overall = shown.mean(axis=1)
        found = _over_the_best(Panel, shown, 4, weights, 1 - 0.05 / 5)
        breached += verdict_of(found, None, 1.5) == "breached"

    assert breached / 2000 <= 0.05 + 4 * np.sqrt(0.05 * 0.95 / 2000)


def test_every_test_of_a_gap_stands_beside_the_others():
    report = audit(
        invented(change=wait_longer), reference="area=city", by=("area", "people"),
        margins={"untreated_hours": 5.0, "within_target": 0.001},
    )  # fmt: skip

    found = {(t.metric, t.attribute, t.group): t for t in report.gap_tests}
    wait = found["untreated_hours", "area", "country"]
    assert wait.paired.p_value == gap(report, "untreated_hours", "country").p_value
    assert max(wait.paired.p_value, wait.ranks.p_value) < 0.05
    assert wait.cliffs_delta > 0.4
    assert wait.equivalence.p_value < 0.05
    assert wait.cohens_d > 0.5
    assert found["within_target", "area", "country"].equivalence.p_value > 0.05
    assert found["left_share", "area", "country"].equivalence.why == "no margin is stated"
    assert {t.attribute for t in report.group_tests} == {"people"}
    said = report_text(report, tests=True)
    for words in (
        "Kruskal-Wallis",
        "Friedman",
        "±5.00 h: shown",
        "points: not shown",
        "no margin stated",
    ):
        assert words in said, words
    assert "Signed ranks" not in report_text(report)


@pytest.mark.parametrize("runs", [1, 2, 5])
def test_tests_of_few_runs_say_what_is_missing(runs):
    report = audit(invented(runs, 400), by=("area", "people"), margins={"untreated_hours": 1.0})

    assert report.gap_tests
    assert all(t.ranks.p_value is None for t in report.gap_tests)
    no_number_is_missing(report)
    assert "nan" not in report_text(report, tests=True)


def test_a_group_that_is_absent_in_some_runs_is_tested_in_the_others():
    def only_sometimes(columns, rng):
        if rng.random() < 0.4:
            columns["area"] = np.zeros_like(columns["area"])

    report = audit(invented(14, 300, change=only_sometimes), by=("area", "area*people"))

    country = next(t for t in report.gap_tests if t.group == "country" and t.metric == "untreated_hours")
    assert 1 < country.n_runs < 14
    assert "nobody at risk in some runs" in no_number_is_missing(report)


def test_no_test_is_made_against_a_best_off_chosen_from_the_same_runs():
    assert audit(invented(), reference="best").gap_tests == ()


def test_margins_are_read_with_their_units_or_refused():
    units = {"untreated_hours": "h", "within_target": "share"}

    assert read_margins("untreated_hours=15 min, within_target=2 points", units) == {
        "untreated_hours": 0.25, "within_target": 0.02
    }  # fmt: skip
    with pytest.raises(UsageError) as error:
        read_margins("untreated_hour=1 h, within_target=-2 points, within_target", units)
    assert len(str(error.value).splitlines()) == 3


def test_people_are_those_of_the_scenario_where_it_has_a_population():
    scenario = load("flu-season")

    found = people_of_scenario(scenario, ("age", "age*rurality", "acuity"))

    assert found["hospital"] == {"city": 44000, "coast": 16000}
    assert found[""] == {"all": 60000}
    assert found["age"] == pytest.approx({"child": 13000, "adult": 36600, "elderly": 10400})
    assert found["age*rurality"]["elderly, rural"] == pytest.approx(0.32 * 16000)
    assert "acuity" not in found
    around = people_by_group(scenario, "age")
    assert sum(around[h]["elderly"] for h in around) == pytest.approx(found["age"]["elderly"])


def test_figures_per_head_of_a_catchment_stand_beside_those_per_patient():
    results = invented(6, 300)
    written = SCENARIO.replace("{north: {beds", "{north: {population: 5000, beds")
    report = audit(replace(results, scenario=load_text(written)))

    (north,) = report.per_head  # the south's people are not known, so neither is the whole
    came = sum((v["hospital"] == "north").sum() for v in results.visits.values()) / 6
    assert (north.attribute, north.group, north.people) == ("hospital", "north", 5000)
    assert north.came.value == pytest.approx(1000 * came / 5000)
    assert "north (hospital)" in report_text(report)


def test_a_group_that_is_given_nothing_at_all_is_shown_and_breaches_its_gate(tmp_path):
    """Few cases hide a share of harm. Where more is better, none at all is the finding."""

    def starve(columns, rng):
        columns["wait"] = np.where(columns["area"] == 1, 30.0, columns["wait"])

    results = invented(change=starve)
    report = audit(results, gates=gates_of(tmp_path, GATE, results))

    country = next(v for v in report.levels if (v.metric, v.group) == ("within_target", "country"))
    assert (country.events, country.estimate.low) == (0, 0)
    assert 0 < country.estimate.high < 0.05
    assert report.gates[0].verdict == "breached"
    people = {"area": {"city": 1000.0, "country": 1000.0}}
    assert all(row.treated.known for row in audit(results, people=people).per_head if row.attribute == "area")
