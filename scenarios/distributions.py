"""The distributions of the scenario language: parameters only; `sim/distributions.py` samples them.

A distribution is written as one key: `lognormal: {mean: 8 h, sd: 4 h}`, `exponential: 3 min`.
"""

from functools import cached_property
from typing import Annotated, Any, Generic, Literal, Self, TypeVar

from pydantic import BeforeValidator, Field, model_validator

from scenarios.quantities import Hours, NonNegative, Positive, Spec, When

Q = TypeVar("Q")
"""The quantity: hours, or a plain number."""


class Parametric(Spec, Generic[Q]):
    """Base of the distributions, which are of hours or of plain numbers."""

    @classmethod
    def model_parametrized_name(cls, params: tuple[Any, ...]) -> str:
        """Return a name that can be read, for example `LognormalOfHours`."""
        return f"{cls.__name__}Of{'Hours' if params[0] == Hours else 'Numbers'}"


class Constant(Parametric[Q]):
    """Always the same value."""

    value: Q
    """The value."""


class Exponential(Parametric[Q]):
    """Exponential: without memory; the standard deviation equals the mean."""

    mean: Q
    """The mean."""


class Lognormal(Parametric[Q]):
    """Lognormal, given by the mean and standard deviation of the value itself, not of its logarithm."""

    mean: Q
    """The mean of the value, above 0."""
    sd: Q
    """The standard deviation of the value."""


class Normal(Parametric[Q]):
    """Normal, cut at 0 as `below_zero` says."""

    mean: Q
    """The mean before cutting."""
    sd: Q
    """The standard deviation before cutting."""
    below_zero: Literal["redraw", "zero"] = "redraw"
    """`redraw`: draw again until at least 0 (the normal truncated at 0); `zero`: a negative draw becomes 0."""


class Gamma(Parametric[Q]):
    """Gamma, given by its mean and standard deviation."""

    mean: Q
    """The mean, above 0."""
    sd: Q
    """The standard deviation, above 0."""


class Erlang(Parametric[Q]):
    """Erlang: the sum of k exponentials."""

    mean: Q
    """The mean of the sum."""
    k: Annotated[int, Field(ge=1)]
    """The number of phases."""


class Weibull(Parametric[Q]):
    """Weibull: the longer it lasts, the likelier to end soon (shape above 1) or to go on (below 1)."""

    scale: Q
    """The scale, above 0."""
    shape: Positive
    """The shape, at least 0.05; 1 is exponential."""


class Triangular(Parametric[Q]):
    """Triangular: from a least to a greatest value, with a peak at the most likely."""

    low: Q
    """The least value."""
    mode: Q
    """The most likely value."""
    high: Q
    """The greatest value."""


class Uniform(Parametric[Q]):
    """Uniform: every value between two is as likely."""

    low: Q
    """The least value."""
    high: Q
    """The greatest value."""


class Empirical(Parametric[Q]):
    """Observed values, each as likely as its weight (equal weights when none are given)."""

    values: Annotated[tuple[Q, ...], Field(min_length=1)]
    """The values."""
    weights: tuple[NonNegative, ...] | None = None
    """One weight a value; they need not sum to 1."""


KINDS: tuple[str, ...] = (
    "constant", "exponential", "lognormal", "normal", "gamma", "erlang", "weibull", "triangular", "uniform", "empirical"
)  # fmt: skip
"""The registry: the keys by which a distribution is written, in schema order."""


FLATTEST = 0.05
"""The least Weibull shape; its mean is 20! times the scale."""


def as_value(value: Any) -> Any:
    """Let `constant: 3 min` stand for `constant: {value: 3 min}`."""
    return value if isinstance(value, dict | Spec) else {"value": value}


def as_mean(value: Any) -> Any:
    """Let `exponential: 3 min` stand for `exponential: {mean: 3 min}`."""
    return value if isinstance(value, dict | Spec) else {"mean": value}


def as_values(value: Any) -> Any:
    """Let `empirical: [3 min, 5 min]` stand for `empirical: {values: [3 min, 5 min]}`."""
    return value if isinstance(value, dict | Spec) else {"values": value}


class Distribution(Parametric[Q]):
    """One distribution; exactly one key."""

    constant: Annotated[Constant[Q], BeforeValidator(as_value)] | None = None
    exponential: Annotated[Exponential[Q], BeforeValidator(as_mean)] | None = None
    lognormal: Lognormal[Q] | None = None
    normal: Normal[Q] | None = None
    gamma: Gamma[Q] | None = None
    erlang: Erlang[Q] | None = None
    weibull: Weibull[Q] | None = None
    triangular: Triangular[Q] | None = None
    uniform: Uniform[Q] | None = None
    empirical: Annotated[Empirical[Q], BeforeValidator(as_values)] | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        named = [kind for kind in KINDS if getattr(self, kind) is not None]
        if len(named) != 1:
            raise ValueError(
                f"expected exactly one distribution of {', '.join(KINDS)}, got {' and '.join(named) or 'none'}"
            )
        _check_parameters(named[0], getattr(self, named[0]))
        return self

    @cached_property
    def kind(self) -> str:
        """The key under which this distribution is written."""
        return next(kind for kind in KINDS if getattr(self, kind) is not None)

    @property
    def law(self) -> Any:
        """The parameters: an instance of the class named by `kind`."""
        return getattr(self, self.kind)


def _check_parameters(kind: str, law: Any) -> None:
    if kind in ("lognormal", "gamma") and law.mean <= 0:
        raise ValueError(f"expected a {kind} mean above 0, got 0")
    if kind == "gamma" and law.sd <= 0:
        raise ValueError("expected a gamma sd above 0, got 0. Use constant for no spread")
    if kind == "weibull" and law.scale <= 0:
        raise ValueError("expected a weibull scale above 0, got 0")
    if kind == "weibull" and law.shape < FLATTEST:
        raise ValueError(
            f"expected a weibull shape of at least {FLATTEST}, got {law.shape!r}. A smaller one has no mean to speak of"
        )
    if kind in ("triangular", "uniform") and law.low > law.high:
        raise ValueError(f"expected low <= high, got low {law.low!r} above high {law.high!r}")
    if kind == "triangular" and not law.low <= law.mode <= law.high:
        raise ValueError(f"expected low <= mode <= high, got mode {law.mode!r} outside")
    if kind == "empirical" and law.weights is not None:
        if len(law.weights) != len(law.values):
            raise ValueError(f"expected one weight a value ({len(law.values)}), got {len(law.weights)}")
        if sum(law.weights) <= 0:
            raise ValueError("expected weights with a sum above 0, got 0")


def bare_text(value: Any) -> Any:
    """Let `duration: 90 min` stand for `duration: {constant: 90 min}`."""
    return (
        {"constant": value} if isinstance(value, str | int | float) and not isinstance(value, bool) else value
    )


Duration = Annotated[Distribution[Hours], BeforeValidator(bare_text)]
"""A random duration."""

Amount = Annotated[Distribution[NonNegative], BeforeValidator(bare_text)]
"""A random plain number."""


class DurationCase(Distribution[Hours]):
    """A duration for the patients of whom the condition holds; the first case that holds is taken."""

    when: When = {}
    """For whom; empty: everybody not yet taken."""


def case_list(value: Any) -> Any:
    """Let a duration, or a single case, stand where a list of cases is expected."""
    return [bare_text(v) for v in (value if isinstance(value, list | tuple) else [value])]


DurationCases = Annotated[tuple[DurationCase, ...], BeforeValidator(case_list), Field(min_length=1)]
"""A duration, or a list of cases of which the last has no `when`."""


def _name_parametrised_classes() -> None:
    """Give each class of hours or numbers a name in this module, without which it cannot be pickled."""
    for law in list(Parametric.__subclasses__()):
        if not law.__pydantic_generic_metadata__["args"] and law is not DurationCase:
            for quantity in (Hours, NonNegative):
                cls = law[quantity]  # type: ignore[index]
                globals()[cls.__name__] = cls


_name_parametrised_classes()
