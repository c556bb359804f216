"""The network: hospitals with their beds, staff and equipment, and the roads between them."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from scenarios.distributions import Duration
from scenarios.quantities import Count, Hours, Name, Positive, Share, Spec

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]

Capacity = Annotated[int | Literal["unlimited"], BeforeValidator(
    lambda v: (_ for _ in ()).throw(ValueError(f"expected a whole number of at least 0 or unlimited, got {v!r}"))
    if v != "unlimited" and (isinstance(v, bool) or not isinstance(v, int) or v < 0) else v
)]  # fmt: skip
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
    """How many; `unlimited` to measure demand."""
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


def _counted(value: Any) -> Any:
    return value if isinstance(value, dict | Spec) else {"count": value}


class Hospital(Spec):
    """One hospital. Pool names are unique across its beds, staff and equipment."""

    title: str = ""
    """What it is called in tables and reports."""
    beds: dict[Name, Annotated[Beds, BeforeValidator(_counted)]] = {}
    """Units by name."""
    staff: dict[Name, Annotated[Staff, BeforeValidator(_counted)]] = {}
    """Roles by name."""
    equipment: dict[Name, Annotated[Equipment, BeforeValidator(_counted)]] = {}
    """Machines by name."""
    ambulances: Count | None = None
    """Ambulances for transfers from here, each busy for the way there and back; unlimited when absent."""
    duration_factor: dict[str, Positive] = {}
    """Step -> multiplier of its duration here; 1 when not named."""
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


