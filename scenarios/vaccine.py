"""Vaccine: products, depot, shipments, fridges, and who is eligible when."""

from typing import Annotated

from pydantic import Field

from scenarios.quantities import Count, Hours, Name, PerHour, Share, Spec, When


class Product(Spec):
    """One vaccine."""

    doses_per_vial: Annotated[Count, Field(ge=1)] = 1
    """Doses in a vial."""
    open_limit: Hours | None = None
    """A punctured vial is discarded after this long; needed when a vial holds several doses."""
    thawed_life: Hours | None = None
    """Once at a hospital a lot lasts at most this long; its printed expiry always holds too."""
    source: str = ""
    """Where the figures come from, or `assumed`."""


class Shipment(Spec):
    """A delivery to the depot."""

    product: str
    """What."""
    vials: Annotated[Count, Field(ge=1)]
    """How many vials."""
    at: Hours = 0.0
    """When it arrives; 0 for stock at the start."""
    every: Hours | None = None
    """Repeats after this long; once when absent."""
    shelf_life: Hours
    """How long after arrival at the depot the lot expires."""


class Fridge(Spec):
    """Where a hospital keeps its vaccine."""

    vials: Count
    """How many vials fit; what does not fit is discarded and counted."""
    stock: dict[str, Count] = {}
    """Vials by product at the start, with the product's full thawed life (or a year)."""
    order_up_to: dict[str, Count] = {}
    """Without an order by the policy: every decision, order so many vials less what is here or on its way."""
    breach_rate: PerHour = 0.0
    """How often the cold chain fails; everything in the fridge is then discarded."""


class Tier(Spec):
    """A group that becomes eligible together."""

    when: When = {}
    """Who; the first tier that holds counts; empty: everybody else."""
    opens: Hours = 0.0
    """From when; before it a patient of this tier is turned away as `ineligible`."""
    source: str = ""
    """Where the order comes from, or `assumed`."""


class Vaccine(Spec):
    """The vaccine supply of the network."""

    products: Annotated[dict[Name, Product], Field(min_length=1)]
    """Products by name."""
    shipments: tuple[Shipment, ...] = ()
    """Deliveries to the depot."""
    lead_time: Hours = 0.0
    """From an order to the fridge."""
    shipment_breach: Share = 0.0
    """The chance that a delivery from the depot to a hospital arrives spoilt; it is discarded."""
    fridges: dict[str, Fridge] = {}
    """Hospital -> its fridge."""
    tiers: dict[Name, Tier] = {}
    """Priority groups in their order; everybody is eligible from the start when empty."""
    source: str = ""
    """Where the figures come from, or `assumed`."""
