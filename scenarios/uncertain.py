"""What is not known for certain: figures of the scenario with what is believed of them."""

import re
from fractions import Fraction
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from scenarios.quantities import Label, Spec, one_or_many
from scenarios.tree import value_text
from scenarios.units import format_duration, parse_duration, parse_rate

Kind = Literal["number", "duration", "rate"]


def kind_and_size(value: str | int | float) -> tuple[Kind, float]:
    """Return what is written as a plain number: hours, per hour, or as it is; `30 %` is 0.3.

    >>> kind_and_size("90 min"), kind_and_size("12 per hour"), kind_and_size("30 %"), kind_and_size(4)
    (('duration', 1.5), ('rate', 12.0), ('number', 0.3), ('number', 4.0))
    """
    if not isinstance(value, str):
        return "number", float(value)
    if re.fullmatch(r"\s*[0-9]{0,9}\.?[0-9]{0,15}\s*%\s*", value) and value.strip(" .%"):
        return "number", float(Fraction(value.strip(" %")) / 100)
    try:
        return "duration", parse_duration(value)
    except ValueError as error:
        if not re.search(r"\bper\b|/", value):
            raise error from None
        return "rate", parse_rate(value)


def as_quantity(value: Any) -> Any:
    """Refuse what is no quantity, and leave the rest as written."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError(f"expected a number, share, duration or rate, got {value_text(value)}")
    kind_and_size(value)
    return value


Quantity = Annotated[
    str | int | float,
    BeforeValidator(as_quantity),
    WithJsonSchema(
        {"anyOf": [{"type": "string"}, {"type": "number"}], "examples": ["3 days", "60 per day", 0.2]}
    ),
]
"""A number, a share, a duration or a rate, written as at the place that it is meant for."""


class Between(Spec):
    """Any value between two is as likely."""

    low: Quantity
    """The least value."""
    high: Quantity
    """The greatest value."""


class Peaked(Spec):
    """From a least to a greatest value, with a peak at the most likely."""

    low: Quantity
    """The least value."""
    mode: Quantity
    """The most likely value."""
    high: Quantity
    """The greatest value."""


class Around(Spec):
    """A mean and a standard deviation of the belief."""

    mean: Quantity
    """The mean."""
    sd: Quantity
    """The standard deviation, above 0."""


LAWS = ("uniform", "triangular", "normal", "lognormal", "gamma", "beta", "values")
"""The keys of which exactly one says what is believed."""


class Uncertain(Spec):
    """A figure of the scenario that is not known for certain, and what is believed of it."""

    paths: Annotated[tuple[Label, ...], BeforeValidator(one_or_many), Field(min_length=1)]
    """What it is: places as after `--set`, for example `hospitals.north.beds.icu.count`; several get the same value."""
    change: Literal["set", "times"] = "set"
    """`set`: the value takes the place of what is written; `times`: what is written is multiplied by it."""
    uniform: Between | None = None
    """Any value between two."""
    triangular: Peaked | None = None
    """A peak between two."""
    normal: Around | None = None
    """Normal, cut at 0: a negative value is drawn again."""
    lognormal: Around | None = None
    """Lognormal, by the mean and standard deviation of the value itself."""
    gamma: Around | None = None
    """Gamma."""
    beta: Around | None = None
    """Beta, for shares."""
    values: tuple[Quantity, ...] | None = None
    """These values, each as likely: for whole numbers such as beds."""
    source: str
    """Where the belief comes from, or `assumed`."""

    @model_validator(mode="after")
    def _one(self) -> Self:
        named = [key for key in LAWS if getattr(self, key) is not None]
        if len(named) != 1:
            raise ValueError(
                f"expected exactly one of {', '.join(LAWS)}, got {' and '.join(named) or 'none'}"
            )
        _check_belief(self.law, self.written())
        if self.change == "times" and self.kind != "number":
            raise ValueError(f"expected plain numbers to multiply by, got {self.kind}s")
        return self

    @property
    def law(self) -> str:
        """The key under which the belief is written."""
        return next(key for key in LAWS if getattr(self, key) is not None)

    def written(self) -> dict[str, str | int | float]:
        """Return the parameters of the belief as they are written; of `values`, by index."""
        law = getattr(self, self.law)
        return {str(i): v for i, v in enumerate(law)} if isinstance(law, tuple) else law.model_dump()

    @property
    def kind(self) -> Kind:
        """What the values are."""
        return _kind(self.written())

    @property
    def parameters(self) -> dict[str, float]:
        """The parameters as plain numbers: hours, per hour, or as they are."""
        return {name: kind_and_size(value)[1] for name, value in self.written().items()}

    def text(self, value: float) -> str:
        """Return a value of the belief as it is written in a scenario."""
        if self.kind == "duration":
            return format_duration(value)
        return f"{value!r} per hour" if self.kind == "rate" else repr(value)


def _kind(written: dict[str, str | int | float]) -> Kind:
    """Return the kind of values of which not all are a bare 0, which may be anything."""
    kinds: list[Kind] = [kind_and_size(value)[0] for value in written.values() if value not in (0, "0")]
    return kinds[0] if kinds else "number"


def _check_belief(law: str, written: dict[str, str | int | float]) -> None:
    kinds = {kind_and_size(value)[0] for value in written.values() if value not in (0, "0")}
    if len(kinds) > 1:
        raise ValueError(f"expected values of one kind, got a {' and a '.join(sorted(kinds))}")
    size = {name: kind_and_size(value)[1] for name, value in written.items()}
    if law == "values" and len(set(size.values())) < 2:
        raise ValueError(
            "expected at least two different values, got one. What is certain belongs into the scenario"
        )
    if law in ("uniform", "triangular") and not size["low"] < size["high"]:
        raise ValueError("expected low below high")
    if law == "triangular" and not size["low"] <= size["mode"] <= size["high"]:
        raise ValueError("expected low <= mode <= high, got the mode outside")
    if "sd" in size and not size["sd"] > 0:
        raise ValueError("expected an sd above 0. What is certain belongs into the scenario")
    if law in ("lognormal", "gamma") and not size["mean"] > 0:
        raise ValueError(f"expected a {law} mean above 0")
    if law == "normal" and size["mean"] < 2 * size["sd"]:
        raise ValueError(
            "expected a normal mean of at least two sd, else much of it is cut off at 0. Use gamma"
        )
    if law == "beta" and not (0 < size["mean"] < 1 and size["sd"] ** 2 < size["mean"] * (1 - size["mean"])):
        raise ValueError("expected a beta mean between 0 and 1 and an sd below the root of mean x (1 - mean)")
