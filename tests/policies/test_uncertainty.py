"""What is ignorance and what is chance, against models whose answer is known."""

import json

import numpy as np
import pytest
from scipy import stats

from policies.objective import parse_objective
from policies.told import told_text
from policies.uncertainty.draws import changes_of, figures, quantile, unit_draws
from policies.uncertainty.sensitivity import evaluated, noise_share, sobol_indices, sobol_points, tornado
from policies.uncertainty.split import components, split
from policies.uncertainty.study import Study, all_together, nested, one_at_a_time
from policies.uncertainty.telling import tell_sobol, tell_split, tell_tornado
from scenarios.errors import MissingExtra, ScenarioError, UsageError
from scenarios.loader import load_text, resolve, resolve_text, scenario_hash, varied
from scenarios.uncertain import Uncertain
from tests.conftest import seed_of

MM1 = """
fairward: 1
name: mm1
horizon: 400 days
warm_up: 10 days
decide_every: 0
tau: 200 h
classes: {patient: {pathway: stay}}
pathways: {stay: {steps: {bed: {needs: bed, duration: {exponential: 1 h}}}}}
hospitals: {one: {beds: {bed: 1}}}
arrivals: {all: {hospital: one, classes: patient, poisson: 0.5 per hour}}
"""
RATES = (0.2, 0.4, 0.6)
UNCERTAIN_RATE = """
uncertain:
  rate: {paths: arrivals.all.poisson, values: [0.2 per hour, 0.4 per hour, 0.6 per hour], source: assumed}
"""
CLINIC = "docs/examples/uncertain-clinic.yaml"


def two_level(studies, draws, inner, between, within, seed, law="normal"):
    rng = np.random.Generator(np.random.Philox(seed))
    a = (
        rng.normal(size=(studies, draws, 1))
        if law == "normal"
        else (rng.random((studies, draws, 1)) - 0.5) * 12**0.5
    )
    return between * a + within * rng.normal(size=(studies, draws, inner))


@pytest.mark.parametrize(("between", "within"), [(1.0, 1.0), (0.5, 2.0), (0.0, 1.0)])
def test_the_split_is_unbiased_in_200_simulated_studies_of_a_two_level_model(between, within):
    runs = two_level(200, 40, 5, between, within, seed_of(f"split {between} {within}"))
    epistemic, aleatoric = components(runs)

    for found, truth in ((epistemic, between**2), (aleatoric, within**2)):
        assert abs(found.mean() - truth) < 4 * found.std(ddof=1) / np.sqrt(200)


def test_chance_alone_would_look_like_ignorance_without_the_correction():
    runs = two_level(200, 40, 5, 0.0, 1.0, seed_of("no ignorance"))
    naive = runs.mean(axis=-1).var(axis=-1, ddof=1)

    assert abs(naive.mean() - 1 / 5) < 4 * naive.std(ddof=1) / np.sqrt(200)


@pytest.mark.parametrize("law", ["normal", "uniform"])
def test_intervals_of_the_split_cover_the_truth_in_200_studies(law):
    """Bound: 4 binomial standard errors below 95 % less the two points that the jackknife is known to lack."""
    runs = two_level(200, 40, 5, 1.0, 1.5, seed_of(f"coverage {law}"), law)
    truth = {"epistemic": 1.0, "aleatoric": 2.25, "total": 3.25, "share": 1 / 3.25}
    found = [split(one) for one in runs]

    for name, true in truth.items():
        covered = np.mean([getattr(one, name).low <= true <= getattr(one, name).high for one in found])
        assert covered > 0.93 - 4 * np.sqrt(0.95 * 0.05 / 200), name


def test_a_negative_estimate_is_shown_as_none_with_the_raw_value():
    runs = next(r for r in two_level(50, 12, 3, 0.0, 1.0, seed_of("negative")) if components(r)[0] < 0)
    found = split(runs)

    assert found.epistemic.value == 0
    assert found.epistemic_raw == pytest.approx(float(components(runs)[0]))
    assert found.share.value == 0
    assert found.share.low == 0


def test_few_draws_have_no_interval_and_one_run_a_draw_is_refused():
    few = split(two_level(1, 5, 3, 1.0, 1.0, 1)[0])

    assert not few.share.bounded
    assert few.share.why == "fewer than 10 draws"
    with pytest.raises(ValueError, match="at least 2 runs"):
        split(np.zeros((20, 1)))


@pytest.mark.slow
@pytest.mark.stats
def test_the_split_of_a_simulated_queue_agrees_with_the_theory_of_mm1():
    """Wq = rho / (mu - lambda) with mu = 1: the epistemic variance is that of Wq over the three rates."""
    resolved = resolve_text(MM1.replace("400 days", "200 days") + UNCERTAIN_RATE)
    study = Study(resolved, ("neutral",), parse_objective("wait_hours_served"), 7)
    drawn = nested(study, 45, 3)
    theory = np.array([rate / (1 - rate) for rate in RATES])
    rate_of = (
        drawn.values["changes"].str.extract(r"([0-9.]+) per hour")[0].astype(float).to_numpy().reshape(45, 3)
    )
    outcome = drawn.values["outcome"].to_numpy().reshape(45, 3)

    for rate, true in zip(RATES, theory, strict=True):
        seen = outcome[rate_of == rate]
        assert abs(seen.mean() - true) < 4 * seen.std(ddof=1) / np.sqrt(len(seen))
    # The draws are a sample of the three rates: the variance of theory at the rates drawn, to the noise of the means.
    expected = theory[np.searchsorted(RATES, rate_of[:, 0])].var(ddof=1)
    noise = (
        np.sqrt(2 * drawn.split.aleatoric.value / 3 * expected / 45)
        + drawn.split.aleatoric.value / 3 / 45**0.5
    )
    assert abs(drawn.split.epistemic_raw - expected) < 4 * noise
    assert drawn.split.epistemic.low < theory.var() < drawn.split.epistemic.high


ISHIGAMI_A, ISHIGAMI_B = 7.0, 0.1


def ishigami(u):
    x = -np.pi + 2 * np.pi * u
    return np.sin(x[:, 0]) + ISHIGAMI_A * np.sin(x[:, 1]) ** 2 + ISHIGAMI_B * x[:, 2] ** 4 * np.sin(x[:, 0])


def test_sobol_indices_of_the_ishigami_function_are_the_known_ones():
    """Ishigami & Homma (1990): V1, V2 and V13 in closed form."""
    pytest.importorskip("SALib")
    a, b, names = ISHIGAMI_A, ISHIGAMI_B, ("x1", "x2", "x3")
    v1, v2, v13 = 0.5 * (1 + b * np.pi**4 / 5) ** 2, a**2 / 8, b**2 * np.pi**8 * (1 / 18 - 1 / 50)
    total = v1 + v2 + v13
    truth = {"x1": (v1, v1 + v13), "x2": (v2, v2), "x3": (0.0, v13)}

    points = sobol_points(names, 1024, seed=3)
    found = sobol_indices(names, evaluated(points, ishigami), seed=3)
    again = sobol_indices(names, evaluated(sobol_points(names, 1024, seed=3), ishigami), seed=3)

    assert points.shape == (1024 * 5, 3)
    assert again == found or np.isnan(found.noise_share)
    assert [index.first for index in again.indices] == [index.first for index in found.indices]
    assert abs(found.variance - total) < 0.05 * total
    for index in found.indices:
        first, whole = truth[index.name]
        # SALib's half-widths are 1.96 standard errors.
        assert abs(index.first - first / total) < 4 * index.first_half / 1.96
        assert abs(index.total - whole / total) < 4 * index.total_half / 1.96


def test_the_share_of_luck_between_points_is_told():
    rng = np.random.Generator(np.random.Philox(seed_of("noise share")))
    points, runs = 400, 5
    signal = rng.normal(size=(points, 1))
    shared = rng.normal(size=(1, runs))
    outcomes = signal + 3 * shared + rng.normal(size=(points, runs))

    # Of the variance of the means, 1 + 1/5, a sixth is luck; the shared luck is none of it.
    assert noise_share(outcomes) == pytest.approx(1 / 6, abs=4 * (1 / 6) * np.sqrt(2 / points))
    assert np.isnan(noise_share(outcomes[:, :1]))


def test_without_an_effect_there_are_no_indices():
    pytest.importorskip("SALib")
    with pytest.raises(UsageError, match="the same at all points"):
        sobol_indices(("a", "b"), np.ones((16, 2)), seed=1)
    with pytest.raises(UsageError, match="a power of 2"):
        sobol_points(("a",), 60, seed=1)


def test_without_salib_the_extra_to_install_is_named(monkeypatch):
    import sys

    for name in ("SALib", "SALib.sample", "SALib.analyze"):
        monkeypatch.setitem(sys.modules, name, None)

    with pytest.raises(MissingExtra, match="sensitivity"):
        sobol_points(("a",), 64, seed=1)
    with pytest.raises(MissingExtra, match="sensitivity"):
        sobol_indices(("a",), np.arange(12.0)[:, None], seed=1)


def test_a_tornado_ranks_by_size_and_pairs_by_run():
    base = np.array([1.0, 2.0, 3.0, 4.0])
    low = np.stack([base - 1, base + 0.1])
    high = np.stack([base + np.array([2.0, 2.1, 1.9, 2.0]), base + np.array([0.3, -0.2, 0.2, 0.1])])
    first, second = tornado(("small", "large")[::-1], base, low, high)

    assert (first.name, second.name) == ("large", "small")
    assert first.low.mean == pytest.approx(-1)
    assert first.swing.mean == pytest.approx(3)
    assert first.p_value < 0.001
    assert second.p_value > 0.05


@pytest.mark.parametrize(
    ("belief", "frozen"),
    [
        ({"uniform": {"low": "1 h", "high": "3 h"}}, stats.uniform(1, 2)),
        ({"triangular": {"low": 1, "mode": 2, "high": 4}}, stats.triang(1 / 3, 1, 3)),
        ({"normal": {"mean": 10, "sd": 2}}, stats.truncnorm(-5, np.inf, 10, 2)),
        ({"lognormal": {"mean": "4 per day", "sd": "1 per day"}}, None),
        ({"gamma": {"mean": 4, "sd": 1}}, stats.gamma(16, scale=0.25)),
        ({"beta": {"mean": "20 %", "sd": "5 %"}}, None),
    ],
)
def test_a_belief_has_the_mean_and_the_spread_that_it_says(belief, frozen):
    one = Uncertain(paths=("tau",), source="assumed", **belief)
    u = (np.arange(20000) + 0.5) / 20000
    drawn = quantile(one, u)
    size = one.parameters

    if frozen is not None:
        assert drawn == pytest.approx(frozen.ppf(u))
    if "mean" in size and one.law != "normal":
        assert drawn.mean() == pytest.approx(size["mean"], rel=1e-3)
        assert drawn.std() == pytest.approx(size["sd"], rel=1e-2)


def test_another_figure_moves_no_draw_of_the_first():
    alone, beside = unit_draws(("demand",), 20, 3), unit_draws(("beds", "demand"), 20, 3)

    assert alone[:, 0].tolist() == beside[:, 1].tolist()


def test_draws_are_written_as_their_place_wants_them():
    known = {
        "beds": Uncertain(paths=("hospitals.one.beds.bed",), uniform={"low": 1, "high": 3}, source="assumed"),
        "stay": Uncertain(
            paths=("pathways.stay.steps.bed.duration",),
            uniform={"low": "1 h", "high": "3 h"},
            source="assumed",
        ),
        "demand": Uncertain(
            paths=("arrivals.all.scale",), change="times", uniform={"low": 1, "high": 3}, source="assumed"
        ),
    }
    (one,) = changes_of(known, np.array([[0.7, 0.5, 0.25]]))

    assert one == (
        "hospitals.one.beds.bed=2",
        "pathways.stay.steps.bed.duration=2 h",
        "arrivals.all.scale*=1.5",
    )
    changed = varied(load_text(MM1), [text for text in one if "duration" not in text])
    assert changed.hospitals["one"].beds["bed"].count == 2
    assert changed.arrivals["all"].scale == 1.5


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ("{paths: arrivals.al.scale, uniform: {low: 1, high: 2}, source: assumed}", 'Did you mean "all"?'),
        (
            "{paths: hospitals.one.beds.bed, change: times, uniform: {low: 1.1, high: 2}, source: assumed}",
            "whole number",
        ),
        (
            "{paths: arrivals.all.ambulance, uniform: {low: 0.5, high: 2}, source: assumed}",
            "share from 0 to 1",
        ),
        ("{paths: name, uniform: {low: 1, high: 2}, source: assumed}", "a figure of the model"),
        ("{paths: tau, uniform: {low: 2 h, high: 1 h}, source: assumed}", "low below high"),
        ("{paths: tau, uniform: {low: 2 h, high: 3 per day}, source: assumed}", "of one kind"),
        ("{paths: tau, normal: {mean: 2 h, sd: 2 h}, source: assumed}", "at least two sd"),
        ("{paths: tau, beta: {mean: 0.5, sd: 0.6}, source: assumed}", "an sd below"),
        ("{paths: tau, values: [3 h, 3 h], source: assumed}", "at least two different values"),
        ("{paths: tau, uniform: {low: 2 h, high: 3 h}}", "source"),
        ("{paths: tau, source: assumed}", "exactly one of"),
    ],
)
def test_a_belief_that_cannot_be_is_refused_with_its_place(entry, words):
    with pytest.raises(ScenarioError) as caught:
        load_text(MM1 + f"uncertain: {{figure: {entry}}}\n")

    assert words in str(caught.value)
    assert "uncertain.figure" in str(caught.value)


def test_a_scenario_without_the_new_sections_keeps_its_hash():
    before = load_text(MM1)

    assert {"uncertain", "costs", "counterfactual"} & set(before.model_dump(exclude_none=True)) == set()
    assert scenario_hash(load_text(MM1 + UNCERTAIN_RATE)) != scenario_hash(before)
    with pytest.raises(UsageError, match="no `uncertain`"):
        figures(before)


def test_the_three_studies_of_a_small_scenario_run_resume_and_are_told(tmp_path):
    pytest.importorskip("SALib")
    text = MM1.replace("400 days", "4 days").replace("10 days", "1 day")
    resolved = resolve_text(text + UNCERTAIN_RATE)
    study = Study(resolved, ("neutral",), parse_objective("untreated_hours"), 1)

    drawn = nested(study, 12, 2, folder=tmp_path)
    again = nested(study, 12, 2, folder=tmp_path)
    swings = one_at_a_time(study, 3, folder=tmp_path)
    together = all_together(study, 4, 2, folder=tmp_path)

    assert again.values.equals(drawn.values)
    assert drawn.values["replication"].is_unique
    assert "Not knowing the figures makes" in told_text(tell_split(study, drawn))
    assert "paired by run" in told_text(tell_tornado(study, swings))
    assert "12 points x 2 runs" in tell_sobol(study, together).sentence
    for told in (tell_split(study, drawn), tell_tornado(study, swings), tell_sobol(study, together)):
        assert json.loads(json.dumps(told.content, allow_nan=False))["seed"] == 1


def test_the_difference_of_two_policies_is_an_outcome_too(tmp_path):
    study = Study(
        resolve(CLINIC, ["horizon=3 days", "warm_up=6 h"]),
        ("first-come", "acuity"),
        parse_objective("untreated_hours:acuity=urgent"),
        1,
    )

    drawn = nested(study, 10, 2, folder=tmp_path)

    assert drawn.better is not None
    assert drawn.split.mean.mean < 0
    assert "acuity was better in" in tell_split(study, drawn).sentence
