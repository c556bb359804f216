"""What things cost: no figure has a default, and each has its source."""

from typing import Annotated

from pydantic import Field

from scenarios.quantities import Label, Name, NonNegative, Spec


class UnitCost(Spec):
    """The cost of one unit."""

    amount: NonNegative
    """How much, in the currency of `costs`."""
    source: Annotated[str, Field(min_length=1)]
    """Where the figure comes from, or `assumed`."""


class Costs(Spec):
    """Unit costs; what is not named here costs nothing, and the answer says which units were counted."""

    currency: Label
    """What amounts are in, with the year of prices: `GBP of 2023`."""
    bed_day: dict[Name, UnitCost] = {}
    """Unit of beds -> a bed in use by a patient for a day; neither cleaning nor empty or reserved beds."""
    staff_hour: dict[Name, UnitCost] = {}
    """Role -> a person on duty for an hour, busy or not; who is sick is not on duty."""
    equipment_hour: dict[Name, UnitCost] = {}
    """Machine -> one in use for an hour."""
    call_in: dict[Name, UnitCost] = {}
    """Role -> a person called in for the time from one decision to the next, on top of the hours."""
    transfer: UnitCost | None = None
    """A departure for another hospital, of those who presented after the warm-up."""
    dose: dict[Name, UnitCost] = {}
    """Vaccine -> a dose given or lost."""
    step: dict[Name, UnitCost] = {}
    """`pathway.step` -> a start of the step: a procedure, a test, a visit."""
