"""RLlib's learner and the lean trainer: one batch, one loss, one gradient."""

from copy import deepcopy

import numpy as np
import pytest

pytest.importorskip("ray.rllib")
pytest.importorskip("torch")

import torch

from policies.learning.algorithms import advantages_of
from policies.learning.lean import LeanTrainer
from policies.learning.loss import Coefficients, ppo_loss
from policies.learning.network import ActorCritic
from policies.learning.settings import TrainSettings
from policies.learning.shown import Shown
from policies.rllib.cluster import Cluster
from policies.rllib.configuration import config_of
from policies.rllib.costs import totals
from policies.rllib.episodes import episodes_of
from policies.rllib.learner import Orders
from policies.rllib.module import POLICY
from policies.rllib.task import Task
from scenarios.loader import load

pytestmark = [
    pytest.mark.ray,
    pytest.mark.timeout(240),
    pytest.mark.filterwarnings("ignore::DeprecationWarning:ray"),
]

T, B = 14, 2


class Recorded:
    """Remembers what a lockstep network showed."""

    def __init__(self, inner):
        self.inner, self.seen, self.stepped = inner, [], []
        self.copies, self.hospitals, self.groups = inner.copies, inner.hospitals, inner.groups

    def reset(self):
        self.seen.append(self.inner.reset())
        return self.seen[-1]

    def step(self, actions):
        self.stepped.append(self.inner.step(actions))
        self.seen.append(self.stepped[-1].seen)
        return self.stepped[-1]


@pytest.fixture(scope="module", params=["gr-ppo", "naive-max"])
def both(request):
    """A lean trainer that has played T steps, and RLlib's learner with the same weights and the same batch."""
    settings = TrainSettings(algo=request.param, copies=B, steps=T, hidden=(8,), minibatch=10_000, seed=3)
    # Six decisions an episode: seams lie in the middle of the batch.
    task = Task(load("urban", ["decide_every=4 h", "horizon=1 day", "warm_up=0 h"]), settings)
    env, levels = Recorded(task.copies(B, 1, 1)), task.levels()
    lean = LeanTrainer(env, ActorCritic(**task.shapes), levels, settings, T, task.by_group)
    lean._learn_to_see(lean._play(T, number=0))
    env.seen, env.stepped = env.seen[-1:], []
    rollout = lean._play(T, number=1)

    config = config_of(task, Cluster(), levels)
    learner = config.build_learner(spaces={POLICY: _spaces(config)})
    learner.take(lean.of_observation, lean.of_state)
    module = learner.module[POLICY].unwrapped()
    module.net.load_state_dict(lean.net.state_dict())
    chosen = list(zip(rollout.actions, rollout.log_probs, strict=True))
    episodes = episodes_of(task, "batch", env.seen[:-1], env.stepped, env.seen[-1], chosen)
    return task, lean, rollout, learner, episodes


def _spaces(config):
    spec = config.rl_module_spec.rl_module_specs[POLICY]
    return spec.observation_space, spec.action_space


def loss_and_gradient(net, loss):
    net.zero_grad()
    loss.total.backward()
    return loss.total.item(), [p.grad.clone().numpy() for p in net.parameters()]


def test_the_same_batch_gives_the_same_advantages_the_same_loss_and_the_same_gradient(both):
    task, lean, rollout, learner, episodes = both
    settings, H = task.settings, len(task.network.hospitals)
    costs, hours = totals(episodes, task.network.hospitals[0], task.shapes["n_values"])
    level = lean.levels.update(costs, hours)
    weights = lean.objective.weights(level)

    advantages, targets = lean._advantages(rollout, Shown.of_rollout(rollout))
    given = advantages_of(settings, advantages, weights, lean.levels).astype(np.float32)
    coefficients = Coefficients(settings.clip, settings.value, entropy=settings.entropy)
    of_lean = [
        torch.from_numpy(np.ascontiguousarray(one))
        for one in (
            rollout.observation[:-1].reshape(T * B * H, -1),
            np.repeat(rollout.state[:-1], H, axis=1).reshape(T * B * H, -1),
            rollout.mask.reshape(T * B * H, -1),
            rollout.actions.reshape(T * B * H, -1),
        )
    ]
    observation, state, mask, actions = of_lean
    with torch.no_grad():  # As if some steps had been taken already: ratios are not 1.
        for parameter in lean.net.parameters():
            parameter += 0.01
        learner.module[POLICY].unwrapped().net.load_state_dict(lean.net.state_dict())
    logits = lean.net(observation, mask)
    log_probs, entropy = lean.net.dials.chosen(logits, actions)
    expected = loss_and_gradient(
        lean.net,
        ppo_loss(
            log_probs,
            torch.from_numpy(rollout.log_probs.reshape(-1)),
            torch.from_numpy(given),
            entropy,
            lean.net.values(observation, state),
            torch.from_numpy(targets),
            coefficients,
        ),
    )
    with torch.no_grad():
        for parameter in lean.net.parameters():
            parameter -= 0.01
        learner.module[POLICY].unwrapped().net.load_state_dict(lean.net.state_dict())

    learner.obey(Orders(weights, 0.0))
    batch = learner._learner_connector(
        rl_module=learner.module,
        batch={},
        episodes=deepcopy(episodes),
        shared_data={},
        metrics=learner.metrics,
    )
    with torch.no_grad():
        for parameter in learner.module[POLICY].unwrapped().net.parameters():
            parameter += 0.01
    net = learner.module[POLICY].unwrapped().net
    net.zero_grad()
    forward = learner.module.forward_train(batch)
    total = learner.compute_losses(fwd_out=forward, batch=batch)[POLICY]
    total.backward()

    by_copy = np.arange(T * B * H).reshape(T, B, H)
    found = batch[POLICY]["advantages"].numpy()
    order = _order(rollout, by_copy)
    assert rollout.over.any()
    np.testing.assert_allclose(found, given[order], atol=2e-6)
    np.testing.assert_allclose(batch[POLICY]["value_targets"].numpy(), targets[order], atol=1e-6)
    assert total.item() == pytest.approx(expected[0], rel=1e-5)
    for own, of_lean in zip(net.parameters(), expected[1], strict=True):
        np.testing.assert_allclose(own.grad.numpy(), of_lean, atol=1e-6)


def _order(rollout, rows):
    """The lean trainer's rows in the order of RLlib's episodes: copy, stretch, hospital, step."""
    found = []
    for b in range(B):
        ends = sorted({*(np.flatnonzero(rollout.over[:, b]) + 1).tolist(), T})
        for start, end in zip([0, *ends[:-1]], ends, strict=True):
            found += [rows[start:end, b, h] for h in range(rows.shape[2])]
    return np.concatenate(found)


def test_what_all_hospitals_see_is_learned_from_once(both):
    task, _, _, learner, episodes = both
    learner._learner_connector(rl_module=learner.module, batch={}, episodes=episodes, shared_data={})
    shown = learner.module[POLICY].unwrapped().shown

    assert len(shown.observation) == sum(len(episode) + 1 for episode in episodes)
    assert len(shown.observation) == len(task.network.hospitals) * len(shown.state)


def test_a_part_of_an_episode_still_says_whose_it_is(both):
    *_, episodes = both
    part = episodes[0][:1]

    assert [part.agent_id, part.module_id] == [episodes[0].agent_id, POLICY]
    assert part[:1].agent_id == episodes[0].agent_id


def test_group_weights_move_the_gradient(both):
    task, _, _, learner, episodes = both
    if task.settings.algo == "naive-max":
        pytest.skip("its weights are in the loss")
    found = []
    for weights in np.eye(len(task.network.groups))[:2]:
        learner.obey(Orders(weights, 0.0))
        batch = learner._learner_connector(
            rl_module=learner.module,
            batch={},
            episodes=deepcopy(episodes),
            shared_data={},
            metrics=learner.metrics,
        )
        found.append(batch[POLICY]["advantages"].numpy())
    assert np.abs(found[0] - found[1]).max() > 0.1
