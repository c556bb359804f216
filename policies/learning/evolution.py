"""Evolution strategies on lockstep copies: weights a little off are tried for whole episodes.

Each pair of copies has its weights moved by the same noise, one forwards and one backwards, and meets the same
patients, so that luck cancels out of what is learned: which of the two did better. What a copy is told is the objective
of the levels that its own episode gave every group, so nothing is lost between what is trained and what is judged: no
discount, no critic, no share of the effect that each decision must be given. An order that pays only if it is kept up
for days is found by being kept up. Groups may be held at what they had where training began (`harm`). The price of all
this: a trial is an episode, so there should be few weights to seek (`hidden`, `sees`, `explore`). Source: Salimans et
al. (2017), arXiv:1703.03864; antithetic pairs and common random numbers as in simulation optimisation. The options
taken are the likeliest, as the checkpoint will take them: it never mixes by chance.

Shapes: C copies, H hospitals, G groups, D entries, K dials with M options in all, P weights that are sought.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from policies.environments.lockstep import LockstepNetwork, Seen
from policies.environments.menu import Actions
from policies.learning.forbidding import Floats, Layers, logits
from policies.learning.holding import Company, Hold
from policies.learning.leaning import explored_of, head_start, leaning_of
from policies.learning.learned import likeliest
from policies.learning.levels import GroupLevels, finite
from policies.learning.normalising import Normaliser
from policies.learning.scalarising import SoftDRO
from policies.learning.settings import TrainSettings
from policies.learning.standing import by_group, standing
from policies.learning.trials import SoughtLayers
from scenarios.errors import UsageError
from sim.streams import uniforms

Arrays = dict[str, NDArray[Any]]


class EvolutionTrainer:
    """Trains one policy for all hospitals of a network; equal settings give equal weights, to the bit."""

    def __init__(
        self,
        env: LockstepNetwork,
        levels: GroupLevels,
        settings: TrainSettings,
        options: Actions,
        by_group: Floats,
        warm_up: float = 0.0,
    ) -> None:
        """Prepare. `options`: K, where it begins; `by_group`: G, what multiplies the costs of groups.

        `warm_up`: hours of which the costs do not count; the policy is in charge of them too, as where it is judged.
        """
        self.levels, self.settings = levels, settings
        self.objective = SoftDRO(levels.rho, settings.lam, settings.tau)
        self._env, self._by_group, self._warm_up = env, by_group, warm_up
        menu, labels = env.menu, env.encoding.labels
        # Beside one other option, however many there are: noise must be able to lift each above the start.
        leaning = [
            p / (p + (1 - p) * max(1, n - 1))
            for p, n in zip(leaning_of(settings, menu), menu.sizes, strict=True)
        ]
        self._net = SoughtLayers(
            settings.hidden,
            head_start(menu.sizes.tolist(), options.tolist(), leaning),
            seen_of(settings, labels),
            np.repeat(explored_of(settings, menu), menu.sizes),
            settings.seed,
        )
        self._start = self._net.vector
        self._company = Company.of(env.copies, settings.harm is not None)
        self._hold = None if settings.harm is None else Hold(settings.harm, len(by_group), settings.smoothing)
        self.of_observation = Normaliser(len(labels))
        self.iteration = 0
        self.decisions = 0
        self._next: Seen | None = None
        """The beginning of the next episode, if all copies are there."""

    def iterate(self) -> dict[str, float]:
        """Play an episode in every copy, move the weights, and return a row of the learning curve."""
        if not self.of_observation.count:
            self._look()
        rise = self.settings.ramp * self.settings.iterations
        self.objective.lam = self.settings.lam * (min(1.0, self.iteration / rise) if rise else 1.0)
        here, tried = self._net.vector, self._company.trials
        pairs = len(tried) // 2
        drawn = uniforms(self.settings.seed, self.iteration + 1, ("training", "trials"), pairs * len(here))
        noise = ndtri(drawn).reshape(pairs, -1)
        both = np.stack([noise, -noise], axis=1).reshape(2 * pairs, -1)
        played = np.repeat(here[None], self._env.copies, axis=0)
        played[tried] = here + self.settings.spread * both
        played[self._company.starts] = self._start
        costs, local, hours = self._play(self._net.at(played), self._begin())
        levels = self.levels.scaled(costs) / hours[:, None]
        rest = self.levels.scaled_rest(local) / hours
        held = self._held(levels)
        values = (
            np.array([self.objective.value(one) for one in levels[tried]])
            + levels[tried] @ held
            + rest[tried]
        )
        # In units of how far the two of a pair differ: what is far from a choice, and what is near, moves alike.
        differences = values[::2] - values[1::2]
        apart = float(np.sqrt((differences**2).mean()))
        slope = (differences @ noise) / (pairs * apart) if apart > 0 else np.zeros(len(here))
        stride = self.settings.stride * max(0.1, 1 - 0.9 * self.iteration / self.settings.iterations)
        self._net.move_to(here - stride * slope)
        self.iteration += 1
        level = self.levels.update(costs[tried].sum(axis=0), float(hours[tried].sum()))
        weights = self.objective.weights(level) + held
        return {
            "iteration": self.iteration,
            "decisions": self.decisions,
            **standing(level, self.levels.rho, self.objective),
            "apart": apart,
            **by_group(self._env.groups, level, weights),
        }

    def weights(self) -> Arrays:
        """Return the network's arrays, named as torch names those of `ActorCritic`."""
        return {
            f"actor.{2 * number}.{what}": array.copy()
            for number, layer in enumerate(self._net.layers)
            for what, array in zip(("weight", "bias"), layer, strict=True)
        }

    def state(self) -> Arrays:
        """Return what training needs to go on, beside the weights and what the normaliser knows."""
        memory = {
            "iteration": self.iteration,
            "decisions": self.decisions,
            "levels": self.levels.state(),
            "hold": None if self._hold is None else self._hold.state(),
        }
        return {"memory": np.array(json.dumps(memory))}

    def load(self, weights: Mapping[str, NDArray[Any]], state: Mapping[str, NDArray[Any]]) -> None:
        """Go on from `weights` (a checkpoint's, normaliser included) and `state`, as if never stopped."""
        memory = json.loads(str(state["memory"]))
        self._net.layers = [
            (weights[f"actor.{2 * number}.weight"], weights[f"actor.{2 * number}.bias"])
            for number in range(len(self._net.layers))
        ]
        self.of_observation = Normaliser.of_state(
            {name: weights[f"normaliser.{name}"] for name in self.of_observation.state()}
        )
        self.levels = GroupLevels.of_state(memory["levels"])
        if self._hold is not None:
            self._hold.load(memory["hold"])
        self.iteration, self.decisions = int(memory["iteration"]), int(memory["decisions"])
        self._next = None

    def _look(self) -> None:
        """Play the start in every copy, on patients of its own: what is seen is normalised by that for good."""
        start = self._net.at(np.repeat(self._net.vector[None], self._env.copies, axis=0))
        looked: list[Any] = []
        self._play(start, self._env.reset(), lambda seen: looked.append(seen.observation))
        self.of_observation.update(np.stack(looked))
        self._next = None

    def _begin(self) -> Seen:
        """Return the beginning of an episode that no copy has played, each with the patients of its company."""
        if self._next is not None:
            return self._next
        return self._env.reset(self._env.copies * (1 + self.iteration) + 1 + self._company.patients)

    def _held(self, levels: Floats) -> Floats:
        """Return G multipliers of groups that are to be held where they began, after playing with `levels` (C x G)."""
        if self._hold is None:
            return np.zeros(levels.shape[1])
        return self._hold.update(
            *(levels[of].mean(axis=0) for of in (self._company.middles, self._company.starts))
        )

    def _play(
        self, layers: Layers, seen: Seen, look: Callable[[Seen], None] = lambda seen: None
    ) -> tuple[Floats, Floats, Floats]:
        """Return costs C x G, costs of orders C and hours C of an episode with these weights in every copy."""
        env, C, H = self._env, self._env.copies, len(self._env.hospitals)
        costs, local, hours = np.zeros((C, len(env.groups))), np.zeros(C), np.zeros(C)
        going = np.ones(C, dtype=np.bool_)
        while going.any():
            look(seen)
            together = bool(going.all())  # if so until the end, all are at the beginning of the next episode
            counts = going & (seen.time >= self._warm_up)
            one = env.step(self._choose(layers, seen).reshape(C, H, -1))
            costs[counts] += self._by_group * one.costs.sum(axis=1)[counts]
            local[counts] += one.local.sum(axis=1)[counts]
            hours[counts] += one.hours[counts]
            self.decisions += int(going.sum())
            going, seen = going & ~one.over, one.seen
        self._next = seen if together else None
        return finite("costs of the environment", costs), finite("costs of orders", local), hours

    def _choose(self, layers: Layers, seen: Seen) -> Actions:
        """Return the likeliest option of every dial, C H x K."""
        found = logits(layers, self.of_observation(seen.observation), seen.mask)
        return likeliest(found.reshape(-1, found.shape[-1]), self._env.menu)


def seen_of(settings: TrainSettings, labels: tuple[str, ...]) -> NDArray[np.bool_]:
    """Return D: whether an entry is seen. Raises `UsageError` on beginnings that no label has."""
    strange = [one for one in settings.sees if not any(label.startswith(one) for label in labels)]
    if strange:
        raise UsageError(
            "\n".join(f"sees: no entry of the observation begins with {one!r}." for one in strange)
            + f"\nThey are: {', '.join(labels[:20])}, ... (docs/environments.md)."
        )
    return np.array([not settings.sees or label.startswith(settings.sees) for label in labels])
