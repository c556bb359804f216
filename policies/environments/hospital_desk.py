"""`hospital_desk_v0`: one hospital, one patient at a time, beds or vaccine that run out; a Gymnasium environment.

Shapes: N patients of a cohort, G groups, D = 5 + 2 G entries of an observation.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import gymnasium
import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from policies.environments.cohorts import CohortGenerator, Drawn, People, calibrated_people, people_of_file
from policies.environments.desk_rewards import Balance, DeskReward, Ledger
from scenarios.errors import UsageError

Vector = NDArray[np.float32]

N_PATIENTS, N_UNITS = 40, 12
"""Patients of an episode, and beds or doses for them: scarce, so that most cannot have one. Assumed."""
POOL_SEED = 2025
"""Of the people from whom cohorts are drawn when no profiles are given: the same for all seeds of `reset`."""

DECLINE, ADMIT = 0, 1


class HospitalDesk(gymnasium.Env[Vector, np.int64]):
    """Admit or decline, give or keep: a unit for this patient, or for one who may come later. See docs/environments.md.

    The episode ends when the units or the patients run out; whoever has not been seen by then gets nothing and is
    counted. `reset(seed=s)` begins with cohort 1 of seed s, every later `reset()` takes the next one.
    """

    metadata: dict[str, Any] = {"render_modes": ["ansi", "rgb_array"], "render_fps": 2}

    def __init__(
        self,
        profiles: CohortGenerator | People | str | Path | None = None,
        *,
        resource: Literal["beds", "doses"] = "beds",
        n_units: int = N_UNITS,
        n_patients: int = N_PATIENTS,
        fairness: float = 0.0,
        reward: DeskReward | None = None,
        grouping: str = "deprivation",
        seed: int = 1,
        render_mode: str | None = None,
    ) -> None:
        """Prepare the people; nobody comes before `reset`.

        `profiles`: a file that `fairward profiles prepare` wrote, people, or a generator of cohorts; calibrated
        synthetic people when None. `resource`: the need is severity for beds, priority for doses. `fairness`: lambda.
        """
        problems = [
            f"{name}: expected a whole number of at least 1, got {value!r}."
            for name, value in (("n_units", n_units), ("n_patients", n_patients))
            if type(value) is not int or value < 1
        ]
        if resource not in ("beds", "doses"):
            problems.append(f"resource: expected beds or doses, got {resource!r}.")
        if render_mode not in (None, *self.metadata["render_modes"]):
            problems.append(f"render_mode: expected ansi, rgb_array or None, got {render_mode!r}.")
        if problems:
            raise UsageError("\n".join(problems))
        self.generator = _generator(profiles, n_patients, grouping)
        self.groups = self.generator.groups
        self.resource, self.n_units = resource, n_units
        self.reward: DeskReward = Balance(fairness) if reward is None else reward
        self.render_mode = render_mode
        n = len(self.groups)
        self.labels: tuple[str, ...] = (
            "severity", "priority", "age", "units left", "patients to come",
            *(f"is {group}" for group in self.groups), *(f"met {group}" for group in self.groups),
        )  # fmt: skip
        """D."""
        self.observation_space = spaces.Box(0.0, 1.0, (5 + 2 * n,), np.float32)
        self.action_space = spaces.Discrete(2)
        self._seed, self._replication = seed, 0
        self._cohort: People | None = None
        self._place = self._left = 0
        self._ledger = Ledger(np.zeros(n), np.zeros(n))

    def reset(
        self, *, seed: int | None = None, options: Mapping[str, Any] | None = None
    ) -> tuple[Vector, dict[str, Any]]:
        """Begin an episode; `options={"replication": r}` chooses the cohort."""
        super().reset(seed=seed)
        if seed is not None:
            self._seed, self._replication = int(seed), 0
        self._replication = int((options or {}).get("replication", self._replication + 1))
        self._cohort = self.generator.cohort(self._seed, self._replication)
        self._place, self._left = 0, self.n_units
        self._ledger = Ledger(np.zeros(len(self.groups)), np.zeros(len(self.groups)))
        return self._observation(), self._info(np.zeros(len(self.groups)))

    def step(self, action: Any) -> tuple[Vector, float, bool, bool, dict[str, Any]]:
        """Decide about the present patient and call the next."""
        cohort = self._present()
        if self._over(cohort):
            raise UsageError("the episode is over: call reset.")
        if not self.action_space.contains(action):
            raise UsageError(f"action: expected 0 (decline, keep) or 1 (admit, give), got {action!r}.")
        before, need, group = self._ledger, self._need(cohort), cohort.group
        here = self._place
        presented, met = before.presented.copy(), before.met.copy()
        unmet = np.zeros(len(self.groups))
        presented[group[here]] += need[here]
        if int(action) == ADMIT:
            met[group[here]] += need[here]
            self._left -= 1
        else:
            unmet[group[here]] += need[here]
        self._place += 1
        over = self._over(cohort)
        if over:
            np.add.at(presented, group[self._place :], need[self._place :])
            np.add.at(unmet, group[self._place :], need[self._place :])
        self._ledger = Ledger(presented, met)
        reward = self.reward.of(before, self._ledger, self.n_units * float(need.mean()))
        return self._observation(), reward, over, False, self._info(unmet)

    def render(self) -> Any:
        """Return text or a picture, as `render_mode` says."""
        from policies.environments.desk_viewer import picture, text

        if self.render_mode is None:
            return None
        cohort = self._present()
        title = f"{self._left} of {self.n_units} {self.resource} left, patient {self._place} of {len(cohort)}"
        show = text if self.render_mode == "ansi" else picture
        return show(title, self.groups, self._ledger)

    def _present(self) -> People:
        if self._cohort is None:
            raise UsageError("there is no episode: call reset first.")
        return self._cohort

    def _over(self, cohort: People) -> bool:
        return self._left == 0 or self._place == len(cohort)

    def _need(self, cohort: People) -> NDArray[np.float64]:
        return cohort.severity if self.resource == "beds" else cohort.priority

    def _observation(self) -> Vector:
        """D; of the patient all 0 when nobody is left."""
        cohort, n = self._present(), len(self.groups)
        who = np.zeros(3)
        group = np.zeros(n)
        if self._place < len(cohort):
            k = self._place
            who = np.array([cohort.severity[k], cohort.priority[k], min(cohort.age[k] / 105, 1.0)])
            group[cohort.group[k]] = 1
        presented = self._ledger.presented
        met = np.divide(self._ledger.met, presented, out=np.zeros(n), where=presented > 0)
        left = [self._left / self.n_units, (len(cohort) - self._place) / len(cohort)]
        return np.concatenate([who, left, group, np.minimum(met, 1.0)]).astype(np.float32)

    def _info(self, unmet: NDArray[np.float64]) -> dict[str, Any]:
        return {"group_costs": unmet, "gap": self._ledger.gap, "units_left": self._left}


def _generator(profiles: Any, n_patients: int, grouping: str) -> CohortGenerator:
    if profiles is None:
        return Drawn(calibrated_people(POOL_SEED, grouping=grouping), n_patients)
    if isinstance(profiles, str | Path):
        return Drawn(people_of_file(Path(profiles), grouping), n_patients)
    if isinstance(profiles, People):
        return Drawn(profiles, n_patients)
    generator: CohortGenerator = profiles
    return generator


def register() -> None:
    """Let `gymnasium.make("fairward/HospitalDesk-v0")` find the desk."""
    if DESK_ID not in gymnasium.registry:
        gymnasium.register(DESK_ID, entry_point="policies.environments.hospital_desk:HospitalDesk")


DESK_ID = "fairward/HospitalDesk-v0"
register()
