"""A checkpoint as a policy: `ckpt:FOLDER` wherever a heuristic can stand, without torch."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from policies.environments.acting import Acting
from policies.environments.encoding import Vector
from policies.environments.menu import Actions, Mask, Menu
from policies.learning.checkpoint import read_checkpoint
from policies.learning.offer import Offer
from policies.parameters import PATH, Parameters
from scenarios.errors import UsageError
from scenarios.scenario import Scenario
from sim.network import Network
from sim.protocol import Decision, Directive


class LearnedPolicy:
    """What was learned, from a checkpoint folder; the likeliest option of every dial."""

    def __init__(
        self, scenario: Scenario, network: Network, stream: np.random.Generator, parameters: Parameters
    ) -> None:
        if PATH not in parameters:
            raise UsageError(
                "expected the folder of a checkpoint, as in ckpt:trained/iteration-000100, got none."
            )
        self._checkpoint = read_checkpoint(Path(parameters[PATH]))
        self._checkpoint.check(network)
        self.menu = Offer.of_plain(self._checkpoint.about["offer"]).menu(network)
        self._stream = stream
        self._acting = Acting(network, self.choose, self.menu)

    def decide(self, decision: Decision) -> Directive:
        """Return the orders of the chosen options."""
        return self._acting.decide(decision)

    def choose(self, observation: Vector, masks: Mask) -> Actions:
        """Return options H x K for what is observed (H x D) and possible (H x M)."""
        return likeliest(self._checkpoint.logits(observation, masks), self.menu)


class SampledPolicy(LearnedPolicy):
    """What was learned, from a checkpoint folder; options drawn with their probabilities, as in training."""

    def choose(self, observation: Vector, masks: Mask) -> Actions:
        """Return options drawn from the policy's own stream."""
        return drawn(self._checkpoint.logits(observation, masks), self.menu, self._stream)


def likeliest(logits: NDArray[np.float64], menu: Menu) -> Actions:
    """Return N x K: the option with the largest logit of each dial."""
    return np.stack([part.argmax(axis=1) for part in _by_dial(logits, menu)], axis=1).astype(np.int64)


def drawn(logits: NDArray[np.float64], menu: Menu, stream: np.random.Generator) -> Actions:
    """Return N x K, drawn by the Gumbel-max trick."""
    noise = -np.log(-np.log(np.clip(stream.random(logits.shape), 1e-300, 1 - 2**-53)))
    return likeliest(logits + noise, menu)


def _by_dial(logits: NDArray[np.float64], menu: Menu) -> list[NDArray[np.float64]]:
    return np.split(logits, menu.starts[1:], axis=1)
