from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.profiles.census import (
    DEFAULT,
    VARIABLES,
    Census,
    controlled_rounding,
    draw_demographics,
    read_census,
)
from agents.profiles.record import Demographics
from scenarios.errors import ScenarioError

CENSUS = read_census()


def counts_of(people, name, census=CENSUS):
    if name != "age":
        return [int((people[name].astype(str) == value).sum()) for value in census.values(name)]
    bands = [tuple(map(int, band.split("-"))) for band in census.values("age")]
    return [int(people["age"].between(first, last).sum()) for first, last in bands]


def shares(k):
    return (
        st.lists(st.integers(0, 20), min_size=k, max_size=k)
        .filter(any)
        .map(lambda w: [x / sum(w) for x in w])
    )


@given(n=st.integers(1, 5000), seed=st.integers(0, 2**31))
def test_every_margin_is_within_one_person_of_the_census(n, seed):
    people = draw_demographics(CENSUS, n, seed)

    assert len(people) == n
    for name in VARIABLES:
        targets = n * np.array(list(CENSUS.margin(name).values()))
        assert np.abs(counts_of(people, name) - targets).max() < 1, name


@pytest.mark.parametrize("name", ["deprivation", "insurance", "language"])
def test_pairs_follow_the_census_too(name, seed):
    n = 10_000
    people = draw_demographics(CENSUS, n, seed)
    given_name = CENSUS.variables[name].given
    bands = {
        a: b for b in CENSUS.values("age") for a in range(int(b.split("-")[0]), int(b.split("-")[1]) + 1)
    }
    given_values = people["age"].map(bands) if given_name == "age" else people[given_name]

    for row, shares_of in CENSUS.joint(name).iterrows():
        for value, share in shares_of.items():
            count = int(((given_values == row) & (people[name].astype(str) == value)).sum())
            assert abs(count - n * share) < 2
            assert count == 0 if share == 0 else True


@given(rows=st.lists(st.integers(0, 40), min_size=1, max_size=5), data=st.data())
def test_controlled_rounding_keeps_rows_and_columns(rows, data):
    width = data.draw(st.integers(1, 5))
    table = np.array([data.draw(shares(width)) for _ in rows])
    rows = np.array(rows)
    expected = rows[:, None] * table

    counts = controlled_rounding(rows, expected, expected.sum(axis=0))

    assert (counts >= 0).all()
    assert (counts[expected == 0] == 0).all()
    assert (counts.sum(axis=1) == rows).all()
    assert np.abs(counts.sum(axis=0) - expected.sum(axis=0)).max() < 1 + 1e-6
    assert np.abs(counts - expected).max() < 1 + 1e-6


def test_the_same_seed_draws_the_same_people_and_another_draws_others(seed):
    first, again = draw_demographics(CENSUS, 200, seed), draw_demographics(CENSUS, 200, seed)

    assert first.equals(again)
    assert not first.equals(draw_demographics(CENSUS, 200, seed + 1))


@pytest.mark.stats
def test_values_are_shuffled_independently_of_one_another(seed):
    n = 20_000
    people = draw_demographics(CENSUS, n, seed)
    female, rural = (people["sex"] == "female").to_numpy(), (people["rurality"] == "rural").to_numpy()

    correlation = np.corrcoef(female, rural)[0, 1]

    assert abs(correlation) < 4 / np.sqrt(n)


def test_people_fit_the_record_and_name_nobody(seed):
    people = draw_demographics(CENSUS, 50, seed)

    records = [Demographics(**row) for row in people.to_dict("records")]
    assert len({record.profile_id for record in records}) == 50


def test_nobody_cannot_be_drawn():
    with pytest.raises(ValueError, match="at least 1 person, got 0"):
        draw_demographics(CENSUS, 0, 1)


def broken(tmp_path, *changes):
    text = Path(DEFAULT).read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path = tmp_path / "census.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ScenarioError) as caught:
        read_census(path)
    return [str(problem).replace(f"{path}:", "") for problem in caught.value.problems]


def test_every_problem_of_a_census_is_told_with_its_line(tmp_path):
    said = broken(
        tmp_path,
        ("female: 0.509", "female: 0.6"),
        ("urban: 0.807, rural", "urban: 0.807, rurale"),
        ("given: age", "given: language"),
    )

    assert len(said) == 3
    assert "variables.sex: expected shares that add up to 1, got 1.091" in said[0]
    assert "variables.rurality: expected urban, rural, got rurale" in said[1]
    assert "variables.insurance.given: expected one of age, sex, ethnicity, deprivation, rurality" in said[2]
    assert all(line.split(":")[0].isdecimal() for line in said)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("census: 1 ", "census: 2 ", "less than or equal to 1"),
        ("male: 0.491", "male: -0.491", "greater than or equal to 0"),
        ("0-4: 0.056, 5-17", "1-4: 0.056, 5-17", "bands that follow one another from 0"),
        ("0-4: 0.056, 5-17", "0-4: 0.056, 6-17", "bands that follow one another from 0"),
        ("0-4: 0.056,", "young: 0.056,", 'ages such as "5-17", got "young"'),
        ("for: [0-4, 5-17]", "for: [0-4]", "once under `for`"),
        ("  sex:", "  gender:", "no sex"),
        ("title: A", "titel: A", "Extra inputs"),
    ],
)
def test_slips_of_a_census_are_told(tmp_path, old, new, said):
    assert said in "\n".join(broken(tmp_path, (old, new)))


def test_a_census_of_ones_own_may_use_other_bands():
    raw = CENSUS.model_dump(by_alias=True)
    raw["variables"]["age"] = {"share": {"0-59": 0.5, "60-90": 0.5}, "source": "assumed"}
    raw["variables"]["insurance"] = {"share": {"none": 1.0}, "source": "assumed"}

    people = draw_demographics(Census.model_validate(raw), 10, 1)

    assert (people["age"] < 60).sum() == 5
    assert set(people["insurance"]) == {"none"}
