import numpy as np
import pandas as pd
import pytest

from agents.profiles.calibrated import (
    choose,
    draw_people,
    gamma_below,
    normal_within,
    picture,
    pictures,
    variates,
)
from agents.profiles.census import draw_demographics, read_census
from agents.profiles.coherence import broken
from agents.profiles.files import profiles_of
from agents.profiles.laws import PLANTED
from agents.profiles.people import People
from agents.profiles.record import COLUMNS, LISTS, PICTURE_COLUMNS
from agents.profiles.regression import fit
from tests.agents.profiles.making import drawn

CENSUS = read_census()


def test_a_picture_depends_on_the_seed_the_place_and_the_demographics_alone(seed):
    whole = draw_demographics(CENSUS, 60, seed)
    frame = pictures(whole, variates(seed, 60))

    part = pictures(whole[20:40].reset_index(drop=True), variates(seed, 20, first=20))

    pd.testing.assert_frame_equal(part, frame[20:40].reset_index(drop=True))
    assert not frame.equals(pictures(whole, variates(seed + 1, 60)))


def test_one_picture_is_the_picture_among_many(seed):
    profiles = drawn(30, seed)

    assert picture(profiles[7].demographics, variates(seed, 1, first=7)) == profiles[7].picture


def test_a_picture_is_whole(seed):
    frame = pictures(draw_demographics(CENSUS, 500, seed), variates(seed, 500))

    assert tuple(frame.columns) == PICTURE_COLUMNS
    labs = {"hba1c", "creatinine", "haemoglobin", "white_cells", "crp", "lactate"}
    assert {c for c in frame.columns if frame[c].isna().any()} <= labs
    assert (frame["complaints"] != "").all()
    assert frame["vignette"].str.len().between(20, 400).all()


@pytest.mark.stats
@pytest.mark.parametrize("place", range(len(PLANTED)), ids=[slope.title for _, slope in PLANTED])
def test_every_planted_association_is_in_the_pictures(many, place):
    """The bound: 4 standard errors, and a tenth of the tolerance for rounding and for bounds of living values."""
    law, slope = PLANTED[place]

    found = fit(many, law, slope.feature)

    assert abs(found.estimate - slope.value) < 4 * found.error + 0.1 * slope.tolerance
    assert found.error < 0.5 * slope.tolerance


@pytest.fixture(scope="module")
def many():
    return draw_people(draw_demographics(CENSUS, 60_000, 20), variates(20, 60_000), with_vignettes=False)


def test_pictures_are_coherent_by_construction():
    """A child's pulse may be outside the wide range by the tail of a normal distribution: one in some ten thousand."""
    found = [name for profile in drawn(4000, 21) for name in broken(profile)]

    assert found.count("paediatric-range") <= 3
    assert [name for name in found if name != "paediatric-range"] == []


def test_diastolic_is_below_systolic_and_fever_is_what_the_law_says(many):
    assert (many.number("diastolic") < many.number("systolic")).all()
    assert many.number("temperature").max() <= 41.0
    assert set(many.single["smoking"][many.number("age") < 18]) == {"never"}


def test_missing_demographics_count_as_none_of_their_groups(seed):
    people = pd.DataFrame({"profile_id": ["p1", "p2"], "age": [70, 30], "sex": ["female", "male"]})
    full = people.assign(
        ethnicity=None,
        deprivation=pd.array([None, None], "Int64"),
        rurality=None,
        insurance=None,
        language=None,
    )

    made = draw_people(full, variates(seed, 2)).frame()

    assert len(profiles_of(made)) == 2


def test_people_are_the_same_after_their_frame(seed):
    people = draw_people(draw_demographics(CENSUS, 300, seed), variates(seed, 300))

    again = People.of_frame(people.frame())

    assert again.frame().equals(people.frame())
    assert tuple(people.frame().columns) == COLUMNS[:-2]
    for column in LISTS:
        assert (again.lists[column] == people.lists[column]).all()


def test_an_empty_frame_has_nobody():
    empty = draw_people(draw_demographics(CENSUS, 1, 1), variates(1, 1)).frame().iloc[:0]

    assert len(People.of_frame(empty).frame()) == 0


def test_variates_are_turned_into_what_they_should():
    u = (np.arange(10_000) + 0.5) / 10_000

    assert choose(np.array([0.0, 0.24, 0.26, 0.99]), np.array([1.0, 0.0, 3.0])).tolist() == [0, 0, 2, 2]
    normal = normal_within(u, np.full(10_000, 5.0), 2.0, 1.0, 9.0)
    assert normal.mean() == pytest.approx(5.0, abs=1e-6)
    assert (normal.min() > 1, normal.max() < 9) == (True, True)
    gamma = gamma_below(u, np.full(10_000, 3.0), 6.0, 1000.0)
    assert gamma.mean() == pytest.approx(3.0, abs=2e-3)
    assert gamma.var() == pytest.approx(9 / 6, rel=0.01)
