"""From what groups pay to how much each group's advantage counts: the objectives of group-robust learning.

Shapes: G groups. J_g is the level of group g (`policies/learning/levels.py`), rho_g its share of all patients. An
objective is a function of J; the weights are its gradient, so that the advantage that PPO maximises is

    A = -(sum over g of weights_g A_g) - A_rest,   A_g the advantage in the (standardised) cost of group g.

Sources: group DRO (Sagawa et al. 2020, ICLR) with an entropic ball around rho; generalised Gini (Weymark 1981; Siddique
et al. 2020, ICML); PI-controlled Lagrangian (Stooke et al. 2020, ICML).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from policies.learning.levels import finite
from policies.learning.multipliers import Multipliers
from scenarios.errors import UsageError

Floats = NDArray[np.float64]


class GroupObjective(Protocol):
    """A function of the levels of groups that is to become small."""

    def weights(self, costs: Floats) -> Floats:
        """Return G weights of the groups' cost advantages at levels J (G)."""
        ...

    def value(self, costs: Floats) -> float:
        """Return the objective at levels J (G), for learning curves."""
        ...

    def state(self) -> dict[str, Any]:
        """Return what it remembers as plain values, for a checkpoint."""
        ...

    def load(self, state: Mapping[str, Any]) -> None:
        """Remember what `state` returned."""
        ...


class _Memoryless:
    def state(self) -> dict[str, Any]:
        return {}

    def load(self, state: Mapping[str, Any]) -> None:
        pass


@dataclass
class Utilitarian(_Memoryless):
    """The mean over all patients: sum of rho_g J_g. Plain PPO."""

    rho: Floats

    def weights(self, costs: Floats) -> Floats:
        """Return rho, whatever the levels."""
        finite("levels of groups", costs)
        return self.rho

    def value(self, costs: Floats) -> float:
        """Return the mean."""
        return float(self.rho @ costs)


@dataclass
class SoftDRO(_Memoryless):
    """(1 - lambda) x mean + lambda x tau log sum of rho_g exp(J_g / tau): a smooth worst group.

    Weights are (1 - lambda) rho + lambda q with q_g proportional to rho_g exp(J_g / tau); with lambda 0 exactly rho.
    Small tau: the worst group alone; large tau: everybody.
    """

    rho: Floats
    lam: float = 0.5
    tau: float = 0.1
    """In the unit of J: the cost of the average patient under neutral orders."""

    def __post_init__(self) -> None:
        _share("lambda", self.lam)
        if not (np.isfinite(self.tau) and self.tau > 0):
            raise UsageError(f"tau: expected a positive number, got {self.tau!r}.")

    def weights(self, costs: Floats) -> Floats:
        """Return (1 - lambda) rho + lambda q."""
        return (1 - self.lam) * self.rho + self.lam * self.attention(costs)

    def attention(self, costs: Floats) -> Floats:
        """Return q (G)."""
        costs = finite("levels of groups", costs)
        present = self.rho > 0
        raised = np.where(present, self.rho * np.exp((costs - costs[present].max()) / self.tau), 0.0)
        return np.asarray(raised / raised.sum())

    def value(self, costs: Floats) -> float:
        """Return the objective."""
        present = self.rho > 0
        top = float(costs[present].max())
        soft = top + self.tau * float(np.log(self.rho[present] @ np.exp((costs[present] - top) / self.tau)))
        return (1 - self.lam) * float(self.rho @ costs) + self.lam * soft


@dataclass
class LevelCorrectedMax(_Memoryless):
    """(1 - lambda) x mean + lambda x the worst group, chosen by its level and not by its surrogate loss.

    All of lambda goes to the group with the largest J; equals share it. The naive form (`naive-max`, in `loss.py`)
    takes the maximum of surrogate losses, which measure the change of a group's lot and not the lot.
    """

    rho: Floats
    lam: float = 0.5

    def __post_init__(self) -> None:
        _share("lambda", self.lam)

    def weights(self, costs: Floats) -> Floats:
        """Return (1 - lambda) rho + lambda x (1 for the worst group)."""
        costs = np.where(self.rho > 0, finite("levels of groups", costs), -np.inf)
        worst = costs == costs.max()
        return np.asarray((1 - self.lam) * self.rho + self.lam * worst / worst.sum())

    def value(self, costs: Floats) -> float:
        """Return the objective."""
        return (1 - self.lam) * float(self.rho @ costs) + self.lam * float(costs[self.rho > 0].max())


@dataclass
class GeneralisedGini(_Memoryless):
    """(1 - lambda) x mean + lambda x sum of v_k J_(k), J sorted from the worst and v falling: every rank counts.

    Groups count by rank whatever their size. Equal levels share the weights of their ranks, so that the order in which
    groups are named plays no part.
    """

    rho: Floats
    ranks: Sequence[float] = ()
    """v, the worst group's first; (.8, .2) for two. When empty: 4^-k, normalised."""
    lam: float = 1.0
    _v: Floats = field(init=False, repr=False)

    def __post_init__(self) -> None:
        _share("lambda", self.lam)
        n = int((self.rho > 0).sum())
        v = np.array(self.ranks or [4.0**-k for k in range(n)], dtype=np.float64)
        falls = bool((v >= 0).all() and (np.diff(v) <= 0).all()) and v.sum() > 0
        if len(v) != n or not falls:
            raise UsageError(
                f"Gini weights: expected {n} numbers of at least 0 that do not rise, one for each group of whom "
                f"somebody comes, got {v.tolist()}."
            )
        self._v = v / v.sum()

    def weights(self, costs: Floats) -> Floats:
        """Return (1 - lambda) rho + lambda x (v by rank)."""
        costs = finite("levels of groups", costs)
        present = np.flatnonzero(self.rho > 0)
        among = costs[present]
        ordered = np.sort(among)[::-1]
        by_rank = np.zeros(len(costs))
        for g, level in zip(present, among, strict=True):
            by_rank[g] = self._v[ordered == level].mean()
        return (1 - self.lam) * self.rho + self.lam * by_rank

    def value(self, costs: Floats) -> float:
        """Return the objective."""
        ordered = np.sort(costs[self.rho > 0])[::-1]
        return (1 - self.lam) * float(self.rho @ costs) + self.lam * float(self._v @ ordered)


@dataclass
class PILagrangian:
    """The mean, subject to J_g <= (1 + slack) x mean for every group; multipliers by a PI controller.

    The breach of a group is J_g - (1 + slack) x mean. The bound moves with the mean and is taken as given in each
    iteration. Weights are (rho + mu) / (1 + sum of mu). Each call of `weights` is one step of the controller.
    """

    rho: Floats
    slack: float = 0.1
    kp: float = 1.0
    ki: float = 0.1
    _multipliers: Multipliers = field(init=False, repr=False)

    def __post_init__(self) -> None:
        if not self.slack >= 0:
            raise UsageError(f"slack: expected a number of at least 0, got {self.slack!r}.")
        self._multipliers = Multipliers(len(self.rho), self.kp, self.ki)

    def weights(self, costs: Floats) -> Floats:
        """Return (rho + mu) / (1 + sum of mu), after a step of the multipliers."""
        costs = finite("levels of groups", costs)
        breach = np.where(self.rho > 0, costs - (1 + self.slack) * float(self.rho @ costs), 0.0)
        multipliers = self._multipliers.update(breach)
        return np.asarray((self.rho + multipliers) / (1 + multipliers.sum()))

    def value(self, costs: Floats) -> float:
        """Return the mean; constraints apart."""
        return float(self.rho @ costs)

    def state(self) -> dict[str, Any]:
        """Return what the multipliers remember."""
        return self._multipliers.state()

    def load(self, state: Mapping[str, Any]) -> None:
        """Go on from there."""
        self._multipliers.load(state)


def scalarise(advantages: Floats, weights: Floats) -> Floats:
    """Return N advantages of which more is better, from cost advantages N x (G + 1): groups, then the rest.

    Not normalised: `normalised` comes after it, for a normalisation by group would undo the weights.
    """
    return np.asarray(-(advantages[:, :-1] @ weights) - advantages[:, -1], dtype=np.float64)


def normalised(advantages: Floats) -> Floats:
    """Return advantages (N) with mean 0 and standard deviation 1; all 0 if they are all alike."""
    spread = advantages.std()
    centred = advantages - advantages.mean()
    return np.asarray(centred / spread if spread > 1e-12 else centred * 0.0, dtype=np.float64)


def _share(what: str, value: float) -> None:
    if not 0 <= value <= 1:
        raise UsageError(f"{what}: expected a number from 0 to 1, got {value!r}.")
