"""Risks drift, and bring people in as often as they should."""

import numpy as np
import pytest

from tests.agents.population.towns import QUIET, Life, people_of_town

ONE_PLACE = (
    *QUIET,
    "population.catchments={north: {}}",
    "attributes.age.share={child: 0, adult: 1, elderly: 0}",
    "horizon=200 days",
)


def steps(*overrides, days):
    """Yield the catchment day by day, without anybody coming."""
    catchment = people_of_town(*ONE_PLACE, *overrides).catchments[0]
    for _ in range(days):
        catchment.step()
        yield catchment


@pytest.mark.parametrize(("trend", "anchor"), [("improving", 0.02), ("worsening", 0.6)])
def test_an_episode_without_noise_ends_at_its_anchor(trend, anchor):
    changes = (
        f"population.risk.trends={{{trend}: 1}}",
        "population.risk.noise=0",
        "population.risk.start=0.1",
    )
    *_, catchment = steps(*changes, days=61)

    assert catchment.risk == pytest.approx(np.full(2000, anchor), abs=1e-12)


def test_on_the_way_the_risk_is_between_its_start_and_its_anchor_in_proportion():
    days = steps("population.risk.trends={worsening: 1}", "population.risk.noise=0", days=1)
    catchment = next(iter(days))
    people = catchment.people
    a = -people.begun / 30

    assert a.min() == 0
    assert a.max() == pytest.approx(29 / 30)
    assert catchment.risk == pytest.approx((1 - a) * people.risk_start + a * 0.6)


def test_who_is_below_the_anchor_of_improvement_stays_there():
    changes = (
        "population.risk.trends={improving: 1}",
        "population.risk.noise=0",
        "population.risk.start=0.01",
    )
    *_, catchment = steps(*changes, days=40)

    assert catchment.risk == pytest.approx(np.full(2000, 0.01), abs=1e-15)


def test_noise_never_leaves_the_range_and_keeps_the_mean(seed):
    days = steps("population.risk.trends={stable: 1}", "population.risk.noise=0.3", days=200)
    seen = np.array([catchment.risk.copy() for catchment in days])
    start = people_of_town(*ONE_PLACE).catchments[0].people.risk_start
    # Uniform noise of half-width h has variance h^2 / 3, and the days are independent.
    error = np.minimum(0.3, np.minimum(start, 1 - start)) / np.sqrt(3 * len(seen))

    assert seen.min() >= 0
    assert seen.max() <= 1
    z = (seen.mean(axis=0) - start) / error
    assert abs(z.mean()) < 4 / np.sqrt(len(z))
    assert abs(z).max() < 5


@pytest.mark.stats
def test_in_the_long_run_the_prevalence_is_the_analytic_one():
    """Each episode ends at an anchor or stays: in the long run improving and worsening in their proportion."""
    changes = (
        "population.risk.trends={improving: 0.3, stable: 0.4, worsening: 0.3}", "population.risk.noise=0.1",
        "population.risk.episode=5 days", "population.presenting.at_no_risk=0", "hospitals.north.population=4000",
    )  # fmt: skip
    prevalence = 0.5 * 0.02 + 0.5 * 0.6
    shares, coming = [], []
    for replication in range(12):
        people = people_of_town(*ONE_PLACE, *changes, seed=7, replication=replication)
        life = Life(people).live(100)
        catchment = people.catchments[0]
        shares.append(catchment.risk.mean())
        coming.append(sum(len(batch) for batch in life.days[60:]) / (40 * 4000))

    for seen, expected in ((shares, prevalence), (coming, prevalence / 20)):
        error = np.std(seen, ddof=1) / np.sqrt(len(seen))
        assert abs(np.mean(seen) - expected) < 4.5 * error
        assert error < 0.02 * expected


def test_factors_and_weekdays_change_how_often_people_come():
    changes = (
        "population.presenting.at_no_risk=1 per 10 days", "population.presenting.at_full_risk=1 per 10 days",
        "population.presenting.factors=[{when: {deprivation: poor}, factor: 0.5, source: assumed}]",
        "population.presenting.weekday=[1.4, 1.4, 1.4, 1.4, 1.4, 0, 0]",
    )  # fmt: skip
    people = people_of_town(*ONE_PLACE, *changes)
    life = Life(people).live(70)
    batches = life.days
    came = np.bincount(np.concatenate([batch.codes["deprivation"] for batch in batches]))
    lived = np.bincount(people.catchments[0].people.codes["deprivation"])

    assert [day for day, batch in enumerate(batches) if len(batch) == 0] == [
        d for d in range(70) if d % 7 > 4
    ]
    for n, people_days, chance in zip(
        came, lived * 50, (0.07, 0.14), strict=True
    ):  # 50 weekdays of weight 1.4
        assert abs(n - people_days * chance) < 4 * np.sqrt(people_days * chance * (1 - chance))
