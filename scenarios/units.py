"""Durations and rates as people write them: "90 min" is 1.5 hours, "3/day" is 0.125 per hour."""

import math
import re
from difflib import get_close_matches
from fractions import Fraction

HOURS_OF_UNIT: dict[str, Fraction] = {
    "s": Fraction(1, 3600),
    "min": Fraction(1, 60),
    "h": Fraction(1),
    "day": Fraction(24),
    "week": Fraction(168),
}
"""Fractions, so that a text is rounded once, at the end: "3.2 days" is the same float as "76.8 h"."""

SYNONYMS: dict[str, str] = {
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), "s"),
    **dict.fromkeys(("min", "mins", "minute", "minutes"), "min"),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), "h"),
    **dict.fromkeys(("d", "day", "days"), "day"),
    **dict.fromkeys(("w", "wk", "wks", "week", "weeks"), "week"),
}

NO_FIXED_LENGTH: dict[str, str] = {
    **dict.fromkeys(("month", "months"), '"30 days"'),
    **dict.fromkeys(("y", "yr", "year", "years"), '"365 days"'),
}

UNITS_OFFERED = "s, min, h, days, weeks"
FORMAT_UNITS = ("day", "h", "min", "s")
MOST_DIGITS_OF_A_TIDY_NUMBER = 4

_NUMBER = r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
_AMOUNT = re.compile(rf"(?P<number>{_NUMBER})?\s*(?P<unit>[^\W\d_]+)?")
_NOT_A_NUMBER = re.compile(r"[+-]?(?:nan|inf|infinity)\b", re.IGNORECASE)
_PER = re.compile(r"\s*/\s*|(?:^|\s+)per(?:\s+|$)", re.IGNORECASE)


def parse_duration(text: str) -> float:
    """Return a duration in hours, from a number and a unit; only 0 may go without a unit.

    Units: seconds, minutes, hours, days, weeks and their usual short forms. Raises
    `ValueError`, saying what to write instead, if the text is anything else, negative
    or not finite.

    >>> parse_duration("90 min"), parse_duration("3.2 days"), parse_duration("0")
    (1.5, 76.8, 0.0)
    """
    expected = 'a duration such as "90 min"'
    if _PER.search(text):
        raise _refusal(expected, text, 'This is a rate; say the time itself, such as "5 min".')
    number, unit = _split(text, expected)
    if number is None:
        raise _refusal(expected, text, 'Begin with a number: "90 min".')
    value = _value(number, text, expected)
    if unit is None:
        if value == 0:
            return 0.0
        raise _refusal(
            expected, text, f'Add a unit: say "{number} min" if you mean minutes ({UNITS_OFFERED}).'
        )
    return _rounded(value * _hours_of(unit, text, expected), text, expected)


def parse_rate(text: str) -> float:
    """Return a rate per hour, from "12 per hour", "3/day" or "1 per 1.2 days"; 0 may go alone.

    Raises `ValueError`, saying what to write instead, if the text is anything else,
    negative or not finite.

    >>> parse_rate("12 per hour"), parse_rate("3/day"), parse_rate("1 per 20 min")
    (12.0, 0.125, 3.0)
    """
    expected = 'a rate such as "12 per hour"'
    sides = _PER.split(text.strip())
    if len(sides) != 2:
        return _rate_without_interval(text, expected)
    count_text, interval_text = sides
    count, thing = ("1", None) if count_text.lower() == "one" else _split(count_text, expected, text)
    if count is None or thing is not None:
        raise _refusal(expected, text, 'Write a plain number before "per": "12 per hour".')
    value = _value(count, text, expected)
    number, unit = _split(interval_text, expected, text)
    if unit is None:
        raise _refusal(
            expected, text, f'Say per what: "{count} per hour", "{count} per 8 h" ({UNITS_OFFERED}).'
        )
    interval = _value(number or "1", text, expected) * _hours_of(unit, text, expected)
    if interval == 0:
        raise _refusal(expected, text, "The interval must be longer than 0.")
    return _rounded(value / interval, text, expected)


def format_duration(hours: float, digits: int | None = None) -> str:
    """Return a duration as people write it, in the unit that suits its size.

    Without `digits` it is exact: `parse_duration` gives the same hours back. With
    `digits` it is rounded to as many significant digits, for reading. Raises
    `ValueError` if `hours` is negative or not finite, or `digits` is below 1.

    >>> format_duration(1.5), format_duration(1 / 3), format_duration(76.8)
    ('1.5 h', '20 min', '3.2 days')
    >>> format_duration(0.123456, digits=3)
    '7.41 min'
    """
    if not 0 <= hours < math.inf:
        raise ValueError(f"hours: expected a finite number of at least 0, got {hours:g}. Check its sign.")
    if digits is not None and digits < 1:
        raise ValueError(f"digits: expected at least 1, got {digits}. Leave it out to be exact.")
    if hours == 0:
        return "0 h"
    units = _units_from_the_natural_one(hours)
    if digits is not None:
        return _with_unit(f"{_in_unit(hours, units[0]):.{digits}g}", units[0])
    exact = [(number, unit) for unit in units if (number := _exact_number(hours, unit)) is not None]
    tidy = [pair for pair in exact if _n_digits(pair[0]) <= MOST_DIGITS_OF_A_TIDY_NUMBER]
    number, unit = tidy[0] if tidy else min(exact, key=lambda pair: _n_digits(pair[0]))
    return _with_unit(number, unit)


def _split(text: str, expected: str, whole: str | None = None) -> tuple[str | None, str | None]:
    whole = text if whole is None else whole
    stripped = text.strip()
    if _NOT_A_NUMBER.match(stripped):
        raise _refusal(expected, whole, "The number must be finite.")
    if re.match(r"[0-9]+,[0-9]", stripped):
        raise _refusal(expected, whole, "Write a decimal point, not a comma.")
    found = _AMOUNT.fullmatch(stripped)
    if found is None or not stripped:
        raise _refusal(expected, whole, f"Write one number and one unit ({UNITS_OFFERED}).")
    return found["number"], found["unit"]


def _value(number: str, text: str, expected: str) -> Fraction:
    if number.startswith("-"):
        raise _refusal(expected, text, "The number must be at least 0.")
    mantissa = re.split("[eE]", number)[0]
    if not any(digit in "123456789" for digit in mantissa):
        return Fraction(0)
    # The float is asked first: the fraction of "1e999999999" would fill the memory.
    _in_range(float(number), text, expected)
    return Fraction(number)


def _rounded(value: Fraction, text: str, expected: str) -> float:
    if value == 0:
        return 0.0
    try:
        return _in_range(float(value), text, expected)
    except OverflowError:
        return _in_range(math.inf, text, expected)


def _in_range(value: float, text: str, expected: str) -> float:
    if value == math.inf:
        raise _refusal(expected, text, "The number is too large; it must be finite.")
    if value == 0:
        raise _refusal(expected, text, "The number is too small to be told from 0; say 0.")
    return value


def _hours_of(unit: str, text: str, expected: str) -> Fraction:
    name = unit.lower()
    if name in SYNONYMS:
        return HOURS_OF_UNIT[SYNONYMS[name]]
    if name in NO_FIXED_LENGTH:
        raise _refusal(
            expected, text, f'"{unit}" has no fixed length; count in days, such as {NO_FIXED_LENGTH[name]}.'
        )
    if name == "m":
        raise _refusal(expected, text, '"m" may be minutes or months. Did you mean "min"?')
    near = get_close_matches(name, SYNONYMS, n=1)
    remedy = f'Did you mean "{near[0]}"?' if near else f"Use one of {UNITS_OFFERED}."
    raise _refusal(expected, text, f'"{unit}" is not a unit of time. {remedy}')


def _rate_without_interval(text: str, expected: str) -> float:
    number, unit = _split(text, expected)
    if number is None:
        raise _refusal(expected, text, 'Begin with a number: "12 per hour".')
    value = _value(number, text, expected)
    if unit is not None:
        raise _refusal(
            expected, text, f'This is no rate; say "1 per {text.strip()}" if that is the time between two.'
        )
    if value == 0:
        return 0.0
    raise _refusal(expected, text, f'Say per what: "{number} per hour".')


def _refusal(expected: str, text: str, remedy: str) -> ValueError:
    return ValueError(f'expected {expected}, got "{text}". {remedy}')


def _units_from_the_natural_one(hours: float) -> list[str]:
    for place, unit in enumerate(FORMAT_UNITS):
        if hours >= HOURS_OF_UNIT[unit]:
            # The hour ends every list: it is the unit of the float itself, so always exact.
            return [*FORMAT_UNITS[place:], "h"]
    return ["s", "h"]


def _in_unit(hours: float, unit: str) -> float:
    hours_in_unit = HOURS_OF_UNIT[unit]
    return hours * hours_in_unit.denominator / hours_in_unit.numerator


def _exact_number(hours: float, unit: str) -> str | None:
    for digits in range(1, 18):
        number = f"{_in_unit(hours, unit):.{digits}g}"
        if number != "inf" and _is_same(Fraction(number) * HOURS_OF_UNIT[unit], hours):
            return number
    return None


def _is_same(exact: Fraction, hours: float) -> bool:
    try:
        return float(exact) == hours
    except OverflowError:
        return False


def _n_digits(number: str) -> int:
    return len(re.split("e", number)[0].replace(".", "").strip("0"))


def _with_unit(number: str, unit: str) -> str:
    plain = f"{float(number):.0f}" if re.fullmatch(r"[0-9.]+e\+0[0-9]", number) else number
    return f"{plain} {unit}s" if unit == "day" and float(number) != 1 else f"{plain} {unit}"
