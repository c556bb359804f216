"""The one PPO loss: RLlib's numbers and gradient, and what groups do to it."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from policies.learning.choosing import Dials  # noqa: E402
from policies.learning.descent import STEEPEST, Descent  # noqa: E402
from policies.learning.forbidding import FORBIDDEN  # noqa: E402
from policies.learning.loss import Coefficients, ppo_loss  # noqa: E402
from policies.learning.network import ActorCritic  # noqa: E402
from policies.learning.perceptron import Entering, Perceptron  # noqa: E402
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
    log_probs, entropy = net.dials.chosen(logits, batch["actions"])
    values = net.values(batch["observation"], batch["state"])
    return ppo_loss(
        log_probs,
        batch["old"],
        advantages,
        entropy,
        values,
        batch["targets"] if targets is None else targets,
        coefficients,
    )


def of_torch(logits, actions):
    """Log-probabilities and entropies, dial by dial."""
    parts = [torch.distributions.Categorical(logits=part) for part in logits.split(SIZES, dim=1)]
    log_probs = [part.log_prob(action) for part, action in zip(parts, actions.T, strict=True)]
    return sum(log_probs), sum(part.entropy() for part in parts)


def gradient(net, loss):
    net.zero_grad()
    loss.backward()
    return torch.cat([p.grad.ravel() for p in net.parameters()])


def test_forbidden_options_are_never_drawn_and_probabilities_are_those_of_the_dials(batch):
    net = network()
    logits = net(batch["observation"], batch["mask"])
    uniforms = np.random.default_rng(3).random((N, len(SIZES)))

    drawn, said = net.dials.draw(logits.detach().numpy(), np.where(uniforms > 0.9, 1 - 2.0**-53, uniforms))

    assert (drawn < np.array(SIZES)).all()
    assert (drawn[: N // 2, 0] < 2).all()
    actions = torch.from_numpy(drawn)
    expected = of_torch(logits, actions)
    found = net.dials.chosen(logits, actions)
    for ours, theirs in zip(found, expected, strict=True):
        torch.testing.assert_close(ours, theirs)
    assert (found[0].detach().numpy() == said).all()


def test_the_gradient_by_hand_is_the_one_that_torch_finds(batch, seed):
    """Of log-probabilities and entropies at once, in steep logits too."""
    random = np.random.default_rng(seed)
    logits = torch.tensor(random.normal(0, 8, (N, sum(SIZES))), dtype=torch.float32)
    logits = logits.masked_fill(batch["mask"] == 0, FORBIDDEN).requires_grad_()
    a, b = torch.tensor(random.normal(size=(2, N)), dtype=torch.float32)

    found = []
    for way in (Dials(SIZES).chosen, of_torch):
        log_probs, entropy = way(logits, batch["actions"])
        (gradient,) = torch.autograd.grad((a * log_probs + b * entropy).sum(), logits)
        found.append(gradient)

    torch.testing.assert_close(*found, rtol=1e-5, atol=2e-6)
    assert (found[0][batch["mask"] == 0] == 0).all()
    assert found[0].abs().max() > 0.1


@pytest.mark.parametrize("hidden", [(), (8,), (16, 8, 6)])
def test_a_perceptron_and_its_gradient_are_those_that_torch_finds_for_whole_rows(hidden, seed):
    """From some entries of every row, others that rows share, and nothing said of the rest; saturated units too."""
    random = np.random.default_rng(seed)
    net = Perceptron([9, *hidden, 5], 1.0, torch.Generator().manual_seed(seed))
    own, shared, of = np.array([0, 2, 3]), slice(5, 9), random.integers(0, 7, N)
    of_each, of_several = random.normal(0, 4, (N, 3)), random.normal(0, 4, (7, 4))
    whole = np.zeros((N, 9))
    whole[:, own], whole[:, shared] = of_each, of_several[of]
    of_each, of_several, whole, given = (
        torch.tensor(one, dtype=torch.float32)
        for one in (of_each, of_several, whole, random.normal(size=(N, 5)))
    )

    ours = net(Entering(of_each, own), Entering(of_several, shared, torch.from_numpy(of)))
    theirs = torch.nn.Sequential.forward(net, whole)

    torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=1e-5)
    found, expected = (torch.autograd.grad(one, list(net.parameters()), given) for one in (ours, theirs))
    for gradient, right, weight in zip(found, expected, net.parameters(), strict=True):
        torch.testing.assert_close(gradient, right, rtol=1e-4, atol=1e-4)
        assert gradient.stride() == weight.stride()
    assert (found[0][:, [1, 4]] == 0).all()
    assert all(one.abs().max() > 0.1 for one in found)


def test_a_descent_in_one_vector_is_adam_weight_by_weight(batch):
    """With the gradient clipped, as torch clips it."""
    one, other = network(), network()
    descent = Descent(one, lr=0.01)
    adam = torch.optim.Adam(other.parameters(), lr=0.01, eps=1e-5)

    for step in range(4):
        advantages = batch["advantages"] * (10.0 if step % 2 else 0.01)
        descent.step(loss_of(one, batch, advantages).total)
        adam.zero_grad()
        loss_of(other, batch, advantages).total.backward()
        torch.nn.utils.clip_grad_norm_(other.parameters(), STEEPEST)
        adam.step()

    start = network().parameters()
    for ours, theirs, before in zip(one.parameters(), other.parameters(), start, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-5)
        assert (ours - before).abs().max() > 0.005


def test_options_are_drawn_as_often_as_their_probability_says():
    net = ActorCritic(1, 0, (3,), 1, hidden=(4,), keep=0.5)
    n = 3000
    logits = net(torch.zeros(n, 1), torch.ones(n, 3)).detach().numpy()

    drawn, _ = net.dials.draw(logits, (np.arange(n)[:, None] + 0.5) / n)

    assert np.bincount(drawn[:, 0]).tolist() == [1500, 750, 750]


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

    class Choices:
        def __init__(self, logits):
            self.logits = logits
            self.log_probs, self.of_all = net.dials.chosen(logits, batch["actions"])

        @classmethod
        def from_logits(cls, logits):
            return cls(logits)

        def logp(self, actions):
            assert actions is batch["actions"]
            return self.log_probs

        def entropy(self):
            return self.of_all

        def kl(self, other):
            pairs = [one.logits.split(SIZES, dim=1) for one in (self, other)]
            return sum(
                torch.distributions.kl_divergence(*(torch.distributions.Categorical(logits=p) for p in pair))
                for pair in zip(*pairs, strict=True)
            )

    module = SimpleNamespace(
        get_train_action_dist_cls=lambda: Choices,
        get_exploration_action_dist_cls=lambda: Choices,
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
    before = torch.where(batch["mask"] > 0, before, torch.tensor(FORBIDDEN))
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
    chosen = Choices(logits)
    ours = ppo_loss(
        chosen.log_probs,
        batch["old"],
        batch["advantages"],
        chosen.of_all,
        net.values(batch["observation"], batch["state"]),
        batch["targets"][:, :1],
        Coefficients(clip=0.2, value=0.7, value_clip=1.5, entropy=0.01, kl=0.3),
        kl=Choices(before).kl(chosen),
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
