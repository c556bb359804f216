"""What people go through is written down, and told again exactly."""

import copy

import numpy as np
import pytest

from agents.population.diary import Diary
from policies.replication import simulate
from scenarios.errors import RunError
from tests.agents.population.towns import Life, people_of_town, town

DAYS = 45


@pytest.fixture
def lived():
    """A town of two places with returns, doses and an epidemic: (lives by place, risks by day and place)."""
    people = people_of_town()
    people.diary = Diary()
    life, risks = Life(people), []
    for day in range(DAYS):
        life.day(day)
        risks.append([catchment.risk.copy() for catchment in people.catchments])
    return people.diary.lives(), risks


def test_everybodys_risk_on_every_day_is_retold_to_the_last_bit(lived):
    lives, risks = lived

    assert list(lives) == [0, 1]
    for place, of_place in lives.items():
        for day in range(DAYS):
            assert np.array_equal(of_place.on(day).risk, risks[day][place])
        assert np.array_equal(of_place.of(17).risk, [r[place][17] for r in risks])


def test_the_parts_of_a_risk_sum_to_it_and_chance_stays_in_its_room(lived):
    lives, _ = lived

    for day in (0, 20, DAYS - 1):
        found = lives[0].on(day)
        told = found.first + found.earlier + found.present + found.care + found.chance
        assert np.abs(told - found.risk).max() < 1e-12
        assert (np.abs(found.chance) <= found.room + 1e-15).all()
    for part in (found.earlier, found.present, found.care, found.chance):
        assert np.any(part)


def test_a_diary_that_does_not_agree_with_the_run_is_refused(lived):
    lives, _ = lived
    lives[0].last[5] += 0.01

    with pytest.raises(RunError, match=r"people of north, person 5, is retold wrongly by 0\.01"):
        lives[0].check()


def test_a_run_with_a_diary_is_the_same_run_and_the_dead_are_written_down():
    scenario, diary = town("horizon=30 days"), Diary()

    with_diary = simulate(scenario, "neutral", 1, 1, "simpy", diary)
    without = simulate(scenario, "neutral", 1, 1, "simpy")

    assert with_diary.log.fingerprint() == without.log.fingerprint()
    lives = diary.lives()[0]
    assert lives.n_days == 31  # the midnight with which the run ends is written down too
    assert 0 < len(lives) - len(lives.alive(30)) < 100


def test_imagined_futures_are_not_written_down():
    people = people_of_town()
    people.diary = Diary()

    assert copy.deepcopy(people).diary is None
