"""The desk: units run out, need is counted to the last patient, and lambda weighs the gap."""

import copy
import pickle
import warnings

import numpy as np
import pytest

gymnasium = pytest.importorskip("gymnasium")

from gymnasium.utils.env_checker import check_env  # noqa: E402

from agents.profiles.files import profiles_of, write_profiles  # noqa: E402
from policies.environments.cohorts import People, calibrated_people, people_of  # noqa: E402
from policies.environments.hospital_desk import DESK_ID, HospitalDesk  # noqa: E402
from policies.environments.registry import make  # noqa: E402
from scenarios.errors import UsageError  # noqa: E402


class InOrder:
    """Always the same cohort, so that everything can be worked out by hand."""

    groups = ("a", "b")

    def cohort(self, seed, replication):
        severity = np.array([0.5, 0.25, 1.0, 0.25])
        return People(severity, severity / 2, np.full(4, 50.0), np.array([0, 1, 1, 0]), self.groups)


def episode(env, choose, seed=None):
    """Return the rewards, the group costs and the infos of an episode."""
    observation, info = env.reset(seed=seed)
    rewards, infos = [], [info]
    over = False
    while not over:
        observation, reward, over, truncated, info = env.step(choose(observation))
        assert not truncated
        rewards.append(reward)
        infos.append(info)
    return rewards, infos


def test_the_first_two_get_the_beds_and_the_rest_is_counted_as_unmet():
    env = HospitalDesk(InOrder(), n_units=2)

    rewards, infos = episode(env, lambda _: 1)

    assert rewards == [0.5, 0.25]
    assert [info["group_costs"].tolist() for info in infos] == [[0, 0], [0, 0], [0.25, 1.0]]
    assert infos[-1]["gap"] == pytest.approx(0.5 / 0.75 - 0.25 / 1.25)
    assert infos[-1]["units_left"] == 0


def test_waiting_for_the_worst_ends_when_nobody_is_left():
    env = HospitalDesk(InOrder(), n_units=2)

    rewards, infos = episode(env, lambda seen: int(seen[0] == 1.0))

    assert rewards == [0, 0, 1.0, 0]
    assert infos[-1]["units_left"] == 1
    assert sum(info["group_costs"] for info in infos).tolist() == [0.75, 0.25]


@pytest.mark.parametrize("weight", [0.0, 0.3, 1.0])
def test_rewards_add_up_to_need_met_less_lambda_times_the_gap_at_the_end(weight):
    env = HospitalDesk(InOrder(), n_units=2, fairness=weight)

    rewards, infos = episode(env, lambda _: 1)

    expected = 2 * 0.5
    assert sum(rewards) == pytest.approx((1 - weight) * 0.75 - weight * expected * infos[-1]["gap"])


def test_the_need_for_a_dose_is_priority():
    rewards, _ = episode(HospitalDesk(InOrder(), resource="doses", n_units=1), lambda _: 1)

    assert rewards == [0.25]


def test_costs_and_need_met_are_all_the_need_of_the_cohort(people, seed):
    env = HospitalDesk(people, n_units=7, n_patients=30)
    draw = np.random.default_rng(seed)

    rewards, infos = episode(env, lambda _: int(draw.random() < 0.4), seed)

    unmet = sum(info["group_costs"].sum() for info in infos)
    assert sum(rewards) + unmet == pytest.approx(env._cohort.severity.sum())


def test_the_same_seed_gives_the_same_whole_episode_and_the_next_one_other_patients(people, seed):
    def trajectory(env, first):
        draw = np.random.default_rng(3)
        rewards, infos = episode(env, lambda _: int(draw.random() < 0.4), first)
        return rewards, [str(info) for info in infos]

    env = HospitalDesk(people)
    first, following = trajectory(env, seed), trajectory(env, None)

    assert first == trajectory(HospitalDesk(people), seed) == trajectory(env, seed)
    assert first != following == trajectory(env, None)


@pytest.mark.parametrize("again", [copy.deepcopy, lambda env: pickle.loads(pickle.dumps(env))])
def test_a_copy_goes_on_alike(people, seed, again):
    env = HospitalDesk(people)
    env.reset(seed=seed)
    env.step(1)
    other = again(env)

    for action in (0, 1, 1, 0):
        assert str(env.step(action)) == str(other.step(action))


def test_gymnasium_finds_nothing_to_complain_about(people):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_env(HospitalDesk(people), skip_render_check=True)
        check_env(
            gymnasium.make(DESK_ID, profiles=people, render_mode="rgb_array").unwrapped,
        )


def test_it_is_made_by_name(people):
    assert isinstance(make("hospital_desk_v0", profiles=people), HospitalDesk)
    assert isinstance(gymnasium.make(DESK_ID, profiles=people).unwrapped, HospitalDesk)


def test_people_come_from_a_prepared_file(tmp_path, prepared_profiles):
    path = tmp_path / "processed.csv"
    write_profiles(prepared_profiles, path)

    env = HospitalDesk(path, grouping="rurality")

    env.reset(seed=1)
    assert set(env.groups) <= {"rural", "urban", "not recorded"}
    known = {(p.severity, p.priority) for p in prepared_profiles}
    assert set(zip(env._cohort.severity.tolist(), env._cohort.priority.tolist(), strict=True)) <= known


def test_profiles_that_are_not_prepared_are_told(prepared_profiles):
    bare = prepared_profiles[0].model_copy(update={"severity": None})

    with pytest.raises(UsageError, match=r"got 1 of 2 without .*Run `fairward profiles prepare` first"):
        people_of([bare, prepared_profiles[1]])
    with pytest.raises(UsageError, match="got no profiles"):
        people_of([])


def test_wrong_settings_and_wrong_use_are_told(people):
    with pytest.raises(UsageError) as told:
        HospitalDesk(people, n_units=0, resource="cake", render_mode="human")
    assert str(told.value).count("expected") == 3
    with pytest.raises(UsageError, match="lambda: expected a number from 0 to 1, got 2"):
        HospitalDesk(people, fairness=2)
    env = HospitalDesk(people, n_units=1)
    with pytest.raises(UsageError, match="call reset first"):
        env.step(0)
    env.reset(seed=1)
    with pytest.raises(UsageError, match=r"expected 0 .* or 1 .*, got 5"):
        env.step(5)
    env.step(1)
    with pytest.raises(UsageError, match="the episode is over"):
        env.step(0)


def test_it_is_shown(people):
    env = HospitalDesk(people, render_mode="ansi")
    env.reset(seed=1)
    env.step(1)

    assert env.render().startswith("11 of 12 beds left, patient 1 of 40\n")
    assert "gap" in env.render()


@pytest.fixture(scope="module")
def people():
    return calibrated_people(seed=5, n=200)


@pytest.fixture(scope="module")
def prepared_profiles():
    import pandas as pd

    from agents.profiles.calibrated import pictures, variates
    from agents.profiles.census import draw_demographics, read_census
    from agents.profiles.severity import DEFAULT_WEIGHTS, prepared

    who = draw_demographics(read_census(), 20, 5)
    frame = pd.concat([who, pictures(who, variates(5, 20), with_vignettes=False)], axis=1)
    return [prepared(profile, DEFAULT_WEIGHTS) for profile in profiles_of(frame)]
