"""`ActorCritic` as an RLModule: what is seen is normalised inside, so that weights travel whole.

Shapes: N rows, D entries of an observation, S of the state, M options of all dials, V = G + 1 value heads.
"""

from __future__ import annotations

from typing import Any

import torch
from ray.rllib.core.columns import Columns
from ray.rllib.core.distribution.torch.torch_distribution import TorchMultiCategorical
from ray.rllib.core.rl_module.torch.torch_rl_module import TorchRLModule
from torch import Tensor, nn

from policies.learning.network import ActorCritic
from policies.learning.normalising import FARTHEST, Normaliser
from policies.learning.shown import Shown

POLICY = "hospital"
"""The one module that all hospitals share."""
OBSERVATION, MASK, STATE = "observation", "action_mask", "state"
ROW = "row"
"""Column of a batch: in which row of `HospitalModule.shown` stands what was seen."""


class Standing(nn.Module):
    """A `Normaliser` that stands still, in the arithmetic of NumPy's, as buffers."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.mean: Tensor
        self.scale: Tensor
        self.register_buffer("mean", torch.zeros(size, dtype=torch.float64))
        self.register_buffer("scale", torch.ones(size, dtype=torch.float64))

    def forward(self, seen: Tensor) -> Tensor:
        """Return rows less the mean, in standard deviations."""
        return ((seen.double() - self.mean) / self.scale).clamp(-FARTHEST, FARTHEST).float()

    def take(self, normaliser: Normaliser) -> None:
        """Stand where the normaliser is now."""
        self.mean.copy_(torch.from_numpy(normaliser.mean))
        self.scale.copy_(torch.from_numpy(normaliser.scale))


class HospitalModule(TorchRLModule):  # type: ignore[misc]  # RLlib is not typed
    """Policy and critics of a hospital; `model_config["network"]` holds the arguments of `ActorCritic`."""

    def setup(self) -> None:
        """Build; called by RLlib."""
        wanted = self.model_config["network"]  # Beside RLlib's own entries.
        self.net = ActorCritic(**wanted)
        self.seen = Standing(wanted["n_observation"])
        self.seen_by_all = Standing(wanted["n_state"])
        self.shown: Shown
        """What the batch showed from which is learned; the learner's connector sets it."""
        self.action_dist_cls = TorchMultiCategorical.get_partial_dist_cls(input_lens=list(wanted["sizes"]))

    def _forward(self, batch: dict[str, Any], **more: Any) -> dict[str, Any]:
        seen = batch[Columns.OBS]
        return {Columns.ACTION_DIST_INPUTS: self.net(self.seen(seen[OBSERVATION]), seen[MASK])}

    def _forward_train(self, batch: dict[str, Any], **more: Any) -> dict[str, Any]:
        shown = self.shown.part(batch[ROW].numpy())
        return {
            Columns.ACTION_DIST_INPUTS: shown.logits(self.net, batch[MASK]),
            Columns.VF_PREDS: shown.values(self.net),
        }
