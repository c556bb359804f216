"""RLlib's learner with our loss: the same function that the lean trainer minimises."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from ray.rllib.core.columns import Columns
from ray.rllib.core.learner.torch.torch_learner import TorchLearner
from ray.rllib.evaluation.postprocessing import Postprocessing
from torch import Tensor

from policies.learning.levels import GroupLevels
from policies.learning.loss import Coefficients, ppo_loss
from policies.learning.normalising import Normaliser
from policies.learning.settings import TrainSettings
from policies.rllib.connector import HospitalBatch
from policies.rllib.module import POLICY
from policies.rllib.task import Task


@dataclass(frozen=True)
class Orders:
    """What every learner is told before an update."""

    weights: NDArray[np.float64]
    """G: how much each group's advantage counts."""
    done: float
    """The share of the iterations that lie behind."""


class GroupRobustLearner(TorchLearner):  # type: ignore[misc]  # RLlib is not typed
    """Learns from episodes of hospitals; `learner_config_dict` holds the task and the levels' state."""

    def build(self) -> None:
        """Build, and put our connector in; called by RLlib."""
        super().build()
        wanted = self.config.learner_config_dict
        self.task: Task = wanted["task"]
        self.batch_of = HospitalBatch(self.task, GroupLevels.of_state(wanted["levels"]))
        self.coefficients = Coefficients()
        self._learner_connector.append(self.batch_of)

    def configure_optimizers_for_module(self, module_id: str, config: Any = None) -> None:
        """Use Adam as the lean trainer does; called by RLlib."""
        module = self.module[module_id]
        parameters = self.get_parameters(module)
        optimiser = torch.optim.Adam(parameters, lr=self.task_settings.lr, eps=1e-5, fused=True)
        self.register_optimizer(
            module_id=module_id, optimizer=optimiser, params=parameters, lr_or_lr_schedule=None
        )

    def update(self, *, orders: Orders | None = None, **more: Any) -> Any:
        """Learn from a batch."""
        if orders is not None:
            self.obey(orders)
        return super().update(**more)

    def obey(self, orders: Orders) -> None:
        """Weigh groups, and make steps and entropy smaller as the lean trainer does."""
        settings, done = self.task.settings, orders.done
        self.batch_of.weights = orders.weights
        self.coefficients = Coefficients(
            settings.clip, settings.value, entropy=settings.entropy * max(0.0, 1 - done / 0.9)
        )
        for _, optimiser in self.get_optimizers_for_module(POLICY):
            self._set_optimizer_lr(optimiser, settings.lr * max(0.1, 1 - 0.9 * done))

    @property
    def task_settings(self) -> TrainSettings:
        """The settings, before `build` is through."""
        return self.config.learner_config_dict["task"].settings  # type: ignore[no-any-return]

    def compute_loss_for_module(
        self, *, module_id: str, config: Any, batch: dict[str, Any], fwd_out: dict[str, Tensor]
    ) -> Tensor:
        """Return the loss of a minibatch."""
        dials = self.module[module_id].unwrapped().net.dials
        log_probs, entropy = dials.chosen(fwd_out[Columns.ACTION_DIST_INPUTS], batch[Columns.ACTIONS])
        loss = ppo_loss(
            log_probs,
            batch[Columns.ACTION_LOGP],
            batch[Postprocessing.ADVANTAGES],
            entropy,
            fwd_out[Columns.VF_PREDS],
            batch[Postprocessing.VALUE_TARGETS],
            self.coefficients,
        )
        told = {"policy_loss": loss.policy, "value_loss": loss.value, "entropy": loss.entropy}
        self.metrics.log_dict(told, key=module_id, window=1)
        return loss.total

    def take(self, observation: Normaliser, state: Normaliser) -> None:
        """Normalise by these from now on."""
        module = self.module[POLICY].unwrapped()
        module.seen.take(observation)
        module.seen_by_all.take(state)
