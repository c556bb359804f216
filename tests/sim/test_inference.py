import math
from hashlib import blake2b

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from sim.inference import (
    FEWEST_RUNS,
    enough,
    half_width,
    in_system_by_hour,
    interval,
    mser5,
    paired,
    summarise,
    welch,
)
from sim.tables import Tables
from tests.sim.handmade import story


@pytest.fixture
def rng(request) -> np.random.Generator:
    name = request.node.name.encode()
    return np.random.default_rng(int.from_bytes(blake2b(name, digest_size=8).digest(), "big"))


def run_of(*values: float, n: int = 10) -> pd.DataFrame:
    """The outcomes of one run: a row for each value, in hospitals 0, 1, ..."""
    return pd.DataFrame(
        {
            "metric": pd.array(["wait"] * len(values), dtype="str"),
            "attribute": pd.array([""] * len(values), dtype="str"),
            "group": pd.array(["all"] * len(values), dtype="str"),
            "hospital": pd.array([str(i) for i in range(len(values))], dtype="str"),
            "n": n,
            "value": values,
        }
    )


def test_summaries_agree_with_scipy(rng):
    values = rng.normal(5, 2, size=(7, 3))

    summary = summarise([run_of(*row, n=i) for i, row in enumerate(values)])

    theirs = stats.ttest_1samp(values, 0).confidence_interval(0.95)
    assert summary["mean"].tolist() == pytest.approx(values.mean(axis=0))
    assert summary["sd"].tolist() == pytest.approx(values.std(axis=0, ddof=1))
    assert summary["low"].tolist() == pytest.approx(theirs.low)
    assert summary["high"].tolist() == pytest.approx(theirs.high)
    assert summary["n_runs"].tolist() == [7] * 3
    assert summary["n_mean"].tolist() == [3] * 3


def test_runs_without_a_value_are_left_out_and_said_to_be():
    summary = summarise([run_of(1.0, math.nan), run_of(math.nan, math.nan), run_of(3.0, 7.0)])

    assert summary["n_runs"].tolist() == [2, 1]
    assert summary["mean"].tolist() == [2.0, 7.0]
    assert summary.loc[0, "high"] == pytest.approx(2 + stats.t.ppf(0.975, 1))
    assert summary.loc[1, ["sd", "low", "high"]].isna().all()


def test_no_run_with_a_value_has_no_mean():
    summary = summarise([run_of(math.nan), run_of(math.nan)])

    assert summary["n_runs"].tolist() == [0]
    assert summary[["mean", "sd", "low", "high"]].isna().all(axis=None)


def test_one_run_has_a_mean_and_no_interval():
    summary = summarise([run_of(4.0)])

    assert summary.loc[0, "mean"] == 4
    assert summary.loc[0, ["sd", "low", "high"]].isna().all()


def test_equal_runs_have_an_interval_of_no_width():
    summary = summarise([run_of(0.1)] * 3)

    assert summary.loc[0, ["mean", "sd", "low", "high"]].tolist() == pytest.approx([0.1, 0, 0.1, 0.1])


def test_a_row_that_only_some_runs_have_counts_those_runs():
    summary = summarise([run_of(1.0), run_of(2.0, 5.0)]).set_index("hospital")

    assert summary["n_runs"].to_dict() == {"0": 2, "1": 1}


def test_runs_come_in_a_list_by_number_or_in_one_frame_to_the_same_bytes(rng):
    frames = {number: run_of(*rng.normal(size=2)) for number in (3, 1, 2)}
    by_number = dict(sorted(frames.items()))
    one = pd.concat([frame.assign(replication=number) for number, frame in frames.items()], ignore_index=True)

    listed = summarise(list(by_number.values()))

    pd.testing.assert_frame_equal(listed, summarise(frames), check_exact=True)
    pd.testing.assert_frame_equal(listed, summarise(one), check_exact=True)


def test_paired_differences_agree_with_scipy(rng):
    a = rng.normal(5, 2, size=(9, 2))
    b = a + rng.normal(1, 0.2, size=(9, 2))

    differences = paired([run_of(*row) for row in a], [run_of(*row) for row in b])

    theirs = stats.ttest_rel(b, a).confidence_interval(0.95)
    assert differences["mean"].tolist() == pytest.approx((b - a).mean(axis=0))
    assert differences["low"].tolist() == pytest.approx(theirs.low)
    assert differences["high"].tolist() == pytest.approx(theirs.high)
    assert differences["mean_a"].tolist() == pytest.approx(a.mean(axis=0))
    assert differences["mean_b"].tolist() == pytest.approx(b.mean(axis=0))


def test_pairs_are_made_by_number_and_need_a_value_on_both_sides():
    a = {1: run_of(1.0, 1.0), 2: run_of(2.0, math.nan), 4: run_of(9.0, 9.0)}
    b = {2: run_of(5.0, 5.0), 1: run_of(2.0, 3.0), 3: run_of(7.0, 7.0)}

    differences = paired(a, b)

    assert differences["n_runs"].tolist() == [2, 1]
    assert differences["mean"].tolist() == [2.0, 2.0]
    assert differences["mean_a"].tolist() == [1.5, 1.0]


def test_pairing_what_cannot_be_paired_is_refused():
    with pytest.raises(ValueError, match=r"^expected as many runs on both sides, got 1 and 2"):
        paired([run_of(1.0)], [run_of(1.0)] * 2)
    with pytest.raises(
        ValueError, match=r"^expected replications with the same numbers on both sides, got none$"
    ):
        paired({1: run_of(1.0)}, {2: run_of(1.0)})
    with pytest.raises(ValueError, match=r"^expected at least one replication, got none$"):
        summarise([])


def test_the_half_width_is_half_the_interval(rng):
    values = rng.normal(size=5)

    found = interval(values)

    assert found.high - found.low == pytest.approx(2 * half_width(values))
    assert found.mean == pytest.approx((found.high + found.low) / 2)
    assert math.isnan(half_width([1.0]))
    assert math.isnan(half_width([1.0, math.nan]))


@pytest.mark.stats
@pytest.mark.parametrize("runs", [2, 5, 20])
def test_intervals_cover_the_truth_as_often_as_they_say(rng, runs):
    experiments = 4000
    values = rng.normal(3, 2, size=(runs, experiments))

    summary = summarise([run_of(*row) for row in values])

    covered = ((summary["low"] <= 3) & (summary["high"] >= 3)).mean()
    assert abs(covered - 0.95) < 4 * math.sqrt(0.95 * 0.05 / experiments)


def test_a_stopping_rule_is_not_satisfied_by_few_runs_that_agree():
    agreeing = [run_of(1.0 + i * 1e-6) for i in range(FEWEST_RUNS)]

    assert not enough(agreeing[:-1], "wait", 0.1, hospital="0")
    assert enough(agreeing, "wait", 0.1, hospital="0")
    assert not enough(agreeing, "wait", 1e-7, hospital="0")


def test_a_stopping_rule_counts_the_runs_that_have_a_value():
    runs = [run_of(math.nan)] + [run_of(1.0)] * (FEWEST_RUNS - 1)

    assert not enough(runs, "wait", 0.1, hospital="0")


def test_a_stopping_rule_about_nothing_is_refused():
    with pytest.raises(ValueError, match=r"^expected a row of the outcomes, got 'wate', '', 'all', '0'$"):
        enough([run_of(1.0)], "wate", 0.1, hospital="0")


@pytest.mark.stats
def test_stopping_at_the_first_narrow_interval_costs_little_coverage(rng):
    """The figure in the docstring of FEWEST_RUNS, with a margin of four standard errors below 0.92."""
    experiments, most = 4000, 120
    values = rng.normal(size=(experiments, most))
    n = np.arange(1, most + 1)
    mean = np.cumsum(values, axis=1) / n
    variance = (np.cumsum(values**2, axis=1) - n * mean**2)[:, 1:] / (n[1:] - 1)
    half = stats.t.ppf(0.975, n[1:] - 1) * np.sqrt(variance / n[1:])
    for wanted in (0.4, 0.6, 0.8):
        stops = np.argmax((half <= wanted) & (n[1:] >= FEWEST_RUNS), axis=1)
        here = np.arange(experiments)
        covered = (np.abs(mean[here, stops + 1]) <= half[here, stops]).mean()
        assert covered > 0.92 - 4 * math.sqrt(0.92 * 0.08 / experiments)


def test_mser_cuts_what_is_not_like_the_rest():
    series = [9.0] * 10 + [1.0, 2.0] * 50

    assert mser5(series) == 10


def test_mser_cuts_nothing_from_a_steady_series():
    assert mser5([1.0, 2.0, 3.0, 2.0, 1.0] * 20) == 0


def test_mser_does_not_answer_for_a_series_without_a_steady_state():
    assert mser5(np.arange(100.0)) is None
    assert mser5([1.0] * 19) is None


def autoregression(rng, start, n, phi=0.8):
    series, x = [], start
    for shock in rng.normal(size=n):
        x = phi * x + shock
        series.append(x)
    return np.array(series)


@pytest.mark.stats
def test_mser_finds_the_end_of_the_transient_of_an_autoregression(rng):
    """From 30 the mean decays as 30 x 0.8^k: below one standard deviation (1.67) at 13, below a tenth at 24."""
    runs = [autoregression(rng, 30.0, 600) for _ in range(200)]
    steady = [autoregression(rng, 0.0, 600) for _ in range(200)]

    found = [(mser5(run), run) for run in runs]
    cuts = [at for at, _ in found if at is not None]
    biased = np.mean([run.mean() for run in runs])
    cut = np.array([run[at:].mean() for at, run in found if at is not None])

    assert len(cuts) >= 190  # in about one of 200, chance puts the minimum into the second half
    assert 10 <= np.median(cuts) <= 25
    assert np.median([at for at in map(mser5, steady) if at is not None]) <= 5
    standard_error = cut.std(ddof=1) / math.sqrt(len(cut))
    assert biased > 8 * standard_error
    assert abs(cut.mean()) < 4 * standard_error


def test_mser_agrees_with_its_definition(rng):
    series = autoregression(rng, 10.0, 203)
    batches = series[:200].reshape(-1, 5).mean(axis=1)
    scores = [batches[cut:].var() / len(batches[cut:]) for cut in range(35)]

    assert mser5(series) == 5 * int(np.argmin(scores))


def test_welch_averages_over_runs_and_neighbours(rng):
    series = rng.normal(size=(4, 30))
    average = series.mean(axis=0)

    smooth = welch(series, window=3)

    assert len(smooth) == 27
    assert smooth[0] == pytest.approx(average[0])
    assert smooth[2] == pytest.approx(average[:5].mean())
    assert smooth[10] == pytest.approx(average[7:14].mean())


def test_patients_in_the_system_by_the_hour_are_exact():
    result = story()

    hours = in_system_by_hour(Tables(result), result.network)

    # 0 from 1 to 5, 1 from 2 to 6.5, 2 from 3 to 5, 3 from 4 to 10, 5 from 8 to 8.5, 7 from 9 to 10, 8 from 22.5.
    assert hours[:11].tolist() == [0, 1, 2, 3, 4, 2, 1.5, 1, 1.5, 2, 0]
    assert hours[21:].tolist() == [0, 0.5, 1]
