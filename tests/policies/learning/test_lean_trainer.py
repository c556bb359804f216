"""The lean trainer on a toy whose answer is known, and on a small network."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

import importlib.util  # noqa: E402

from policies.learning.lean import LeanTrainer  # noqa: E402
from policies.learning.levels import GroupLevels  # noqa: E402
from policies.learning.network import ActorCritic  # noqa: E402
from policies.learning.settings import TrainSettings  # noqa: E402
from scenarios.errors import RunError, UsageError  # noqa: E402

SPEC = importlib.util.spec_from_file_location("toys", Path(__file__).parent / "toys.py")
toys = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(toys)

TOY = TrainSettings(
    iterations=90, lr=0.03, gamma=0.5, trace=0.0, entropy=0.0, epochs=1, minibatch=1024, keep=0.5, hidden=(8,),
    smoothing=0.5, target_kl=0.05,
)  # fmt: skip


def trainer(settings, env=None, per_hour=(1.0, 1.0)):
    env = toys.OneBed() if env is None else env
    levels = GroupLevels(np.array(per_hour), 1.0, settings.smoothing)
    net = ActorCritic(1, 1, env.sizes, 3, settings.hidden, settings.keep, settings.seed)
    return LeanTrainer(env, net, levels, settings, steps=2, by_group=np.ones(2))


def probability(made):
    """p: how often the second option is taken."""
    with torch.no_grad():
        logits = made.net(torch.tensor(made.of_observation(np.zeros((1, 1)))), torch.ones(1, 2))
    return float(torch.softmax(logits, dim=1)[0, 1])


def learned(seed, env=None, **changes):
    """Return p after training, the mean of the last thirty iterations."""
    made = trainer(dataclasses.replace(TOY, seed=seed, **changes), env)
    found = []
    for _ in range(TOY.iterations):
        made.iterate()
        found.append(probability(made))
    return float(np.mean(found[-30:]))


@pytest.mark.parametrize(
    "settings",
    [{"algo": "gr-ppo", "lam": 1.0, "tau": 0.03}, {"algo": "ggf", "lam": 1.0, "ranks": (0.8, 0.2)}],
    ids=["soft-dro", "gini"],
)
def test_the_worst_group_of_the_toy_comes_near_its_best(settings):
    """Soft-DRO ends where q_A = q_B / 2, p = (.5 - tau log 2) / 1.5 = .319; the Gini at p = 1/3."""
    found = np.array([learned(seed, **settings) for seed in range(10)])

    assert np.abs(found - 0.32).max() <= 0.02, found
    assert np.maximum(found, 0.5 * (1 - found)).max() < 0.36


def test_the_naive_max_does_not():
    """It stays where it began: at equal ratios the largest surrogate loss is 0, whoever is worse off."""
    found = [learned(seed, algo="naive-max", lam=1.0) for seed in range(10)]

    assert min(found) > 0.4, found


def test_groups_by_other_names_get_the_same():
    class Swapped(toys.OneBed):
        groups = ("B", "A")

        def step(self, actions):
            stepped = super().step(actions)
            return dataclasses.replace(stepped, costs=stepped.costs[..., ::-1].copy())

    assert learned(1, Swapped(), lam=1.0, tau=0.03) == pytest.approx(learned(1, lam=1.0, tau=0.03), abs=0.01)


def test_the_mean_is_best_where_one_group_gets_nothing():
    """J_A + J_B falls with p: plain PPO goes to p = 0, where B pays .5."""
    assert learned(1, algo="ppo") < 0.02


def test_group_robust_ppo_with_lambda_zero_trains_like_ppo_bit_for_bit():
    one, other = trainer(dataclasses.replace(TOY, algo="ppo")), trainer(dataclasses.replace(TOY, lam=0.0))
    for _ in range(3):
        one.iterate()
        other.iterate()

    assert all((a == b).all() for a, b in zip(one.weights().values(), other.weights().values(), strict=True))


def test_a_trainer_that_is_loaded_has_the_memory_of_the_one_that_was_saved():
    one, other = trainer(TOY), trainer(dataclasses.replace(TOY, seed=9))
    for _ in range(2):
        one.iterate()
    normaliser = {f"normaliser.{name}": value for name, value in one.of_observation.state().items()}

    other.load({**one.weights(), **normaliser}, one.state())

    assert other.iteration == 2
    assert (other.levels.level == one.levels.level).all()
    for name, value in one.state().items():
        assert (other.state()[name] == value).all(), name


def test_lambda_finds_the_gap_that_was_asked_for():
    """At p = 1/3 nobody is worse off; the gap is |p - (1 - p)/2|, so .2 is p = .2."""
    settings = dataclasses.replace(TOY, algo="gr-ppo", tau=0.1, target_gap=0.2, iterations=200, lr=0.01)
    made = trainer(settings)
    rows = [made.iterate() for _ in range(settings.iterations)]

    gaps = [row["gap"] for row in rows[-60:]]
    assert np.mean(gaps) == pytest.approx(0.2, abs=0.05)
    assert 0 < np.mean([row["lambda"] for row in rows[-60:]]) < 1


class Broken(toys.OneBed):
    """Goes wrong in one way."""

    def __init__(self, what):
        self.what = what

    def step(self, actions):
        stepped = super().step(actions)
        if self.what == "cost":
            stepped.costs[3, 0, 1] = np.nan
        return stepped

    def _seen(self):
        seen = super()._seen()
        if self.what == "observation":
            seen.observation[0] = np.nan
        if self.what == "shape":
            return dataclasses.replace(seen, observation=np.zeros((self.copies, 1, 7), np.float32))
        return seen


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("cost", "costs of the environment: expected finite numbers, got 2 of 4096"),
        ("observation", "observation: expected finite numbers"),
        ("shape", r"observation: expected \(1024, 1, 1\), got \(1024, 1, 7\)"),
    ],
)
def test_what_the_environment_gets_wrong_is_said_at_once(what, said):
    with pytest.raises(UsageError, match=said):
        trainer(TOY, Broken(what)).iterate()


def test_a_loss_that_is_not_finite_ends_the_run():
    made = trainer(TOY)
    with torch.no_grad():
        made.net.critic[0].bias.fill_(torch.nan)

    with pytest.raises((RunError, UsageError)):
        made.iterate()
