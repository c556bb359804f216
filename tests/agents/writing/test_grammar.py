"""The grammars say what the record says: its numbers, its words, each at most once."""

import re

from hypothesis import given
from hypothesis import strategies as st

from agents.profiles.record import KINDS, LISTS, PICTURE_COLUMNS
from agents.writing.grammar import json_grammar, limits, line_grammar, numbers


def expression(alternatives: str) -> re.Pattern[str]:
    """The alternatives of `numbers` as a regular expression."""
    parts = [
        re.sub(r'"(.)"', lambda found: re.escape(found[1]), one).replace(" ", "")
        for one in alternatives.split(" | ")
    ]
    return re.compile("|".join(parts))


@given(st.integers(0, 3000), st.integers(0, 3000), st.sampled_from([0, 1]), st.data())
def test_exactly_the_numbers_between_two_bounds_are_allowed(one, other, decimals, data):
    low, high = sorted((one, other))
    allowed = expression(numbers(low, high, decimals))
    probes = [0, low - 1, low, low + 1, high - 1, high, high + 1, data.draw(st.integers(0, 4000))]

    for probe in (p for p in probes if p >= 0):
        text = str(probe) if decimals == 0 else f"{probe / 10:.1f}"
        assert bool(allowed.fullmatch(text)) == (low <= probe <= high), (text, low, high)


@given(st.integers(0, 3000), st.integers(0, 3000), st.sampled_from([0, 1]))
def test_a_number_has_one_spelling(one, other, decimals):
    low, high = sorted((one, other))
    allowed = expression(numbers(low, high, decimals))

    assert not allowed.fullmatch("0" + str(low)) or decimals == 1
    assert not allowed.fullmatch(f"00{high}")
    assert not allowed.fullmatch("")


def test_the_limits_are_those_of_the_record():
    assert limits("pulse") == (20, 260)
    assert limits("temperature") == (30, 43)
    assert limits("triage") == (1, 5)
    assert {column for column in PICTURE_COLUMNS if KINDS[column] in ("int", "float")} == {
        column
        for column in PICTURE_COLUMNS
        if KINDS[column] in ("int", "float") and limits(column)[0] < limits(column)[1]
    }


def test_both_grammars_hold_every_column_and_every_word():
    for grammar in (line_grammar(), json_grammar()):
        rules = dict(line.split(" ::= ", 1) for line in grammar.splitlines())
        named = set(
            re.findall(
                r"(?<![\[\"\w-])[a-z][a-z0-9-]*",
                re.sub(r'"(?:\\.|[^"\\])*"|\[[^]]*\]', " ", " ".join(rules.values())),
            )
        )

        assert {column.replace("_", "-") for column in PICTURE_COLUMNS} <= set(rules)
        assert named <= set(rules)
        for words in LISTS.values():
            for word in words:
                assert word in grammar
