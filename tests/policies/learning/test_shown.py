"""What a rollout showed, with shared states and without columns of zeros: the network finds the same in it."""

from types import SimpleNamespace

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from policies.learning.network import ActorCritic  # noqa: E402
from policies.learning.shown import Shown  # noqa: E402

T, B, H, D, S = 3, 2, 4, 9, 12


@pytest.fixture
def rollout(seed):
    """Some columns are 0 in every row."""
    random = np.random.default_rng(seed)
    observation = random.normal(size=(T + 1, B, H, D)).astype(np.float32)
    state = random.normal(size=(T + 1, B, S)).astype(np.float32)
    observation[..., [1, 5]], state[..., 3:9] = 0.0, 0.0
    return SimpleNamespace(observation=observation, state=state)


def gradients(net, found):
    net.zero_grad()
    (found**2).sum().backward()
    return {name: one.grad.clone() for name, one in net.named_parameters() if one.grad is not None}


def test_values_log_probabilities_and_gradients_are_those_of_all_columns_in_every_row(rollout):
    net = ActorCritic(D, S, (3, 2, 4), 2, hidden=(8, 8))
    chosen = np.random.default_rng(1).permutation(T * B * H)[:11]
    observation = torch.tensor(rollout.observation.reshape(-1, D)[chosen])
    state = torch.tensor(np.repeat(rollout.state, H, axis=1).reshape(-1, S)[chosen])
    mask = torch.ones(len(chosen), 9)

    shown = Shown.of_rollout(rollout)
    part = shown.part(chosen)

    assert (shown.observation.shape[1], shown.state.shape[1]) == (D - 2, S - 6)
    assert len(part.state) == len(np.unique(chosen // H)) < len(chosen)
    pairs = [
        (net.values(observation, state), net.values(part.observation, part.state, part.of, part.columns)),
        (net(observation, mask), net(part.observation, mask, part.columns)),
    ]
    for whole, cut in pairs:
        torch.testing.assert_close(cut, whole)
        expected, found = gradients(net, whole), gradients(net, cut)
        assert expected.keys() == found.keys()
        for name, gradient in found.items():
            torch.testing.assert_close(gradient, expected[name])
