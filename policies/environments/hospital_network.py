"""`hospital_network_v0`: the hospitals of any scenario as controllers, a PettingZoo `ParallelEnv`.

Shapes: H hospitals, G groups, K dials with M options in all, D entries of an observation, S of the state.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray
from pettingzoo import ParallelEnv

from policies.environments.costs import Prices, prices_of
from policies.environments.encoding import Encoding, Vector
from policies.environments.episodes import Generator, Replications
from policies.environments.menu import Actions, Menu, menu_of
from policies.environments.rewards import OrderPrices, Reward, TeamReward
from policies.environments.viewer import BedsAndQueues, Scene, Viewer
from scenarios.errors import UsageError
from scenarios.scenario import Scenario
from sim.network import compile_network
from sim.protocol import Decision, Directive, Engine
from sim.result import Result

Observation = dict[str, NDArray[Any]]
"""`observation`: float32 of D; `action_mask`: int8 of M, dial after dial."""
Floats = NDArray[np.float64]

RENDER_MODES = ("ansi", "rgb_array")


class Dials(spaces.MultiDiscrete):
    """K dials; `sample` takes the flat mask (M) of an observation as well as Gymnasium's tuple of masks."""

    def sample(self, mask: Any = None, probability: Any = None) -> NDArray[np.int64]:
        """Return K options, those that the mask allows."""
        if isinstance(mask, np.ndarray):
            mask = tuple(np.split(mask.astype(np.int8), np.cumsum(self.nvec)[:-1]))
        return np.asarray(super().sample(mask, probability), dtype=np.int64)


class HospitalNetwork(ParallelEnv):  # type: ignore[misc]  # PettingZoo is not typed
    """Every hospital sets its dials at every decision; all are told the same costs. See docs/environments.md.

    `reset(seed=s)` begins with replication 1 of seed s, and every later `reset()` takes the next one;
    `options={"replication": r}` chooses. The episode is truncated at the horizon and never terminated.
    """

    metadata: ClassVar[dict[str, Any]] = {
        "name": "hospital_network_v0",
        "render_modes": list(RENDER_MODES),
        "is_parallelizable": True,
    }

    def __init__(
        self,
        scenario: Scenario | Generator,
        *,
        prices: Prices | None = None,
        reward: Reward | None = None,
        order_prices: OrderPrices | None = None,
        menu: Menu | None = None,
        viewer: Viewer | None = None,
        seed: int = 1,
        skip_warm_up: bool = False,
        render_mode: str | None = None,
    ) -> None:
        """Prepare; nothing is simulated before `reset`.

        `scenario`: or a generator of engines. `skip_warm_up`: an episode begins with the first decision after the
        scenario's warm-up, which neutral orders fill.
        """
        if render_mode not in (None, *RENDER_MODES):
            raise UsageError(f"render_mode: expected {', '.join(RENDER_MODES)} or None, got {render_mode!r}.")
        self.generator: Generator = Replications(scenario) if isinstance(scenario, Scenario) else scenario
        self.network = compile_network(self.generator.scenario)
        self.prices = prices_of(self.generator.scenario) if prices is None else prices
        self.reward = TeamReward() if reward is None else reward
        self.order_prices = OrderPrices() if order_prices is None else order_prices
        self.menu = menu_of(self.network) if menu is None else menu
        if not self.menu.dials:
            raise UsageError(f"{self.network.scenario.name}: there is nothing to decide. Offer queue rules.")
        self.encoding = Encoding(self.network)
        self.viewer: Viewer = BedsAndQueues() if viewer is None else viewer
        self.render_mode = render_mode
        self.possible_agents = list(self.network.hospitals)
        self.agents: list[str] = []
        self._skip_warm_up = skip_warm_up
        self._seed, self._replication = seed, 0
        self._engine: Engine | None = None
        self._answered: list[Directive] = []
        """With seed and replication, all that is needed to come here again: engines are not copied."""
        self._decision: Decision | None = None
        self._masks = np.zeros((0, 0), dtype=np.int8)
        """Of the present decision."""
        self._pending = self._no_costs()
        self._costs = self._no_costs()
        self.observation_spaces = {name: self._observation_space() for name in self.possible_agents}
        self.action_spaces = {name: Dials(self.menu.sizes) for name in self.possible_agents}
        self.state_space = spaces.Box(-np.inf, np.inf, (len(self.encoding.state_labels),), np.float32)

    def observation_space(self, agent: str) -> spaces.Dict:
        """Return the space of a hospital's observations, the same object each time."""
        return self.observation_spaces[agent]

    def action_space(self, agent: str) -> Dials:
        """Return the space of a hospital's actions, the same object each time."""
        return self.action_spaces[agent]

    def reset(
        self, seed: int | None = None, options: Mapping[str, Any] | None = None
    ) -> tuple[dict[str, Observation], dict[str, dict[str, Any]]]:
        """Begin an episode; returns observations and infos by hospital."""
        if seed is not None:
            self._seed, self._replication = int(seed), 0
        self._replication = int((options or {}).get("replication", self._replication + 1))
        self._engine = self.generator.start(self._seed, self._replication)
        self._answered = []
        self._costs = self._no_costs()
        self._decision = self._engine.next_decision()
        begin = self.network.warm_up if self._skip_warm_up else 0.0
        while self._decision is not None and self._decision.time < begin:
            self._answer(Directive())
            self._decision = self._engine.next_decision()
        if self._decision is None:
            raise UsageError(f"{self.network.scenario.name}: there is no decision before the horizon.")
        self._masks = self.menu.masks(self._decision)
        # Whoever is turned away at the instant at which the episode begins is charged to its first step.
        self._pending = self._no_costs() if begin else self.prices.of(self._decision.since)
        self.agents = list(self.possible_agents)
        return self._observations(), self._infos(self._no_costs(), 0.0, np.zeros(len(self.agents), np.int64))

    def step(
        self, actions: Mapping[str, Any]
    ) -> tuple[
        dict[str, Observation],
        dict[str, Any],
        dict[str, bool],
        dict[str, bool],
        dict[str, dict[str, Any]],
    ]:
        """Set the dials and run to the next decision; a hospital without an action is neutral."""
        if not self.agents:
            return {}, {}, {}, {}, {}
        assert self._engine is not None
        assert self._decision is not None
        before = self._decision
        wanted = self._actions(actions)
        chosen = self.menu.within(self._masks, wanted)
        directive = self.menu.directive(before, chosen)
        self._answer(directive)
        following = self._engine.next_decision()
        since = self._engine.result().since if following is None else following.since
        costs = self._pending + self.prices.of(since)
        self._pending = self._no_costs()
        self._costs = self._costs + costs
        local = self.order_prices.of(directive, self.network.hospitals, since.hours)
        rewards = self.reward.of(costs, local, self.network.groups)
        over = following is None
        if following is not None:
            self._decision, self._masks = following, self.menu.masks(following)
        everybody = self.agents
        told = (
            self._observations(),
            {name: _plain(rewards[h]) for h, name in enumerate(everybody)},
            dict.fromkeys(everybody, False),
            dict.fromkeys(everybody, over),
            self._infos(costs, since.hours, (chosen != wanted).sum(axis=1)),
        )
        if over:
            self.agents = []
        return told

    def state(self) -> Vector:
        """Return S: what a central critic sees."""
        return self.encoding.state(self._present())

    def result(self) -> Result:
        """Return the log and tables of the episode, after its end."""
        if self._engine is None or self.agents:
            raise UsageError("the episode is not over: step until there are no agents left.")
        return self._engine.result()

    def render(self) -> Any:
        """Return text or a picture, as `render_mode` says."""
        if self.render_mode is None:
            raise UsageError(f"nothing to render: make it with render_mode {' or '.join(RENDER_MODES)}.")
        scene = Scene(
            self.network, self._seed, self._replication, self._present(), self._costs.sum(axis=0)
        )  # fmt: skip
        return self.viewer.ansi(scene) if self.render_mode == "ansi" else self.viewer.rgb_array(scene)

    def close(self) -> None:
        """Let go of the episode."""
        self._engine, self.agents = None, []

    def __getstate__(self) -> dict[str, Any]:
        """Return all but the engine, which is made anew by the same directives."""
        return {**self.__dict__, "_engine": None, "_running": self._engine is not None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Run the episode again to where it was."""
        running = state.pop("_running")
        self.__dict__.update(state)
        if running:
            self._engine = self.generator.start(self._seed, self._replication)
            for directive in self._answered:
                self._engine.next_decision()
                self._engine.answer(directive)
            self._engine.next_decision()

    def _present(self) -> Decision:
        if self._decision is None:
            raise UsageError("there is no episode: call reset first.")
        return self._decision

    def _answer(self, directive: Directive) -> None:
        assert self._engine is not None
        self._engine.answer(directive)
        self._answered.append(directive)

    def _actions(self, actions: Mapping[str, Any]) -> Actions:
        """Return H x K, or raise `UsageError` with every action that does not fit."""
        chosen = np.zeros((len(self.possible_agents), len(self.menu.dials)), dtype=np.int64)
        problems = [
            f'"{name}" is not a hospital of this scenario.'
            for name in actions
            if name not in self.possible_agents
        ]
        for h, name in enumerate(self.possible_agents):
            if name not in actions:
                continue
            given = np.asarray(actions[name])
            fits = given.shape == chosen[h].shape and np.issubdtype(given.dtype, np.integer)
            if fits and bool(((given >= 0) & (given < self.menu.sizes)).all()):
                chosen[h] = given
            else:
                problems.append(
                    f"{name}: expected {len(self.menu.dials)} whole numbers below "
                    f"{self.menu.sizes.tolist()}, got {given.tolist()}."
                )
        if problems:
            raise UsageError("\n".join(problems))
        return chosen

    def _observations(self) -> dict[str, Observation]:
        seen = self.encoding.observe(self._present())
        return {
            name: {"action_mask": self._masks[h].copy(), "observation": seen[h]}
            for h, name in enumerate(self.agents)
        }

    def _infos(self, costs: Floats, hours: float, masked_out: NDArray[np.int64]) -> dict[str, dict[str, Any]]:
        decision, team = self._present(), costs.sum(axis=0)
        return {
            name: {
                "group_costs": costs[h].copy(),
                "team_group_costs": team.copy(),
                "masked_out": int(masked_out[h]),
                "hours": hours,
                "time": decision.time,
                "trigger": decision.trigger,
            }
            for h, name in enumerate(self.agents)
        }

    def _no_costs(self) -> Floats:
        return np.zeros((len(self.network.hospitals), len(self.network.groups)))

    def _observation_space(self) -> spaces.Dict:
        return spaces.Dict(
            {
                "action_mask": spaces.Box(0, 1, (int(self.menu.sizes.sum()),), np.int8),
                "observation": spaces.Box(-np.inf, np.inf, (len(self.encoding.labels),), np.float32),
            }
        )


def _plain(reward: Any) -> Any:
    """A number for one reward, a float64 array for a vector of them."""
    return reward.copy() if isinstance(reward, np.ndarray) else float(reward)
