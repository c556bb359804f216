"""People have profiles that agree with them."""

import numpy as np
import pytest

from agents.population.profiles import assign, read_pool
from scenarios.errors import UsageError
from scenarios.loader import load, scenario_hash
from sim.network import attribute_values
from tests.agents.population.towns import TOWN, people_of_town, town

AGE = "age: {field: age, limits: {child: 0, adult: 18, elderly: 65}}"
MADE = f"profiles={{generator: calibrated, n: 400, risk: severity, match: {{{AGE}}}}}"


def test_every_person_has_a_profile_of_their_age_and_its_severity_as_risk():
    catchment = people_of_town(MADE).catchments[0]
    frame, people = catchment.pool.frame, catchment.people
    age = frame["age"].to_numpy(dtype=float)[people.profile]
    band = np.searchsorted([18, 65], age, side="right")

    assert len(frame) == 400
    assert (band == people.codes["age"]).all()
    assert people.risk_start == pytest.approx(frame["severity"].to_numpy()[people.profile])
    assert len(set(people.profile.tolist())) > 300


def test_who_has_which_profile_is_drawn_in_each_run_and_the_profiles_stay():
    one, other = (people_of_town(MADE, replication=r).catchments[0] for r in (1, 2))

    assert one.pool.frame.equals(other.pool.frame)
    assert one.people.profile.tolist() != other.people.profile.tolist()


def test_where_no_profile_agrees_the_last_attribute_is_given_up():
    match = f"{AGE}, deprivation: {{field: sex, values: {{poor: nobody, rich: female}}}}"
    pool = read_pool(town(f"profiles={{generator: calibrated, n: 400, match: {{{match}}}}}"))
    people = {"age": np.array([0, 1, 2, 2]), "deprivation": np.array([0, 0, 1, 1])}
    values = attribute_values(town(), "deprivation")
    poor, rich = values.index("poor"), values.index("rich")
    people["deprivation"] = np.array([poor, poor, rich, rich])

    chosen, agreed = assign(pool, people, 4, np.array([0.1, 0.5, 0.2, 0.9]))

    assert agreed.tolist() == [1, 1, 2, 2]
    assert pool.codes["age"][chosen].tolist() == [0, 1, 2, 2]
    assert pool.frame["sex"].iloc[chosen[2:]].tolist() == ["female", "female"]


def test_a_file_is_read_beside_the_scenario(tmp_path):
    (tmp_path / "patients.csv").write_text("age,sex\n80,female\n30,male\n5,female\n")
    scenario = tmp_path / "town.yaml"
    scenario.write_text(TOWN + f"profiles: {{file: patients.csv, match: {{{AGE}}}}}\n")

    loaded = load(scenario)

    assert loaded.profiles.file == str(tmp_path / "patients.csv")
    assert read_pool(loaded).frame["age"].tolist() == [80, 30, 5]


@pytest.mark.parametrize(
    ("profiles", "message"),
    [
        ("{file: nowhere.csv}", "nowhere.csv: cannot read this file: no such file or directory"),
        ("{generator: calibrated, n: 50, risk: hight}", 'profiles.risk: "hight" is not a field of a profile.'),
        ("{generator: calibrated, n: 50, risk: age}", "profiles.risk: expected age from 0 to 1"),
        ("{generator: calibrated, n: 50, risk: sex}", 'profiles.risk: "sex" is not a number in every profile.'),
    ],
)  # fmt: skip
def test_profiles_that_cannot_be_used_are_told(profiles, message):
    with pytest.raises(UsageError, match=message):
        people_of_town(f"profiles={profiles}")


def test_a_file_with_values_that_are_no_profiles_is_refused_with_every_line(tmp_path):
    (tmp_path / "patients.csv").write_text("age,sex\n80,female\n300,male\n5,cat\n")
    scenario = tmp_path / "town.yaml"
    scenario.write_text(TOWN + f"profiles: {{file: patients.csv, match: {{{AGE}}}}}\n")

    with pytest.raises(UsageError) as caught:
        read_pool(load(scenario))

    assert "line 3 age: expected" in str(caught.value)
    assert "line 4 sex: expected" in str(caught.value)
    assert "fairward profiles prepare" in str(caught.value)


def test_the_hash_of_a_scenario_is_of_what_is_in_its_file_of_profiles(tmp_path):
    def hashed(folder, text):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "patients.csv").write_text(text)
        scenario = tmp_path / folder / "town.yaml"
        scenario.write_text(TOWN + f"profiles: {{file: patients.csv, match: {{{AGE}}}}}\n")
        return scenario_hash(load(scenario))

    assert hashed("a", "age,sex\n80,female\n") == hashed("b", "age,sex\n80,female\n")
    assert hashed("c", "age,sex\n80,male\n") != hashed("d", "age,sex\n80,female\n")
