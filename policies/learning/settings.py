"""How a policy is trained: every number that decides it, validated at once, plain enough for a manifest."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from policies.learning.holding import COMPANY
from scenarios.errors import UsageError

BY_GRADIENT = ("ppo", "gr-ppo", "gr-ppo-max", "ggf", "pi-lagrangian", "naive-max")
"""Plain, soft-DRO, level-corrected max, generalised Gini, constraints by multipliers, and the naive max to compare."""

BY_TRIAL = "gr-es"
"""Soft-DRO by evolution strategies: whole episodes are tried, on the same patients for all."""

ALGORITHMS = (*BY_GRADIENT, BY_TRIAL)

MAY_CHANGE = ("iterations", "checkpoint_every")
"""Settings that may differ when training goes on from a checkpoint."""


@dataclass(frozen=True)
class TrainSettings:
    """Settings of a training run. Raises `UsageError` with everything that makes no sense."""

    algo: str = "gr-ppo"
    lam: float = 0.5
    """How much the worst-off count: 0 the mean only."""
    tau: float = 0.1
    """Temperature of soft-DRO, in the cost of an average patient under neutral orders."""
    target_gap: float | None = None
    """Adapt lambda so that the gap between groups comes down to this, in the same unit; None: lambda is fixed."""
    ranks: tuple[float, ...] = ()
    """Gini weights, the worst group's first; 4^-k when empty."""
    slack: float = 0.1
    """pi-lagrangian: by how much of the mean a group's level may exceed it."""
    seed: int = 1
    iterations: int = 100
    copies: int = 8
    """Episodes in lockstep."""
    steps: int | None = None
    """Decisions of every copy in an iteration; an episode's, at most 256, when None."""
    menu: str = "all"
    """`all`, `inside`, `rules` or `class-weights`: see `policies/learning/offer.py`."""
    cost_by_group: Mapping[str, float] = field(default_factory=dict)
    """What multiplies the costs of a group's patients; 1 when not named."""
    gamma: float = 0.98
    """Discount an hour."""
    trace: float = 0.95
    """Lambda of the advantage estimation, a step."""
    lr: float = 1e-3
    """Step size at the beginning; falls to a tenth."""
    entropy: float = 0.01
    """Weight of the entropy at the beginning; falls to 0 at nine tenths of the run."""
    clip: float = 0.2
    value: float = 0.5
    epochs: int = 6
    minibatch: int = 512
    target_kl: float = 0.03
    """An iteration's epochs end when the policy has moved this far."""
    start: str = "neutral"
    """The rules and dials that the untrained policy leans to: see `policies/learning/start.py`."""
    keep: float = 0.7
    """The probability with which the untrained policy takes a dial's option of `start`."""
    explore: tuple[str, ...] = ()
    """The dials for which this is so, by name; it all but always takes the option of the others. All when empty."""
    hidden: tuple[int, ...] = (64, 64)
    sees: tuple[str, ...] = ()
    """gr-es: how the labels begin of what the policy sees; everything when empty."""
    spread: float = 0.25
    """gr-es: the standard deviation of what is tried around a weight."""
    stride: float = 1.0
    """gr-es: the step at first, for weights all of whose trials agree; falls to a tenth."""
    ramp: float = 0.0
    """gr-es: the share of the iterations in which lambda rises from 0 to `lam`."""
    harm: float | None = None
    """gr-es: by which part of what it costs under `start` a group may be worse off; below 0: must be better off; None:
    nobody is held there."""
    smoothing: float = 0.3
    """Of the levels of groups: the share of the newest iteration."""
    checkpoint_every: int = 10

    def __post_init__(self) -> None:
        checks: tuple[tuple[str, tuple[str, ...], Callable[[Any], bool]], ...] = (
            ("a number from 0 to 1", ("lam", "gamma", "trace", "ramp"), lambda x: 0 <= x <= 1),
            ("a number between 0 and 1", ("keep", "clip"), lambda x: 0 < x < 1),
            (
                "a positive number",
                ("tau", "lr", "target_kl", "spread", "stride"),
                lambda x: 0 < x < float("inf"),
            ),
            ("a number of at least 0", ("entropy", "value", "slack"), lambda x: 0 <= x < float("inf")),
            (
                "a whole number of at least 1",
                ("iterations", "copies", "epochs", "minibatch", "checkpoint_every"),
                lambda x: x >= 1,
            ),
            ("a whole number of at least 0", ("seed",), lambda x: x >= 0),
        )
        problems = [
            f"{name}: expected {what}, got {getattr(self, name)!r}."
            for what, names, fits in checks
            for name in names
            if not fits(getattr(self, name))
        ]
        if self.algo not in ALGORITHMS:
            problems.append(f"algo: expected one of {', '.join(ALGORITHMS)}, got {self.algo!r}.")
        if self.steps is not None and self.steps < 2:
            problems.append(f"steps: expected at least 2, got {self.steps}.")
        if self.target_gap is not None and not (self.target_gap >= 0 and self.algo == "gr-ppo"):
            problems.append(
                f"target_gap: expected at least 0, and algo gr-ppo, got {self.target_gap} and {self.algo}."
            )
        if self.algo == BY_TRIAL and self.copies % 2:
            problems.append(f"copies: expected an even number with algo {BY_TRIAL}, got {self.copies}.")
        if self.harm is not None and not (
            -1 < self.harm < float("inf") and self.algo == BY_TRIAL and self.copies % COMPANY == 0
        ):
            problems.append(
                f"harm: expected a number above -1, algo {BY_TRIAL} and copies a multiple of {COMPANY}, got "
                f"{self.harm}, {self.algo} and {self.copies}."
            )
        if self.algo == BY_TRIAL and self.steps is not None:
            problems.append(
                f"steps: expected none with algo {BY_TRIAL}, which plays whole episodes, got {self.steps}."
            )
        if self.algo == BY_TRIAL and self.keep < 0.5:
            problems.append(f"keep: expected at least 0.5 with algo {BY_TRIAL}, got {self.keep}.")
        problems += [
            f"{name}: expected algo {BY_TRIAL}, got {self.algo}."
            for name in ("sees", "ramp")
            if getattr(self, name) and self.algo != BY_TRIAL
        ]
        if any(width < 1 for width in self.hidden):
            problems.append(f"hidden: expected whole numbers of at least 1, got {self.hidden}.")
        if self.gamma == 1:
            problems.append("gamma: expected less than 1: episodes are truncated, never ended.")
        if problems:
            raise UsageError("\n".join(problems))

    def check_gradient(self) -> None:
        """Raise `UsageError` where only a gradient will do and the algorithm takes none: on Ray, and in one go."""
        if self.algo not in BY_GRADIENT:
            raise UsageError(
                f"algo: expected one of {', '.join(BY_GRADIENT)} here, got {self.algo}, which one process trains "
                "from episode to episode: fairward train, without --ray."
            )

    def plain(self) -> dict[str, Any]:
        """Return it for JSON."""
        return {
            key: list(value) if isinstance(value, tuple) else value for key, value in asdict(self).items()
        }

    @classmethod
    def of_plain(cls, written: Mapping[str, Any]) -> TrainSettings:
        """Return what `plain` was made of."""
        known = {one.name for one in fields(cls)}
        values: dict[str, Any] = {key: value for key, value in written.items() if key in known}
        for key, value in values.items():
            values[key] = tuple(value) if isinstance(value, list) else value
        return cls(**values)

    def check_resumes(self, checkpoint: Path, written: Mapping[str, Any]) -> None:
        """Raise `UsageError` if training from a checkpoint with settings `written` would not go on as it began."""
        then = TrainSettings.of_plain(written).plain()
        changed = [
            f"{name}: was {then[name]!r}, is {value!r}."
            for name, value in self.plain().items()
            if value != then[name] and name not in MAY_CHANGE
        ]
        if changed:
            raise UsageError("\n".join([f"{checkpoint} was trained with other settings:", *changed]))
