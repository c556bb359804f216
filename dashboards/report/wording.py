"""Numbers as people read them, with their uncertainty; nothing here knows what a chart is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

MINUS = "−"
NO_CLEAR_CHANGE = "no clear change"


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean over replications and its interval; the bounds are NaN when there is only one."""

    mean: float
    low: float = math.nan
    high: float = math.nan
    n: float = math.nan
    """Patients a run."""

    @property
    def known(self) -> bool:
        """Whether there is a mean at all."""
        return math.isfinite(self.mean)

    @property
    def bounded(self) -> bool:
        """Whether there is an interval."""
        return self.known and math.isfinite(self.low) and math.isfinite(self.high)

    def times(self, factor: float) -> Estimate:
        """Return it in another unit."""
        return Estimate(self.mean * factor, self.low * factor, self.high * factor, self.n)


@dataclass(frozen=True, slots=True)
class Unit:
    """How a quantity is written."""

    factor: float
    level: str
    """Behind a value."""
    change: str
    """Behind a difference of two values."""
    axis: str
    """Under an axis."""


UNITS = {
    "h": Unit(1.0, "h", "h", "hours"),
    "share": Unit(100.0, "%", "points", "%"),
    "patients/day": Unit(1.0, "a day", "a day", "patients a day"),
    "transfers": Unit(1.0, "", "", "transfers"),
    "patients": Unit(1.0, "", "", "patients"),
}
"""By the unit's name in the register of metrics; one that is not here is written as it is named."""


def unit(name: str) -> Unit:
    """Return how a unit is written."""
    return UNITS.get(name) or Unit(1.0, name, name, name)


def decimals(estimates: Sequence[Estimate]) -> int:
    """Return how many decimals say what is known: two figures of the narrowest interval, three of a bare mean."""
    places = []
    for e in estimates:
        if not e.known:
            continue
        half = (e.high - e.low) / 2 if e.bounded else 0.0
        size, figures = (half, 2) if half > 0 else (abs(e.mean), 3)
        if size > 0:
            places.append(figures - 1 - math.floor(math.log10(size)))
    small = all(abs(e.mean) < 1 for e in estimates if e.known)
    return min(max(max(places, default=0), 0), 3 if small or len(places) == 1 else 2)


def number(value: float, places: int, sign: bool = False) -> str:
    """Return a number with a true minus sign, thin groups of thousands, and `+` when asked for."""
    if not math.isfinite(value):
        return "–"
    text = f"{abs(value):,.{places}f}".replace(",", "\N{NARROW NO-BREAK SPACE}")
    if float(f"{value:.{places}f}") == 0:
        return text
    return (MINUS if value < 0 else "+" if sign else "") + text


def with_unit(text: str, symbol: str) -> str:
    """Return `1.4 h`, `12 %`, or the bare number."""
    return f"{text}\N{NO-BREAK SPACE}{symbol}" if symbol else text


def interval(e: Estimate, places: int, sign: bool = False) -> str:
    """Return `[1.1, 1.7]`, or nothing when there is none."""
    if not e.bounded:
        return ""
    return f"[{number(e.low, places, sign)}, {number(e.high, places, sign)}]"


def full(e: Estimate, places: int, symbol: str, sign: bool = False) -> str:
    """Return mean, unit and interval: `1.4 h [1.1, 1.7]`."""
    if not e.known:
        return "not known"
    said = with_unit(number(e.mean, places, sign), symbol)
    return f"{said} {interval(e, places, sign)}" if e.bounded else said


def verdict(difference: Estimate, better: str) -> str:
    """Return what a paired difference says: better, worse, higher, lower, or no clear change.

    `better` is `lower`, `higher` or anything else for neither.

    >>> verdict(Estimate(-1.4, -1.7, -1.1), "lower"), verdict(Estimate(-0.1, -0.4, 0.2), "lower")
    ('better', 'no clear change')
    """
    if not difference.known:
        return "not known"
    if not difference.bounded:
        return "one run: cannot say"
    if difference.low == difference.high == 0:
        return "no difference in any run"
    if difference.low <= 0 <= difference.high:
        return NO_CLEAR_CHANGE
    fell = difference.mean < 0
    if better not in ("lower", "higher"):
        return "lower" if fell else "higher"
    return "better" if fell == (better == "lower") else "worse"


def listed(things: Sequence[str], last: str = "and") -> str:
    """Return `a, b and c`."""
    if len(things) < 2:
        return "".join(things)
    return f"{', '.join(things[:-1])} {last} {things[-1]}"


def counted(n: int, one: str, many: str | None = None) -> str:
    """Return `1 run`, `20 runs`."""
    return f"{n:,} {one if n == 1 else many or one + 's'}".replace(",", "\N{NARROW NO-BREAK SPACE}")


def tidy(name: str) -> str:
    """Return a name of a file as words: `left_before-care` is `left before care`."""
    return " ".join(name.replace("_", " ").replace("-", " ").split()) or name


def mid_sentence(title: str) -> str:
    """Return a title as it stands inside a sentence: `Untreated time` is `untreated time`, `ICU` stays."""
    return title if title[1:2].isupper() else title[:1].lower() + title[1:]


def sentence_case(text: str) -> str:
    """Return the text with a first capital, the rest as written."""
    return text[:1].upper() + text[1:]


def shortened(text: str, most: int) -> str:
    """Return one line of at most so many characters."""
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 1].rstrip() + "…"
