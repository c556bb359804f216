import contextlib
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scenarios.units import format_duration, parse_duration, parse_rate

SETTINGS = settings(derandomize=True, deadline=None)
EXAMPLE = 'expected a duration such as "90 min"'
RATE_EXAMPLE = 'expected a rate such as "12 per hour"'


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ("90 min", 1.5),
        ("90min", 1.5),
        ("20 minutes", 20 / 60),
        ("1 Minute", 1 / 60),
        ("45 s", 0.0125),
        ("45 secs", 0.0125),
        ("1.5 h", 1.5),
        (" 2   hrs ", 2.0),
        (".5 hour", 0.5),
        ("3.2 days", 76.8),
        ("1 d", 24.0),
        ("2 weeks", 336.0),
        ("1 wk", 168.0),
        ("1e2 h", 100.0),
        ("+3 h", 3.0),
        ("0", 0.0),
        ("0.0", 0.0),
        ("0 days", 0.0),
        ("0e999999999 s", 0.0),
    ],
)
def test_a_duration_is_read_in_hours(text, hours):
    assert parse_duration(text) == hours


def test_the_same_time_in_two_units_is_the_same_float():
    assert parse_duration("3.2 days") == parse_duration("76.8 h") == parse_duration("4608 min")


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        ("90", 'Add a unit: say "90 min" if you mean minutes (s, min, h, days, weeks).'),
        ("90 minuts", '"minuts" is not a unit of time. Did you mean "minutes"?'),
        ("4 hous", '"hous" is not a unit of time. Did you mean "hours"?'),
        ("4 xyzzy", '"xyzzy" is not a unit of time. Use one of s, min, h, days, weeks.'),
        ("5 m", '"m" may be minutes or months. Did you mean "min"?'),
        ("3 months", '"months" has no fixed length; count in days, such as "30 days".'),
        ("1 year", '"year" has no fixed length; count in days, such as "365 days".'),
        ("-3 min", "The number must be at least 0."),
        ("-0 min", "The number must be at least 0."),
        ("nan h", "The number must be finite."),
        ("NaN", "The number must be finite."),
        ("inf days", "The number must be finite."),
        ("-Infinity h", "The number must be finite."),
        ("1e400 h", "The number is too large; it must be finite."),
        ("1e999999999 h", "The number is too large; it must be finite."),
        ("1e308 weeks", "The number is too large; it must be finite."),
        ("1e-400 s", "The number is too small to be told from 0; say 0."),
        ("5e-324 s", "The number is too small to be told from 0; say 0."),
        ("1,5 h", "Write a decimal point, not a comma."),
        ("min", 'Begin with a number: "90 min".'),
        ("12 per hour", 'This is a rate; say the time itself, such as "5 min".'),
        ("3/day", 'This is a rate; say the time itself, such as "5 min".'),
        ("", "Write one number and one unit (s, min, h, days, weeks)."),
        ("1 h 30 min", "Write one number and one unit (s, min, h, days, weeks)."),
        ("PT5M", "Write one number and one unit (s, min, h, days, weeks)."),
        ("1_000 s", "Write one number and one unit (s, min, h, days, weeks)."),
        ("٣ min", "Write one number and one unit (s, min, h, days, weeks)."),
    ],
)
def test_what_is_no_duration_is_refused_with_a_remedy(text, remedy):
    with pytest.raises(ValueError) as refusal:
        parse_duration(text)

    assert str(refusal.value) == f'{EXAMPLE}, got "{text}". {remedy}'


@pytest.mark.parametrize(
    ("text", "per_hour"),
    [
        ("12 per hour", 12.0),
        ("12 PER Hour", 12.0),
        ("0.215 per min", 12.9),
        ("3/day", 0.125),
        ("3 / day", 0.125),
        ("12/8 h", 1.5),
        ("1 per 1.2 days", 1 / 28.8),
        ("one per 20 min", 3.0),
        ("2 per week", 2 / 168),
        ("0", 0.0),
        ("0 per day", 0.0),
    ],
)
def test_a_rate_is_read_per_hour(text, per_hour):
    assert parse_rate(text) == per_hour


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        ("12", 'Say per what: "12 per hour".'),
        ("20 min", 'This is no rate; say "1 per 20 min" if that is the time between two.'),
        ("12 per 8", 'Say per what: "12 per hour", "12 per 8 h" (s, min, h, days, weeks).'),
        ("12 per", "Write one number and one unit (s, min, h, days, weeks)."),
        ("per hour", "Write one number and one unit (s, min, h, days, weeks)."),
        ("often", 'Begin with a number: "12 per hour".'),
        ("5 patients per hour", 'Write a plain number before "per": "12 per hour".'),
        ("1 per 0 min", "The interval must be longer than 0."),
        ("1 per -2 min", "The number must be at least 0."),
        ("-1 per hour", "The number must be at least 0."),
        ("nan per hour", "The number must be finite."),
        ("inf/day", "The number must be finite."),
        ("1 per inf h", "The number must be finite."),
        ("12 per fornight", '"fornight" is not a unit of time. Use one of s, min, h, days, weeks.'),
        ("12 per minuet", '"minuet" is not a unit of time. Did you mean "minute"?'),
        ("3/day/bed", "Write one number and one unit (s, min, h, days, weeks)."),
        ("1e300 per 1e-300 s", "The number is too large; it must be finite."),
        ("1e-300 per 1e300 s", "The number is too small to be told from 0; say 0."),
    ],
)
def test_what_is_no_rate_is_refused_with_a_remedy(text, remedy):
    with pytest.raises(ValueError) as refusal:
        parse_rate(text)

    assert str(refusal.value) == f'{RATE_EXAMPLE}, got "{text}". {remedy}'


@pytest.mark.parametrize(
    ("hours", "text"),
    [
        (0.0, "0 h"),
        (1.5, "1.5 h"),
        (1 / 3, "20 min"),
        (0.0125, "45 s"),
        (1 / 7200, "0.5 s"),
        (24.0, "1 day"),
        (76.8, "3.2 days"),
        (336.0, "14 days"),
        (2000.0, "2000 h"),
        (100 / 60, "100 min"),
        (960.0, "40 days"),
    ],
)
def test_a_duration_is_written_in_the_unit_that_suits_it(hours, text):
    assert format_duration(hours) == text


def test_a_rounded_duration_keeps_the_digits_asked_for():
    assert format_duration(0.123456, digits=3) == "7.41 min"
    assert format_duration(2000.0, digits=2) == "83 days"
    assert format_duration(24.0 * 40, digits=1) == "40 days"


@pytest.mark.parametrize("hours", [math.nan, math.inf, -1.0])
def test_what_is_no_time_is_not_written(hours):
    with pytest.raises(
        ValueError, match=r"^hours: expected a finite number of at least 0, got .*\. Check its sign\.$"
    ):
        format_duration(hours)


def test_less_than_one_digit_is_refused():
    with pytest.raises(
        ValueError, match=r"^digits: expected at least 1, got 0\. Leave it out to be exact\.$"
    ):
        format_duration(1.0, digits=0)


@given(hours=st.floats(min_value=0, allow_nan=False, allow_infinity=False))
@SETTINGS
def test_every_duration_survives_being_written_and_read(hours):
    assert parse_duration(format_duration(hours)) == hours


@pytest.mark.parametrize("parse", [parse_duration, parse_rate])
@given(text=st.text() | st.from_regex(r"[0-9.e+-]{1,6} ?(per|/)? ?[a-z]{0,5}", fullmatch=True))
@SETTINGS
def test_any_text_gives_a_finite_number_or_a_refusal(parse, text):
    with contextlib.suppress(ValueError):
        assert 0 <= parse(text) < math.inf
