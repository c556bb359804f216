"""The network environment: costs to the hour, the same seed the same episode, and what PettingZoo asks for."""

import copy
import pickle
import warnings

import numpy as np
import pytest

pettingzoo = pytest.importorskip("pettingzoo")
pytest.importorskip("gymnasium")

from pettingzoo.test import api_test, parallel_api_test, parallel_seed_test  # noqa: E402
from pettingzoo.utils.conversions import parallel_to_aec  # noqa: E402

from agents.build import build_engine  # noqa: E402
from policies.environments.acting import Acting  # noqa: E402
from policies.environments.costs import Prices, prices_of  # noqa: E402
from policies.environments.episodes import Replications  # noqa: E402
from policies.environments.hospital_network import HospitalNetwork  # noqa: E402
from policies.environments.registry import make  # noqa: E402
from policies.environments.rewards import OrderPrices, TeamReward, VectorReward  # noqa: E402
from policies.heuristics import Neutral  # noqa: E402
from scenarios.errors import UsageError  # noqa: E402
from sim.protocol import run  # noqa: E402
from sim.tables import Tables  # noqa: E402

HARMS = (
    "horizon=1 day",
    'hazards={die: [{during: [waiting], rate: 0.05 per hour}], leave: [{during: [waiting], rate: 0.1 per hour}]}',
)  # fmt: skip

TASTES = {
    "Observation is not a NumPy array",
    "Observation space for each agent probably should be gymnasium.spaces.box or gymnasium.spaces.discrete",
    "Action space for each agent probably should be gymnasium.spaces.box or gymnasium.spaces.discrete",
    'We recommend agents to be named in the format <descriptor>_<number>, like "player_0"',
}
"""Said of every Dict and MultiDiscrete but those of PettingZoo itself; ours are named like the hospitals."""


def environment(scene, *overrides, **settings):
    return HospitalNetwork(Replications(scene(*HARMS, *overrides).scenario, "simpy"), **settings)


def at_random(env, seed=None, options=None, steps=10**6, choose=None):
    """Yield (observations, rewards, infos, state) of an episode with random legal actions."""
    observations, infos = env.reset(seed=seed, options=options)
    draw = choose or {name: np.random.default_rng([7, h]) for h, name in enumerate(env.agents)}
    yield observations, {}, infos, env.state()
    for _ in range(steps):
        if not env.agents:
            return
        actions = {name: legal(env, draw[name], observations[name]["action_mask"]) for name in env.agents}
        observations, rewards, terminated, truncated, infos = env.step(actions)
        assert not any(terminated.values())
        assert set(truncated.values()) == {not env.agents}
        yield observations, rewards, infos, env.state()


def legal(env, draw, mask):
    dials = np.split(mask, np.cumsum(env.menu.sizes)[:-1])
    return np.array([draw.choice(np.flatnonzero(dial)) for dial in dials])


def flat(trajectory):
    return [
        (
            {n: (o["observation"].tobytes(), o["action_mask"].tobytes()) for n, o in observations.items()},
            rewards,
            {n: {k: np.asarray(v).tolist() for k, v in info.items()} for n, info in infos.items()},
            state.tobytes(),
        )
        for observations, rewards, infos, state in trajectory
    ]


def from_visits(result, prices):
    """H x G: what the visits table says that the episode cost."""
    visits, network = Tables(result).visits, result.network
    horizon = network.horizon
    found = np.zeros((len(network.hospitals), len(network.groups)))
    for h, hospital in enumerate(network.hospitals):
        for g, group in enumerate(network.groups):
            rows = visits[(visits["hospital"] == hospital) & (visits[network.group] == group)]
            rows = rows[(rows["presented"] <= horizon) & (rows["outcome_kind"] != "declined")]
            until = np.fmin(np.fmin(rows["treated"], rows["left_network"]), horizon).fillna(horizon)
            kind = rows["outcome_kind"].astype(str)
            died, left = kind == "died", kind.isin(["left", "cancelled", "diverted"])
            never = (died | left) & rows["treated"].isna()
            hours = (until - rows["presented"]).clip(upper=prices.tau).mask(never, prices.tau)
            found[h, g] = prices.wait * hours.sum() + prices.death * died.sum() + prices.left * left.sum()
    return found


@pytest.mark.parametrize("seed_offset", range(3))
def test_the_costs_of_all_steps_are_those_of_the_visits_table_by_first_hospital_and_group(
    scene, seed, seed_offset
):
    env = environment(scene, "tau=12 h")
    env.prices = prices_of(env.network.scenario, wait=0.5, death=1000, left=100)

    charged = sum(
        np.array([info["group_costs"] for info in infos.values()])
        for _, rewards, infos, _ in at_random(env, seed + seed_offset)
        if rewards
    )

    expected = from_visits(env.result(), env.prices)
    assert expected.sum() > 1000
    np.testing.assert_array_equal(charged, expected)


def test_the_reward_is_minus_the_weighted_costs_less_what_the_own_orders_cost(scene, seed):
    reward = TeamReward({"far": 3.0})
    env = environment(scene, reward=reward, order_prices=OrderPrices(move=2.0))
    moved = 0.0

    for _, rewards, infos, _ in at_random(env, seed):
        for name in rewards:
            near, far = infos[name]["team_group_costs"]
            own = -(near + 3 * far) - rewards[name]
            assert own == pytest.approx(round(own / 2) * 2, abs=1e-6)
            moved += own

    ordered = [o for o in env.result().orders if o.part == "moves"]
    assert len(ordered) > 0
    assert moved == pytest.approx(2.0 * len(ordered))


def test_a_vector_of_rewards_has_a_part_for_every_group_and_one_for_orders(scene, seed):
    env = environment(scene, reward=VectorReward())

    for _, rewards, infos, _ in at_random(env, seed, steps=3):
        for name, vector in rewards.items():
            assert vector.tolist() == [*(-infos[name]["team_group_costs"]).tolist(), 0.0]


def test_what_is_no_price_is_refused():
    with pytest.raises(UsageError, match="left: expected a finite number of at least 0, got -1"):
        Prices(tau=12.0, wait=1.0, death=12.0, left=-1.0)
    with pytest.raises(UsageError, match="death: expected a finite number of at least 0, got nan"):
        Prices(tau=12.0, wait=1.0, death=float("nan"), left=12.0)


def test_letting_patients_leave_is_not_rewarded(scene, seed):
    """North closed by diversion to the outside loses its ambulances; nobody waits less for it than they cost."""
    overrides = ("arrivals.north.ambulance=1",)
    env = environment(scene, *overrides)
    dials = [dial.name for dial in env.menu.dials]
    totals = {}
    for divert in (0, 1):
        env.reset(seed=seed)
        totals[divert] = 0.0
        outside = env.menu.dials[dials.index("overflow rule")].options.index("outside")
        while env.agents:
            action = np.zeros(len(dials), dtype=np.int64)
            action[dials.index("divert")], action[dials.index("overflow rule")] = divert, divert * outside
            rewards = env.step({"north": action})[1]
            totals[divert] += rewards["north"]

    assert totals[1] < totals[0]


def test_the_same_seed_gives_the_same_whole_trajectory_and_the_next_episode_other_patients(scene, seed):
    env, other = environment(scene), environment(scene)

    first = flat(at_random(env, seed))
    following = flat(at_random(env))

    assert first == flat(at_random(other, seed)) == flat(at_random(env, seed))
    assert following == flat(at_random(other, seed, {"replication": 2})) != first


def test_an_episode_of_neutral_actions_has_the_log_of_a_run_of_the_neutral_policy(scene, seed):
    env = environment(scene)
    scenario, network = env.network.scenario, env.network

    env.reset(seed=seed, options={"replication": 3})
    while env.agents:
        env.step({name: np.zeros(len(env.menu.dials), dtype=np.int64) for name in env.agents})
    neutral = Neutral(scenario, network, np.random.default_rng(0), {})
    plain = run(build_engine(scenario, seed, 3, "simpy"), neutral)

    assert env.result().log.fingerprint() == plain.log.fingerprint()


def test_outside_its_environment_a_controller_orders_what_it_did_in_it(scene, seed):
    env = environment(scene)
    draw = {name: np.random.default_rng([7, h]) for h, name in enumerate(env.possible_agents)}

    def choose(observations, masks):
        return np.array([legal(env, draw[n], masks[h]) for h, n in enumerate(env.possible_agents)])

    list(at_random(env, seed))
    acting = run(build_engine(env.network.scenario, seed, 1, "simpy"), Acting(env.network, choose))

    assert acting.log.fingerprint() == env.result().log.fingerprint()


@pytest.mark.parametrize("again", [copy.deepcopy, lambda env: pickle.loads(pickle.dumps(env))])
def test_a_copy_in_the_middle_of_an_episode_goes_on_alike(scene, seed, again):
    env = environment(scene)
    list(at_random(env, seed, steps=3))
    other = again(env)
    neutral = {name: np.zeros(len(env.menu.dials), dtype=np.int64) for name in env.agents}

    while env.agents:
        assert [str(x) for x in env.step(neutral)] == [str(x) for x in other.step(neutral)]
    assert env.result().log.fingerprint() == other.result().log.fingerprint()


def test_the_warm_up_can_be_left_to_neutral_orders(scene, seed):
    env = environment(scene, skip_warm_up=True)

    _, infos = env.reset(seed=seed)

    assert {info["time"] for info in infos.values()} == {4.0}


def test_labels_name_every_entry_and_their_values_are_the_census(scene, seed):
    env = environment(scene)
    list(at_random(env, seed, steps=4))
    decision, labels = env._decision, env.encoding.labels
    seen = env.encoding.observe(decision)

    assert seen.dtype == np.float32
    assert seen.shape == (3, len(labels)) == (3, len(set(labels)))
    assert env.state().shape == (len(env.encoding.state_labels),)
    ward = decision.names.needs.index("care.ward")
    bed = decision.names.pools.index("bed")
    for h, view in enumerate(decision.hospitals):
        of = dict(zip(labels, seen[h].tolist(), strict=True))
        assert of["waiting care.ward, standard, near"] == pytest.approx(np.log1p(view.queue[ward][1][0]))
        assert of["in use bed"] == pytest.approx(view.in_use[bed] / view.capacity[bed])
        assert of["since: arrived, far"] == pytest.approx(np.log1p(decision.since.arrived[h][1]))
        assert of[f"is {view.name}"] == 1
        assert of["closeness north"] == pytest.approx([1, np.exp(-0.5), np.exp(-2)][h])
        assert of["cos of day"] == pytest.approx(np.cos(2 * np.pi * decision.time / 24), abs=1e-6)
        stock = sum(lot.doses for lot in view.stock)
        assert of["doses shot"] == pytest.approx(np.log1p(stock))


def test_a_blind_controller_sees_no_group_but_is_charged_by_group(scene, seed):
    env = environment(scene, "attributes.home.protected=true", "group_blind=true")

    *_, (_, _, infos, _) = at_random(env, seed, steps=2)

    assert not any("near" in label or "far" in label for label in env.encoding.labels)
    assert infos["north"]["group_costs"].shape == (2,)


def test_what_is_masked_out_is_neutral_and_said(scene, seed):
    env = environment(scene)
    observations, _ = env.reset(seed=seed)
    move = [dial.name for dial in env.menu.dials].index("move to")
    action = np.zeros(len(env.menu.dials), dtype=np.int64)
    action[move] = 1
    assert observations["north"]["action_mask"][env.menu.starts[move] + 1] == 0

    *_, infos = env.step({"north": action})

    assert infos["north"]["masked_out"] == 1
    assert infos["south"]["masked_out"] == 0


def test_wrong_actions_are_all_told_at_once(scene, seed):
    env = environment(scene)
    env.reset(seed=seed)

    with pytest.raises(UsageError) as told:
        env.step({"north": np.array([1.5]), "south": np.full(len(env.menu.dials), 99), "east": 0})

    assert '"east" is not a hospital' in str(told.value)
    assert f"north: expected {len(env.menu.dials)} whole numbers" in str(told.value)
    assert "south: expected" in str(told.value)


def test_an_unknown_group_in_rho_is_told(scene, seed):
    env = environment(scene, reward=TeamReward({"nobody": 1.0}))
    env.reset(seed=seed)

    with pytest.raises(UsageError, match=r"'nobody' is not a group\. There are: near, far"):
        env.step({})


def test_it_is_shown_as_text_and_as_a_picture(scene, seed):
    text = environment(scene, render_mode="ansi")
    picture = environment(scene, render_mode="rgb_array")
    list(at_random(text, seed, steps=2))
    list(at_random(picture, seed, steps=2))

    assert "north" in text.render()
    assert "cost so far: near" in text.render()
    pixels = picture.render()
    assert pixels.dtype == np.uint8
    assert pixels.shape == (320, 640, 3)
    assert len(np.unique(pixels.reshape(-1, 3), axis=0)) > 10
    with pytest.raises(UsageError, match="render_mode: expected ansi, rgb_array or None"):
        environment(scene, render_mode="human")


def test_pettingzoo_finds_nothing_to_complain_about(scene):
    def env():
        return environment(scene)

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        parallel_api_test(env(), num_cycles=30)
        parallel_seed_test(env, num_cycles=10)
    with warnings.catch_warnings(record=True) as complaints:
        warnings.simplefilter("always")
        api_test(parallel_to_aec(env()), num_cycles=60)

    assert {str(complaint.message) for complaint in complaints} <= TASTES


def test_it_is_made_by_name(scene):
    assert isinstance(make("hospital_network_v0", scenario=scene().scenario), HospitalNetwork)
    with pytest.raises(UsageError, match=r'"hospital_netwrok_v0" is not known\. Did you mean'):
        make("hospital_netwrok_v0")
