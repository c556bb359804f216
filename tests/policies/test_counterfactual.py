"""The other world keeps all luck: what an attribute does not decide does not move, and what it does, exactly so."""

import numpy as np
import pytest

from policies.counterfactual.contributions import Switch, contributions, switches, without
from policies.counterfactual.effects import effects
from policies.counterfactual.flip import Flip, descendants, flipped_scenario, parse_flip
from policies.counterfactual.shapley import exact, orders, sampled, subsets_of, with_intervals
from policies.counterfactual.telling import tell_contributions, tell_effects, tell_one
from policies.counterfactual.worlds import BothWorlds, compared, identity
from policies.objective import parse_objective
from policies.replication import simulate
from policies.told import told_text
from scenarios.errors import UnsupportedFeature, UsageError
from scenarios.loader import load, load_text
from sim.network import compile_network
from tests.conftest import seed_of
from tests.policies.scenes import NETWORK

CONFOUNDED = "docs/examples/confounded.yaml"


@pytest.fixture(scope="module")
def scene():
    text = NETWORK.replace("attributes:\n", "attributes:\n  colour: {share: {red: 0.5, green: 0.5}}\n")
    text = text.replace("tau", "tau").replace("warm_up: 4 h", "warm_up: 4 h\ntau: 12 h")
    return load_text(text)


def log_of(scenario, number=1, seed=3):
    return simulate(scenario, "neutral", seed, number).log.fingerprint()


def test_an_attribute_that_nobody_uses_changes_nothing_at_all(scene):
    everybody = flipped_scenario(scene, Flip("colour", "red", "green"))
    result = simulate(scene, "neutral", 3, 1)
    red = int(np.flatnonzero(result.patients.codes["colour"] == 0)[0])
    one = flipped_scenario(scene, Flip("colour", "red", "green"), identity(result, red))

    assert descendants(scene, "colour") == (("colour",), [])
    assert log_of(everybody) == log_of(one) == log_of(scene)


def test_one_patient_who_is_flipped_changes_the_log_and_flipped_back_it_is_the_first_again(scene):
    result = simulate(scene, "neutral", 3, 1)
    far = int(np.flatnonzero((result.patients.codes["home"] == 1) & (result.patients.cls == 0))[0])
    flip, who = Flip("home", "far", "near"), identity(result, far)
    there = flipped_scenario(scene, flip, who)
    back = flipped_scenario(there, flip.back, who)

    assert log_of(there) != log_of(scene)
    assert log_of(back) == log_of(scene)


def test_a_flip_moves_only_whom_it_names_and_keeps_their_place_in_every_stream(scene):
    result = simulate(scene, "neutral", 3, 1)
    far = int(np.flatnonzero(result.patients.codes["home"] == 1)[0])
    other = simulate(
        flipped_scenario(scene, Flip("home", "far", "near"), identity(result, far)), "neutral", 3, 1
    )
    differs = result.patients.codes["home"] != other.patients.codes["home"]

    assert np.flatnonzero(differs).tolist() == [far]
    for name, column in result.patients.columns().items():
        if name not in ("codes.home", "group"):  # home is the tallied group
            assert np.array_equal(column, other.patients.columns()[name])


def test_both_engines_play_the_flipped_world_alike():
    scenario = load("rural", ["horizon=2 days", "warm_up=0"])
    flipped = flipped_scenario(scenario, parse_flip("ethnicity=black:white", scenario))
    logs = {simulate(flipped, "neutral", 1, 1, engine).log.fingerprint() for engine in ("simpy", "fast")}

    assert len(logs) == 1
    assert logs != {simulate(scenario, "neutral", 1, 1).log.fingerprint()}


def test_what_is_drawn_after_the_attribute_takes_another_quantile_of_the_same_uniform(scene):
    """home goes by age: of the old half live far, of the young a tenth, by one uniform each."""
    result = simulate(scene, "neutral", 3, 1)
    other = simulate(flipped_scenario(scene, Flip("age", "old", "young")), "neutral", 3, 1)
    was_old = result.patients.codes["age"] == 1
    before, after = result.patients.codes["home"], other.patients.codes["home"]

    known, places = descendants(scene, "age")
    assert known == ("age", "home")
    assert {place.path for place in places} >= {"attributes.home.share[0]", "disparities.extra_time[0]"}
    assert np.array_equal(before[~was_old], after[~was_old])
    assert set(zip(before[was_old].tolist(), after[was_old].tolist(), strict=True)) == {
        (0, 0),
        (1, 0),
        (1, 1),
    }


def test_acuity_that_goes_by_the_attribute_is_named_with_all_that_goes_by_acuity():
    known, _ = descendants(load("rural"), "ethnicity")

    assert known[0] == "ethnicity"
    assert {"deprivation", "language", "triage"} <= set(known)


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("colour", "--flip: expected ATTRIBUTE=WAS:INSTEAD"),
        ("color=red:green", 'Did you mean "colour"?'),
        ("colour=rad:green", 'Did you mean "red"?'),
        ("colour=red:red", "two different values"),
    ],
)
def test_a_flip_that_makes_no_sense_says_what_to_write(scene, written, words):
    with pytest.raises(UsageError) as caught:
        parse_flip(written, scene)

    assert words in str(caught.value)


def test_people_of_a_population_are_refused_by_name(scene):
    with pytest.raises(UnsupportedFeature, match="population"):
        parse_flip("colour=red:green", scene.model_copy(update={"population": object()}))


def test_the_effect_on_the_flipped_and_on_the_others_adds_up_to_the_whole(scene):
    flip = Flip("home", "far", "near")
    worlds = [BothWorlds(scene, flip, "neutral", 3)(number) for number in (1, 2)]
    found = effects(worlds, flip, compile_network(scene), 3)

    for world in worlds:
        change = world.patients["untreated_hours_b"] - world.patients["untreated_hours_a"]
        assert world.patients["flipped"].sum() > 5
        assert set(world.patients.loc[world.patients["flipped"], "value"]) == {"far"}
        assert np.isfinite(change).all()
    sums = [
        (found.flipped.n * found.flipped.change["untreated_hours"].mean, found.own["untreated_hours"].mean),
    ]
    assert all(abs(a - b) < 0.2 * abs(b) + 1e-9 for a, b in sums)
    others = [w.patients[~w.patients["flipped"]] for w in worlds]
    spill = np.mean([(o["untreated_hours_b"] - o["untreated_hours_a"]).sum() for o in others])
    assert found.total["untreated_hours"].mean == pytest.approx(found.own["untreated_hours"].mean + spill)


def test_a_world_compared_with_itself_has_no_effect(scene):
    result = simulate(scene, "neutral", 3, 1)
    same = compared(result, simulate(scene, "neutral", 3, 1), Flip("home", "far", "near"), 1)

    assert same.same_log
    assert same.n_flipped == 0
    assert same.changed == {}


def test_the_one_who_is_flipped_must_have_the_value(scene):
    result = simulate(scene, "neutral", 3, 1)
    near = int(np.flatnonzero(result.patients.codes["home"] == 0)[0])

    with pytest.raises(UsageError, match=r"has home near, not far\. With far: "):
        BothWorlds(scene, Flip("home", "far", "near"), "neutral", 3, patient=near)(1)
    with pytest.raises(UsageError, match="expected a number below"):
        BothWorlds(scene, Flip("home", "far", "near"), "neutral", 3, patient=10**6)(1)


def test_what_is_told_of_one_patient_is_exact_and_says_that_it_has_no_interval(scene):
    result = simulate(scene, "neutral", 3, 1)
    far = int(np.flatnonzero((result.patients.codes["home"] == 1) & (result.patients.time > 10))[0])
    flip = Flip("home", "far", "near")
    world = BothWorlds(scene, flip, "neutral", 3, patient=far)(1)
    told = tell_one(scene, flip, world, far, "neutral", 3)

    assert world.one is not None
    assert world.one[0]["home"], world.one[1]["home"] == ("far", "near")
    assert "has no interval" in told_text(told)
    assert told.content["before"]["home"] == "far"


def test_shapley_of_an_additive_game_is_each_ones_own_part_and_of_any_game_sums_to_the_whole():
    own = np.array([1.0, -2.0, 0.5])
    additive = np.array([sum(own[i] for i in range(3) if subset >> i & 1) for subset in range(8)])
    rng = np.random.Generator(np.random.Philox(seed_of("shapley")))
    anything = rng.normal(size=(16, 5))

    assert exact(additive).tolist() == pytest.approx(own.tolist())
    assert exact(anything).sum(axis=0) == pytest.approx(anything[15] - anything[0])
    # The glove game: one left glove, two right ones; Shapley (2/3, 1/6, 1/6).
    gloves = np.array([float(bool(s & 1) and bool(s & 6)) for s in range(8)])
    assert exact(gloves).tolist() == pytest.approx([2 / 3, 1 / 6, 1 / 6])


def test_sampled_orders_sum_to_the_whole_and_over_all_orders_are_exact():
    from itertools import permutations

    rng = np.random.Generator(np.random.Philox(seed_of("sampled shapley")))
    values = {subset: rng.normal(size=4) for subset in range(16)}
    every = np.array(list(permutations(range(4))))
    drawn = orders(4, 10, seed=5)

    assert sorted(map(tuple, orders(3, 2, 1).tolist())) == sorted(
        [tuple(orders(3, 2, 1)[0].tolist()), tuple(orders(3, 2, 1)[0][::-1].tolist())]
    )
    assert sampled(values, every).mean(axis=1) == pytest.approx(
        exact(np.array([values[s] for s in range(16)]))
    )
    assert sampled(values, drawn).sum(axis=0) == pytest.approx(np.tile(values[15] - values[0], (10, 1)))
    assert set(subsets_of(drawn)) <= set(range(16))
    assert {0, 15} <= set(subsets_of(drawn))


@pytest.mark.stats
def test_intervals_of_contributions_cover_the_truth_95_times_in_100():
    """1000 studies of 20 runs: cause i adds i and noise of its own; bound 4 binomial standard errors."""
    rng = np.random.Generator(np.random.Philox(seed_of("coverage of contributions")))
    n, runs = 1000, 20
    covered = 0
    for _ in range(n):
        noise = rng.normal(size=(1, 1, runs))
        (found,) = with_intervals(["a"], 2.0 + noise)
        covered += found.low <= 2.0 <= found.high
    assert abs(covered / n - 0.95) < 4 * np.sqrt(0.95 * 0.05 / n)


@pytest.mark.stats
def test_intervals_of_sampled_contributions_hold_the_exact_ones_as_often_as_they_say():
    """300 studies of 8 runs and 20 orders of a game of 7 with interactions; conservative is allowed."""
    rng = np.random.Generator(np.random.Philox(seed_of("coverage of sampled contributions")))
    k, runs, n = 7, 8, 300
    base = rng.normal(size=2**k)
    truth = exact(base)
    hits = 0
    for study in range(n):
        luck = rng.normal(scale=0.3, size=(k, runs))
        drawn = orders(k, 20, seed=study)
        values = {
            s: base[s] + sum(luck[i] for i in range(k) if s >> i & 1) * np.ones(runs)
            for s in subsets_of(drawn)
        }
        found = with_intervals([str(i) for i in range(k)], sampled(values, drawn))
        hits += sum(part.low <= t <= part.high for part, t in zip(found, truth, strict=True))
    assert hits / (n * k) > 0.95 - 4 * np.sqrt(0.95 * 0.05 / n)


def test_switching_off_takes_out_the_rows_and_nothing_else():
    scenario = load(CONFOUNDED)
    names = [switch.name for switch in switches(scenario)]

    assert names == ["under triage", "extra time"]
    assert switches(scenario, by_row=True)[0] == Switch(
        "under triage [0]: group b, acuity urgent", "under_triage", (0,)
    )
    bare = without(scenario, switches(scenario))
    assert bare.disparities.under_triage == bare.disparities.extra_time == ()
    assert bare.model_copy(update={"disparities": scenario.disparities}) == scenario


def test_contributions_sum_to_the_gap_in_every_run_and_are_kept_for_resuming(tmp_path):
    scenario = load(CONFOUNDED, ["horizon=3 days"])
    objective = parse_objective("untreated_hours:group=b/a", directed=False)

    found = contributions(scenario, objective, "neutral", 3, seed=1, folder=tmp_path)
    again = contributions(scenario, objective, "neutral", 3, seed=1, folder=tmp_path)

    assert found.by_run.sum(axis=0) == pytest.approx(found.totals, abs=1e-12)
    assert sum(part.value for part in found.parts) == pytest.approx(found.difference.mean, abs=1e-12)
    assert found.n_subsets == 4
    assert len(list(tmp_path.glob("*/neutral/rep-*"))) == 12
    assert again.by_run.tolist() == found.by_run.tolist()
    assert "Shapley averages exactly over all 4 subsets" in told_text(
        tell_contributions(scenario, found, "neutral", 1)
    )


def test_sampled_contributions_of_a_simulation_sum_exactly_too(monkeypatch):
    import policies.counterfactual.contributions as module

    monkeypatch.setattr(module, "MOST_EXACT", 1)
    scenario = load(CONFOUNDED, ["horizon=3 days"])
    objective = parse_objective("untreated_hours:group=b/a", directed=False)

    found = contributions(scenario, objective, "neutral", 2, seed=1, n_orders=4)

    assert found.n_orders == 4
    assert found.by_run.sum(axis=0) == pytest.approx(found.totals, abs=1e-12)


@pytest.mark.slow
@pytest.mark.stats
def test_simpson_the_crude_gap_misleads_the_adjusted_and_the_flip_do_not():
    scenario = load(CONFOUNDED)
    flip = parse_flip("group=b:a", scenario)
    worlds = [BothWorlds(scenario, flip, "neutral", 1)(number) for number in range(1, 9)]

    found = effects(worlds, flip, compile_network(scenario), 1)

    assert found.gaps is not None
    assert found.gaps.crude.high < 0 < found.gaps.adjusted.low
    assert found.gaps.causal.low > 0
    assert found.gaps.relative.low > 0
    assert "Simpson's paradox" in told_text(tell_effects(scenario, flip, found, "neutral", 1))


def test_a_flip_that_halves_nothing_but_a_known_step_has_the_effect_that_arithmetic_gives():
    """Nobody waits (unlimited beds), so who needs no interpreter any more is treated exactly 15 minutes sooner."""
    roomy = [f"hospitals.{place}.beds.{pool}=500" for place in ("busy", "quiet") for pool in ("bay", "desk")]
    scenario = load(CONFOUNDED, [*roomy, "horizon=4 days"])
    flip = Flip("group", "b", "a")
    worlds = [BothWorlds(scenario, flip, "neutral", 1)(number) for number in (1, 2)]
    found = effects(worlds, flip, compile_network(scenario), 1)

    assert found.flipped.change["untreated_hours"].mean == pytest.approx(-0.25, abs=1e-5)
    assert found.others.change["untreated_hours"].mean == 0
    assert found.gaps.causal.mean == pytest.approx(0.25, abs=1e-5)
