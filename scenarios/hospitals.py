"""The network: hospitals with their beds, staff and equipment, and the roads between them."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from scenarios.distributions import Duration
from scenarios.quantities import Count, Hours, Name, Positive, Share, Spec
from scenarios.tree import value_text

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


def _capacity(value: Any) -> Any:
    if value == "unlimited":
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        if value >= 0:
            return value
        raise ValueError(f"expected a whole number of at least 0, got {value}")
    raise ValueError(f"expected a whole number of at least 0 or unlimited, got {value_text(value)}")


Capacity = Annotated[int | Literal["unlimited"], BeforeValidator(_capacity)]
"""A whole number of at least 0, or `unlimited`."""


class Flex(Spec):
    """Beds that can be opened when ordered."""

    count: Count
    """How many."""
    delay: Hours
    """How long after the order they open."""


class Beds(Spec):
    """The beds of one unit."""

    count: Capacity
    """How many; 0 closes the unit; `unlimited` to measure demand."""
    cleaning: Duration | None = None
    """How long a bed is out of use after each patient."""
    flex: Flex | None = None
    """Beds that can be opened when ordered."""
    source: str = ""
    """Where the figures come from, or `assumed`."""


class Shift(Spec):
    """How many are on duty at a time of day."""

    begins: Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
    """Clock time, for example `07:00`."""
    ends: Annotated[str, Field(pattern=r"^(([01]\d|2[0-3]):[0-5]\d|24:00)$")]
    """Clock time; not after `begins`: the next day."""
    count: Count
    """How many; 0 to say that nobody is."""
    days: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    """The days on which the shift begins."""


class Staff(Spec):
    """The staff of one role."""

    count: Capacity | None = None
    """How many at any time, instead of a roster."""
    roster: tuple[Shift, ...] = ()
    """Shifts, which add where they overlap and together cover the week."""
    sickness: Share = 0.0
    """The chance that a person of a shift does not come."""
    call_in: Count = 0
    """How many more can be called in for the time until the next decision."""
    source: str = ""
    """Where the figures come from, or `assumed`."""


class Equipment(Spec):
    """Machines of one kind."""

    count: Capacity
    """How many."""
    source: str = ""
    """Where the figures come from, or `assumed`."""


def as_count(value: Any) -> Any:
    """Let a bare number stand for the count."""
    return value if isinstance(value, dict | Spec) else {"count": value}


class Hospital(Spec):
    """One hospital. A pool's name is of one kind (beds, staff or equipment) throughout the network."""

    title: str = ""
    """What it is called in tables and reports."""
    beds: dict[Name, Annotated[Beds, BeforeValidator(as_count)]] = {}
    """Units by name."""
    staff: dict[Name, Annotated[Staff, BeforeValidator(as_count)]] = {}
    """Roles by name."""
    equipment: dict[Name, Annotated[Equipment, BeforeValidator(as_count)]] = {}
    """Machines by name."""
    ambulances: Count | None = None
    """Ambulances for transfers from here, each busy for the way there and back; unlimited when absent."""
    duration_factor: dict[str, Positive] = {}
    """Step, or `pathway.step` -> multiplier of its duration here; 1 when not named."""
    population: Count | None = None
    """People in the catchment, for outcomes per head."""
    source: str = ""
    """Where the figures come from, or `assumed`."""


class Transfers(Spec):
    """Moving patients between hospitals."""

    travel: dict[str, dict[str, Hours]] = {}
    """From -> to -> time; the way back takes as long unless written. Hospitals not named are not neighbours."""
    handover: Hours = 0.0
    """Added to every transfer on arrival."""
    reservation_expires: Hours | None = None
    """A bed reserved at departure is given up after this long; kept until arrival when absent."""
