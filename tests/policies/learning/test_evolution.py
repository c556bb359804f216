"""Evolution strategies: whole episodes are tried, in pairs that meet the same patients; no torch is needed."""

import dataclasses
import json
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from policies.environments.lockstep import Seen, Stepped
from policies.learning.checkpoint import read_checkpoint
from policies.learning.evolution import EvolutionTrainer
from policies.learning.forbidding import FORBIDDEN, logits
from policies.learning.levels import GroupLevels
from policies.learning.settings import TrainSettings
from policies.learning.training import train
from policies.learning.trials import SoughtLayers
from policies.replication import simulate
from scenarios.errors import UsageError

TOY = TrainSettings(algo="gr-es", iterations=25, copies=16, hidden=(), keep=0.5, lam=0.0, tau=0.03)
SMALL = TrainSettings(
    algo="gr-es", iterations=2, copies=4, hidden=(3,), sees=("waiting at",), keep=0.6, checkpoint_every=1
)


class TwoWards:
    """Episodes of ten hours; two hospitals are quiet or full, hour by hour, and either queue rule suits one of the two.

    Who meets the wrong rule pays 1: group A in the first hospital, B in the second.
    """

    copies, hospitals, groups = 16, ("first", "second"), ("A", "B")
    encoding = SimpleNamespace(labels=("full here", "noise"))
    menu = SimpleNamespace(
        sizes=np.array([2, 2]),
        starts=np.array([0, 2]),
        dials=(SimpleNamespace(name="queue rule"), SimpleNamespace(name="flex")),
    )

    def __init__(self):
        self.played = []

    def reset(self, replications=None):
        self._begin(np.arange(1, self.copies + 1) if replications is None else replications)
        return self._seen()

    def _begin(self, replications):
        self.played.append(replications)
        drawn = [np.random.default_rng(int(one)).random((10, 2)) for one in replications]
        self.full, self.hour = np.stack(drawn, axis=1) > 0.5, 0

    def step(self, actions):
        assert not actions[:, :, 1].any(), "a dial that is not explored was turned"
        last, wrong = self._seen(), actions[:, :, 0] != self.full[self.hour]
        costs = np.zeros((self.copies, 2, 2))
        costs[:, 0, 0], costs[:, 1, 1] = wrong[:, 0], wrong[:, 1]
        self.hour += 1
        over = np.full(self.copies, self.hour == 10)
        if self.hour == 10:
            self._begin(self.played[-1] + self.copies)
        nothing = np.zeros((self.copies, 2))
        return Stepped(self._seen(), costs, nothing, np.ones(self.copies), over, last)

    def _seen(self):
        full = self.full[self.hour].astype(np.float32)
        noise = np.random.default_rng(self.hour).random((self.copies, 2), dtype=np.float32)
        mask = np.ones((self.copies, 2, 4), np.int8)
        return Seen(
            np.stack([full, noise], 2), mask, np.zeros((self.copies, 1), np.float32), np.zeros(self.copies)
        )


def trainer(env=None, options=(0, 0), **changes):
    settings = dataclasses.replace(TOY, explore=("queue rule",), **changes)
    levels = GroupLevels(np.array([1.0, 1.0]), 1.0, 1.0)
    return EvolutionTrainer(env or TwoWards(), levels, settings, np.array(options), np.ones(2))


def test_an_order_that_depends_on_what_is_seen_is_found_and_noise_is_not_followed():
    made = trainer()

    rows = [made.iterate() for _ in range(TOY.iterations)]

    right = [made.weights()["actor.0.weight"][option, 0] for option in (0, 1)]
    assert rows[0]["mean"] > 0.25
    assert rows[-1]["mean"] < 0.05
    assert right[1] - right[0] > 1
    assert [row["decisions"] for row in rows[:2]] == [320, 480]  # an episode to look at comes first


def test_the_two_of_a_pair_meet_the_same_patients_and_nobody_meets_them_again():
    env = TwoWards()
    made = trainer(env, spread=1e-9, keep=0.7)
    before = made.weights()["actor.0.bias"]

    rows = [made.iterate() for _ in range(3)]

    looked, _, *tried, _ = env.played  # behind each stands the episode that has begun when it is over
    assert all((one[::2] == one[1::2]).all() for one in tried)
    assert len({*looked, *np.ravel(tried)}) == 16 + 3 * 8
    assert [row["apart"] for row in rows] == [0.0, 0.0, 0.0]  # equal weights, equal patients: equal costs
    assert (made.weights()["actor.0.bias"] == before).all()


class Unequal(TwoWards):
    """One rule for both wards of the hospital: option 0 costs A 1 an hour, option 1 costs B .6 and A .5."""

    def step(self, actions):
        stepped = super().step(actions)
        second = actions[:, :, 0].mean(axis=1)
        costs = np.zeros_like(stepped.costs)
        costs[:, 0, 0], costs[:, 1, 1] = 1 - 0.5 * second, 0.6 * second
        return dataclasses.replace(stepped, costs=costs)


def test_lambda_moves_attention_to_the_group_that_pays_most():
    found = {}
    for lam in (0.0, 1.0):
        made = trainer(Unequal(), lam=lam, sees=("full",))
        rows = [made.iterate() for _ in range(TOY.iterations)]
        found[lam] = rows[-1]["level A"], rows[-1]["level B"]

    assert found[0.0] == pytest.approx((1.0, 0.0), abs=0.05)  # half as dear for all
    assert max(found[1.0]) < 0.75
    assert found[1.0][1] > 0.4


def test_a_group_can_be_held_where_it_began_whatever_another_would_gain():
    """What helps A costs B: unheld it is done, held it is not. What helps A and costs nobody is done all the same."""

    class Kind(Unequal):
        def step(self, actions):
            stepped = super().step(actions)
            stepped.costs[:, 1, 1] = 0.0
            return stepped

    def end(env, **changes):
        made = trainer(env, lam=1.0, sees=("full",), stride=0.3, **changes)
        rows = [made.iterate() for _ in range(TOY.iterations)]
        orders = made._choose(made._net.at(made._net.vector[None].repeat(16, axis=0)), env.reset())
        return rows, orders[:, 0].mean()  # the share of hospitals in which A is helped

    free, of_free = end(Unequal())
    held, of_held = end(Unequal(), harm=0.0)
    _, of_kind = end(Kind(), harm=0.0)

    assert of_free > 0.4
    assert of_held == 0.0
    assert of_kind == 1.0
    assert max(row["weight B"] for row in held) > max(row["weight B"] for row in free)


def test_where_groups_are_held_eight_copies_meet_the_same_patients_and_two_of_them_try_nothing():
    env = TwoWards()
    made = trainer(env, harm=0.0)
    made.iterate()

    company = made._company

    assert (env.played[2].reshape(2, 8) == env.played[2][::8, None]).all()
    assert len(set(env.played[2])) == 2
    assert company.trials.tolist() == [0, 1, 2, 3, 4, 5, 8, 9, 10, 11, 12, 13]
    assert (company.middles.tolist(), company.starts.tolist()) == ([6, 14], [7, 15])


def test_lambda_may_rise_from_the_mean_alone():
    risen, held, mean = (trainer(lam=lam, ramp=ramp) for lam, ramp in ((0.8, 0.16), (0.8, 0.0), (0.0, 0.0)))

    rows = [risen.iterate() for _ in range(6)]
    held.iterate()
    mean.iterate()

    assert [row["lambda"] for row in rows] == pytest.approx([0.0, 0.2, 0.4, 0.6, 0.8, 0.8])  # .16 of 25 is 4
    risen = trainer(lam=0.8, ramp=0.16)
    risen.iterate()
    bias = "actor.0.bias"
    assert (risen.weights()[bias] == mean.weights()[bias]).all()
    assert not (risen.weights()[bias] == held.weights()[bias]).all()


def test_groups_by_other_names_get_the_same():
    class Swapped(TwoWards):
        groups = ("B", "A")

        def step(self, actions):
            stepped = super().step(actions)
            return dataclasses.replace(stepped, costs=stepped.costs[..., ::-1].copy())

    one, other = trainer(lam=1.0), trainer(Swapped(), lam=1.0)
    for _ in range(3):
        one.iterate()
        other.iterate()

    for name, array in one.weights().items():
        assert array == pytest.approx(other.weights()[name], abs=1e-9), name


@pytest.fixture
def scenario(scene):
    return scene("horizon=4 days", "warm_up=1 day", "decide_every=6 h").scenario


def test_a_trained_policy_acts_in_the_simulator_and_only_on_what_it_may_see(scenario, tmp_path):
    trained = train(scenario, SMALL, tmp_path / "run")

    assert len(simulate(scenario, f"ckpt:{trained.folder}", 1, 1).log) > 0
    about = json.loads((trained.folder / "policy.json").read_text())
    first, _ = read_checkpoint(trained.folder).layers[0]
    followed = [label for label, weight in zip(about["observation"], first.T, strict=True) if weight.any()]
    assert followed == [label for label in about["observation"] if label.startswith("waiting at")]


@pytest.mark.parametrize("changes", [{}, {"harm": 0.01, "copies": 8}])
def test_a_training_that_was_interrupted_ends_as_if_it_never_was(scenario, resumed_and_whole, changes):
    settings = dataclasses.replace(SMALL, iterations=4, **changes)

    resumed, whole = resumed_and_whole(scenario, settings, 2)

    assert resumed.folder.name == whole.folder.name == "iteration-000004"


def test_a_policy_among_many_says_what_it_says_alone():
    net = SoughtLayers(
        (5,), np.array([0.0, 1.0, -1.0]), np.array([True, False, True]), np.array([1, 1, 0], bool), 3
    )
    rng = np.random.default_rng(1)
    vectors = rng.normal(size=(4, len(net.vector)))
    seen, mask = rng.normal(size=(4, 2, 3)).astype(np.float32), np.ones((4, 2, 3), np.int8)
    mask[:, 1, 2] = 0

    together = logits(net.at(vectors), seen, mask)

    assert len(net.vector) == 2 * 5 + 5 + 2 * 5 + 2
    for c, vector in enumerate(vectors):
        net.move_to(vector)
        ((w, b), (v, a)) = net.layers
        alone = np.tanh(seen[c].astype(float) @ w.T + b) @ v.T + a
        assert together[c][mask[c] > 0] == pytest.approx(alone[mask[c] > 0])
        assert (net.vector == vector).all()
    assert (together[:, 1, 2] == FORBIDDEN).all()


def test_it_needs_no_torch():
    code = "import sys; sys.modules['torch'] = None; import policies.learning.evolution, policies.learning.training"

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_what_makes_no_sense_is_refused(scenario, tmp_path):
    with pytest.raises(UsageError) as problems:
        TrainSettings(algo="gr-es", copies=3, spread=0.0, steps=10)
    assert "copies: expected an even number with algo gr-es, got 3." in str(problems.value)
    assert "steps: expected none with algo gr-es, which plays whole episodes, got 10." in str(problems.value)
    assert "spread: expected a positive number, got 0.0." in str(problems.value)
    with pytest.raises(
        UsageError, match=r"sees: expected algo gr-es, got ppo.\nramp: expected algo gr-es, got ppo"
    ):
        TrainSettings(algo="ppo", sees=("is ",), ramp=0.5)
    for wrong in ({"algo": "ppo", "copies": 8}, {"algo": "gr-es", "copies": 4}):
        with pytest.raises(
            UsageError, match="harm: expected a number above -1, algo gr-es and copies a multiple of 8"
        ):
            TrainSettings(harm=0.0, **wrong)
    with pytest.raises(UsageError, match="sees: no entry of the observation begins with 'wating at'"):
        train(scenario, dataclasses.replace(SMALL, sees=("wating at",)), tmp_path / "none")
    with pytest.raises(
        UsageError, match=r"algo: expected one of ppo, .* got gr-es, which one process trains"
    ):
        SMALL.check_gradient()
