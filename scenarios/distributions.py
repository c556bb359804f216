"""The distributions of the scenario language: parameters only; `sim/distributions.py` samples them.

A distribution is written as one key: `lognormal: {mean: 8 h, sd: 4 h}`, `exponential: 3 min`.
"""

from typing import Annotated, Any, Generic, Literal, Self, TypeVar

from pydantic import BeforeValidator, Field, model_validator

from scenarios.quantities import Hours, NonNegative, Positive, Spec, When

Q = TypeVar("Q")
"""The quantity: hours, or a plain number."""


class Constant(Spec, Generic[Q]):
    """Always the same value."""

    value: Q
    """The value."""


class Exponential(Spec, Generic[Q]):
    """Exponential."""

    mean: Q
    """The mean."""


class Lognormal(Spec, Generic[Q]):
    """Lognormal, given by the mean and standard deviation of the value itself, not of its logarithm."""

    mean: Q
    """The mean of the value, above 0."""
    sd: Q
    """The standard deviation of the value."""


class Normal(Spec, Generic[Q]):
    """Normal, cut at 0."""

    mean: Q
    """The mean before cutting."""
    sd: Q
    """The standard deviation before cutting."""
    below_zero: Literal["redraw", "zero"] = "redraw"
    """`redraw`: draw again until at least 0 (the normal truncated at 0); `zero`: a negative draw becomes 0."""


class Gamma(Spec, Generic[Q]):
    """Gamma, given by mean and standard deviation."""

    mean: Q
    """The mean, above 0."""
    sd: Q
    """The standard deviation, above 0."""


class Erlang(Spec, Generic[Q]):
    """Erlang: the sum of k exponentials."""

    mean: Q
    """The mean of the sum."""
    k: Annotated[int, Field(ge=1)]
    """The number of phases."""


class Weibull(Spec, Generic[Q]):
    """Weibull."""

    scale: Q
    """The scale, above 0."""
    shape: Positive
    """The shape; 1 is exponential."""


class Triangular(Spec, Generic[Q]):
    """Triangular."""

    low: Q
    """The least value."""
    mode: Q
    """The most likely value."""
    high: Q
    """The greatest value."""


class Uniform(Spec, Generic[Q]):
    """Uniform between two values."""

    low: Q
    """The least value."""
    high: Q
    """The greatest value."""


class Empirical(Spec, Generic[Q]):
    """Observed values, each as likely as its weight (equal weights when none are given)."""

    values: Annotated[tuple[Q, ...], Field(min_length=1)]
    """The values."""
    weights: tuple[NonNegative, ...] | None = None
    """One weight a value; they need not sum to 1."""


KINDS: tuple[str, ...] = (
    "constant", "exponential", "lognormal", "normal", "gamma", "erlang", "weibull", "triangular", "uniform", "empirical"
)  # fmt: skip
"""The registry: the keys by which a distribution is written, in schema order."""


def _first_field(field: str) -> BeforeValidator:
    """Let `exponential: 3 min` stand for `exponential: {mean: 3 min}`."""
    return BeforeValidator(lambda v: v if isinstance(v, dict | Spec) else {field: v})


class Distribution(Spec, Generic[Q]):
    """One distribution; exactly one key."""

    constant: Annotated[Constant[Q], _first_field("value")] | None = None
    exponential: Annotated[Exponential[Q], _first_field("mean")] | None = None
    lognormal: Lognormal[Q] | None = None
    normal: Normal[Q] | None = None
    gamma: Gamma[Q] | None = None
    erlang: Erlang[Q] | None = None
    weibull: Weibull[Q] | None = None
    triangular: Triangular[Q] | None = None
    uniform: Uniform[Q] | None = None
    empirical: Annotated[Empirical[Q], _first_field("values")] | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        named = [kind for kind in KINDS if getattr(self, kind) is not None]
        if len(named) != 1:
            raise ValueError(
                f"expected exactly one distribution of {', '.join(KINDS)}, got {' and '.join(named) or 'none'}"
            )
        _check_parameters(named[0], getattr(self, named[0]))
        return self

    @property
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
    if kind in ("triangular", "uniform") and law.low > law.high:
        raise ValueError(f"expected low <= high, got low {law.low!r} above high {law.high!r}")
    if kind == "triangular" and not law.low <= law.mode <= law.high:
        raise ValueError(f"expected low <= mode <= high, got mode {law.mode!r} outside")
    if kind == "empirical" and law.weights is not None:
        if len(law.weights) != len(law.values):
            raise ValueError(f"expected one weight a value ({len(law.values)}), got {len(law.weights)}")
        if sum(law.weights) <= 0:
            raise ValueError("expected weights with a sum above 0, got 0")


def _bare_text(value: Any) -> Any:
    """Let `duration: 90 min` stand for `duration: {constant: 90 min}`."""
    return (
        {"constant": value} if isinstance(value, str | int | float) and not isinstance(value, bool) else value
    )


Duration = Annotated[Distribution[Hours], BeforeValidator(_bare_text)]
"""A random duration."""

Amount = Annotated[Distribution[NonNegative], BeforeValidator(_bare_text)]
"""A random plain number."""


class DurationCase(Distribution[Hours]):
    """A duration for the patients of whom the condition holds; the first case that holds is taken."""

    when: When = {}
    """For whom; empty: everybody not yet taken."""


def _case_list(value: Any) -> Any:
    return [_bare_text(v) for v in (value if isinstance(value, list | tuple) else [value])]


DurationCases = Annotated[tuple[DurationCase, ...], BeforeValidator(_case_list), Field(min_length=1)]
"""A duration, or a list of cases of which the last has no `when`."""
