"""Fronts that can be worked out by hand, and how sure we are of them."""

import numpy as np
import pandas as pd
import pytest

from dashboards.report.front_chart import front_drawing
from dashboards.report.leaflet import render_leaflet
from policies.objective import Values, check_objective, parse_objective, values_of
from policies.told import told_text
from policies.tradeoffs.front import front
from policies.tradeoffs.telling import tell_front
from scenarios.errors import UsageError
from scenarios.loader import load_text
from sim.evidence.pareto import hypervolume
from sim.network import compile_network
from tests.conftest import seed_of
from tests.policies.scenes import NETWORK

WAIT = parse_objective("untreated_hours")
WORST = parse_objective("worst:untreated_hours:home")
GAP = parse_objective("gap:untreated_hours:home")
SHARE = parse_objective("within_target")


def option(waits, gaps):
    """An option with these values of everybody's wait and of a gap, run by run."""
    waits, gaps = np.asarray(waits, dtype=float), np.asarray(gaps, dtype=float)
    groups = np.stack([np.zeros_like(gaps), gaps], axis=1)
    return Values(WAIT, ("all",), waits[:, None]), Values(GAP, ("near", "far"), groups)


def constant(*points, runs=8):
    return [option(np.full(runs, x), np.full(runs, y)) for x, y in points]


def test_the_front_by_hand():
    """a (1,4), b (2,2), c (4,1) are on it; d (3,3) is dominated by b, e (4,4) by all, a copy of b by none."""
    options = constant((1, 4), (2, 2), (4, 1), (3, 3), (4, 4), (2, 2))
    found = front(options, list("abcdef"), seed=1, reference=(5, 5))

    assert [s.on_front for s in found.standings] == [True, True, True, False, False, True]
    assert found.standings[3].dominated_by == (1, 5)
    assert found.standings[4].dominated_by == (0, 1, 2, 3, 5)
    # (5-1)(5-4) + (5-2)(4-2) + (5-4)(2-1) = 4 + 6 + 1
    assert found.hypervolume.value == pytest.approx(11)
    assert found.labels[found.knee] == "b"
    assert found.standings[3].dominated_again == 1
    assert [e.value for e in found.standings[3].differences] == [1, 1]


def test_more_is_better_where_the_metric_says_so():
    runs = 8
    better = (
        Values(WAIT, ("all",), np.full((runs, 1), 2.0)),
        Values(SHARE, ("all",), np.full((runs, 1), 0.9)),
    )
    worse = (
        Values(WAIT, ("all",), np.full((runs, 1), 2.0)),
        Values(SHARE, ("all",), np.full((runs, 1), 0.8)),
    )
    found = front([better, worse], ["better", "worse"], seed=1, reference=(3.0, 0.5))

    assert [s.on_front for s in found.standings] == [True, False]
    assert found.hypervolume.value == pytest.approx((3 - 2) * (0.9 - 0.5))
    assert found.standings[1].differences[1].value == pytest.approx(-0.1)


def test_hypervolume_agrees_with_counting_cells_in_two_and_three_dimensions():
    rng = np.random.Generator(np.random.Philox(seed_of("hypervolume")))
    for dimensions in (2, 3):
        for _ in range(20):
            points = rng.integers(0, 12, size=(7, dimensions)).astype(float)
            corner = np.full(dimensions, 10.0)
            cells = np.stack(np.meshgrid(*[np.arange(0, 10) + 0.5] * dimensions, indexing="ij"), axis=-1)
            covered = (points <= cells.reshape(-1, 1, dimensions)).all(axis=-1).any(axis=1).sum()

            assert hypervolume(points, corner) == pytest.approx(covered)


def test_runs_are_resampled_jointly_so_that_pairing_makes_a_domination_sure():
    """b is worse by a hundredth in every run, while runs differ by tens: paired, that is certain."""
    rng = np.random.Generator(np.random.Philox(seed_of("pairing")))
    luck = rng.normal(scale=10, size=20)
    a, b = option(50 + luck, 5 + 0.1 * luck), option(50.01 + luck, 5.01 + 0.1 * luck)
    found = front([a, b], ["a", "b"], seed=1)

    assert found.standings[1].dominated_again == 1
    assert found.standings[1].differences[0].low == pytest.approx(0.01)
    assert found.standings[0].values[0].high - found.standings[0].values[0].low > 5


def test_a_domination_by_chance_is_called_unsure():
    rng = np.random.Generator(np.random.Philox(seed_of("by chance")))
    a, b = (option(5 + rng.normal(size=10), 2 + rng.normal(size=10)) for _ in range(2))
    found = front([a, b], ["a", "b"], seed=1)
    worse = [s for s in found.standings if not s.on_front]

    assert all(s.dominated_again < 0.95 for s in worse)
    assert "(sure)" not in told_text(tell_front(found, "chance", "run"))


@pytest.mark.stats
def test_the_interval_of_the_hypervolume_covers_the_true_one():
    """200 studies of 20 runs, options far apart so that the front does not change: 95 % within 4 standard errors."""
    rng = np.random.Generator(np.random.Philox(seed_of("hypervolume coverage")))
    truth, hits = 11.0, 0
    for study in range(200):
        options = [
            option(x + rng.normal(scale=0.2, size=20), y + rng.normal(scale=0.05, size=20))
            for x, y in ((1, 4), (2, 2), (4, 1))
        ]
        found = front(options, list("abc"), seed=study, reference=(5, 5), draws=300)
        hits += found.hypervolume.low <= truth <= found.hypervolume.high
    assert hits / 200 > 0.95 - 4 * np.sqrt(0.95 * 0.05 / 200)


def test_a_gap_is_of_the_means_and_not_the_mean_of_noisy_gaps():
    rng = np.random.Generator(np.random.Philox(seed_of("noisy gaps")))
    value = Values(GAP, ("near", "far"), 5 + rng.normal(size=(400, 2)))

    assert value.by_run().mean() > 1
    assert value.drawn(np.ones((1, 400)))[0] < 0.3


def test_few_runs_have_no_interval_and_say_so():
    found = front(constant((1, 4), (2, 2), runs=3), ["a", "b"], seed=1)

    assert not found.hypervolume.bounded
    assert "too few for intervals" in told_text(tell_front(found, "few", "run"))


def test_one_objective_or_four_are_refused():
    with pytest.raises(UsageError, match="two or three"):
        front([one[:1] for one in constant((1, 4), (2, 2))], ["a", "b"], seed=1)


def test_the_page_has_the_chart_and_every_option():
    found = front(constant((1, 4), (2, 2), (4, 1), (3, 3)), ["a & b", "b", "c", "<d>"], seed=1)
    page = render_leaflet(tell_front(found, "A title", "run"), {"front": front_drawing(found)})

    assert page == render_leaflet(tell_front(found, "A title", "run"), {"front": front_drawing(found)})
    assert "<svg" in page
    assert "hollow vermilion diamonds" in page
    assert "&lt;d&gt;" in page


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("untreated_hour", 'Did you mean "untreated_hours"?'),
        ("gap:untreated_hours", "expected gap:untreated_hours:ATTRIBUTE"),
        ("untreated_hours:home", "expected gap: or worst: before it"),
        ("occupancy", "Write min:occupancy or max:occupancy"),
        ("a b", "expected an objective such as"),
    ],
)
def test_an_objective_that_cannot_be_read_says_what_to_write(written, words):
    with pytest.raises(UsageError) as caught:
        parse_objective(written)

    assert words in str(caught.value)


def test_objectives_mean_what_they_say():
    network = compile_network(load_text(NETWORK))
    frame = pd.DataFrame(
        {
            "replication": [1, 1, 2, 2], "metric": "untreated_hours", "attribute": "home", "group": ["near", "far"] * 2,
            "hospital": "", "n": [50, 20, 50, 20], "value": [1.0, 4.0, 2.0, 3.0],
        }
    )  # fmt: skip

    def of(written):
        objective = parse_objective(written, directed=False)
        check_objective(objective, network)
        return values_of(objective, frame, objective.groups(network))

    assert of("gap:untreated_hours:home").by_run().tolist() == [3, 1]
    assert of("worst:untreated_hours:home").by_run().tolist() == [4, 3]
    assert of("untreated_hours:home=far").by_run().tolist() == [4, 3]
    assert of("untreated_hours:home=near/far").by_run().tolist() == [-3, -1]
    small = frame.assign(n=[50, 9, 50, 9])
    assert values_of(GAP, small).left_out == ("far",)
    with pytest.raises(UsageError, match='Did you mean "far"'):
        check_objective(parse_objective("untreated_hours:home=fir"), network)
    with pytest.raises(UsageError, match='"colour" is not a category'):
        check_objective(parse_objective("gap:untreated_hours:colour"), network)
