"""The one PPO loss: RLlib's numbers and gradient, and what groups do to it."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from policies.learning.loss import Coefficients, ppo_loss  # noqa: E402
from policies.learning.network import ActorCritic  # noqa: E402
from policies.learning.scalarising import SoftDRO, Utilitarian, normalised, scalarise  # noqa: E402

N, SIZES, GROUPS = 64, (3, 2, 4), 2


def network(n_values=GROUPS + 1, seed=1):
    return ActorCritic(5, 4, SIZES, n_values, hidden=(8,), seed=seed)


@pytest.fixture
def batch(seed):
    random = np.random.default_rng(seed)
    mask = np.ones((N, sum(SIZES)), np.int8)
    mask[: N // 2, 2] = 0
    actions = np.stack([random.integers(0, n, N) for n in SIZES], axis=1)
    actions[:, 0] = np.minimum(actions[:, 0], 1)
    tensors = {
        "observation": random.normal(size=(N, 5)), "state": random.normal(size=(N, 4)),
        "old": random.normal(-2.5, 0.3, N), "advantages": random.normal(size=N),
        "groups": random.normal(size=(N, GROUPS + 1)), "targets": random.normal(size=(N, GROUPS + 1)),
    }  # fmt: skip
    made = {name: torch.tensor(value, dtype=torch.float32) for name, value in tensors.items()}
    return made | {"mask": torch.tensor(mask), "actions": torch.tensor(actions)}


def loss_of(net, batch, advantages, coefficients=Coefficients(entropy=0.01), targets=None):  # noqa: B008
    logits = net(batch["observation"], batch["mask"])
    values = net.values(batch["observation"], batch["state"])
    return ppo_loss(
        net.log_probs(logits, batch["actions"]),
        batch["old"],
        advantages,
        net.entropy(logits),
        values,
        batch["targets"] if targets is None else targets,
        coefficients,
    )


def gradient(net, loss):
    net.zero_grad()
    loss.backward()
    return torch.cat([p.grad.ravel() for p in net.parameters()])


def test_forbidden_options_are_never_drawn_and_probabilities_are_those_of_the_dials(batch):
    net = network()
    logits = net(batch["observation"], batch["mask"])
    uniforms = torch.rand(N, len(SIZES), dtype=torch.float64, generator=torch.Generator().manual_seed(3))

    drawn = net.sample(logits, torch.where(uniforms > 0.9, 1 - 2.0**-53, uniforms))

    assert (drawn < torch.tensor(SIZES)).all()
    assert (drawn[: N // 2, 0] < 2).all()
    parts = [torch.log_softmax(part, dim=1) for part in logits.split(SIZES, dim=1)]
    expected = sum(part.gather(1, drawn[:, [k]]).squeeze(1) for k, part in enumerate(parts))
    torch.testing.assert_close(net.log_probs(logits, drawn), expected)
    entropy = sum(torch.distributions.Categorical(logits=part).entropy() for part in parts)
    torch.testing.assert_close(net.entropy(logits), entropy)
    assert net.kl(logits, logits).abs().max() == 0


def test_options_are_drawn_as_often_as_their_probability_says():
    net = ActorCritic(1, 0, (3,), 1, hidden=(4,), keep=0.5)
    n = 3000
    logits = net(torch.zeros(n, 1), torch.ones(n, 3))

    drawn = net.sample(logits, ((torch.arange(n, dtype=torch.float64) + 0.5) / n).unsqueeze(1))

    assert torch.bincount(drawn[:, 0]).tolist() == [1500, 750, 750]


def test_weights_depend_on_the_seed_alone():
    torch.manual_seed(5)
    one = network(seed=3)
    torch.manual_seed(6)
    other = network(seed=3)

    assert all((a == b).all() for a, b in zip(one.parameters(), other.parameters(), strict=True))
    assert not all(
        (a == b).all() for a, b in zip(one.parameters(), network(seed=4).parameters(), strict=True)
    )


def test_loss_and_gradient_are_those_of_rllib(batch):
    """`PPOTorchLearner.compute_loss_for_module` of the pinned RLlib, called without starting Ray."""
    pytest.importorskip("ray")
    from types import SimpleNamespace

    from ray.rllib.algorithms.ppo.torch.ppo_torch_learner import PPOTorchLearner
    from ray.rllib.core.columns import Columns
    from ray.rllib.evaluation.postprocessing import Postprocessing

    net = network(n_values=1)

    class Dials:
        def __init__(self, logits):
            self.logits = logits

        @classmethod
        def from_logits(cls, logits):
            return cls(logits)

        def logp(self, actions):
            return net.log_probs(self.logits, actions)

        def entropy(self):
            return net.entropy(self.logits)

        def kl(self, other):
            return net.kl(self.logits, other.logits)

    module = SimpleNamespace(
        get_train_action_dist_cls=lambda: Dials,
        get_exploration_action_dist_cls=lambda: Dials,
        compute_values=lambda batch, embeddings=None: net.values(batch["observation"], batch["state"])[:, 0],
    )
    learner = SimpleNamespace(
        module={"shared": SimpleNamespace(unwrapped=lambda: module)},
        entropy_coeff_schedulers_per_module={"shared": SimpleNamespace(get_current_value=lambda: 0.01)},
        curr_kl_coeffs_per_module={"shared": torch.tensor(0.3)},
        metrics=SimpleNamespace(log_dict=lambda *a, **k: None),
    )
    config = SimpleNamespace(
        use_kl_loss=True, use_critic=True, clip_param=0.2, vf_clip_param=1.5, vf_loss_coeff=0.7
    )
    before = torch.tensor(np.random.default_rng(1).normal(size=(N, sum(SIZES))), dtype=torch.float32)
    before = net.by_dial(torch.where(batch["mask"] > 0, before, torch.tensor(-1e9)))
    logits = net(batch["observation"], batch["mask"])
    theirs = PPOTorchLearner.compute_loss_for_module(
        learner,
        module_id="shared",
        config=config,
        batch={
            Columns.ACTIONS: batch["actions"], Columns.ACTION_LOGP: batch["old"],
            Columns.ACTION_DIST_INPUTS: before, Postprocessing.ADVANTAGES: batch["advantages"],
            Postprocessing.VALUE_TARGETS: batch["targets"][:, 0], "observation": batch["observation"],
            "state": batch["state"],
        },
        fwd_out={Columns.ACTION_DIST_INPUTS: logits},
    )  # fmt: skip
    of_theirs = gradient(net, theirs)
    logits = net(batch["observation"], batch["mask"])
    log_probs, kl = net.log_probs(logits, batch["actions"]), net.kl(before, logits)  # In RLlib's order.
    ours = ppo_loss(
        log_probs,
        batch["old"],
        batch["advantages"],
        net.entropy(logits),
        net.values(batch["observation"], batch["state"]),
        batch["targets"][:, :1],
        Coefficients(clip=0.2, value=0.7, value_clip=1.5, entropy=0.01, kl=0.3),
        kl=kl,
    ).total

    assert ours.item() == theirs.item()
    assert (gradient(net, ours) == of_theirs).all()
    assert of_theirs.abs().max() > 0


def test_with_lambda_zero_group_robust_ppo_is_ppo_bit_for_bit(batch):
    net, rho = network(), np.array([0.6, 0.4])
    costs, levels = batch["groups"].double().numpy(), np.array([1.0, 2.0])

    found = []
    for objective in (Utilitarian(rho), SoftDRO(rho, lam=0.0)):
        advantages = normalised(scalarise(costs, objective.weights(levels)))
        loss = loss_of(net, batch, torch.tensor(advantages, dtype=torch.float32)).total
        found.append((loss.item(), gradient(net, loss)))

    assert found[0][0] == found[1][0]
    assert (found[0][1] == found[1][1]).all()


def test_the_gradient_of_fairness_is_not_zero(batch):
    net, rho = network(), np.array([0.6, 0.4])
    costs, levels = batch["groups"].double().numpy(), np.array([1.0, 2.0])

    def of(lam):
        advantages = normalised(scalarise(costs, SoftDRO(rho, lam, tau=0.1).weights(levels)))
        return gradient(net, loss_of(net, batch, torch.tensor(advantages, dtype=torch.float32)).total)

    actor = sum(p.numel() for p in net.actor.parameters())
    assert (of(0.5) - of(0.0))[:actor].abs().max() > 1e-4


def test_the_naive_max_takes_the_worst_column(batch):
    net = network()
    columns = torch.stack([batch["advantages"], batch["groups"][:, 0]], dim=1)

    both = loss_of(net, batch, columns)
    each = [loss_of(net, batch, columns[:, c]) for c in range(2)]

    assert both.policy.item() == pytest.approx(max(one.policy.item() for one in each))
    assert both.total.item() == pytest.approx(max(one.total.item() for one in each))


def test_masked_rows_do_not_count(batch):
    log_probs = torch.zeros(4, requires_grad=True)
    mask = torch.tensor([True, True, False, False])
    nothing, one_head = torch.zeros(4), torch.zeros(4, 1)
    advantages = torch.tensor([1.0, 3.0, 1e9, torch.nan])

    loss = ppo_loss(log_probs, nothing, advantages, nothing, one_head, one_head, Coefficients(), mask=mask)

    assert loss.total.item() == -2.0
