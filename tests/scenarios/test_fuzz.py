"""Whatever is written in a file or an override, the answer is a scenario or a list of problems."""

import copy

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from scenarios.errors import ScenarioError
from scenarios.loader import dump_yaml, load_text, scenario_hash
from scenarios.reading import read_text
from scenarios.tree import path_text, plain

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**19), 10**19),
    st.floats(),
    st.text(max_size=12),
    st.sampled_from(
        [
            "90 min",
            "12 per day",
            "0",
            "30 %",
            "1:4",
            "1/0",
            "unlimited",
            "ward",
            "critical",
            "1e999 h",
            "nan %",
            "-1 h",
        ]
    ),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
KEYS = st.text(max_size=8) | st.sampled_from(
    [
        "when",
        "share",
        "to",
        "first",
        "needs",
        "extends",
        "preempt",
        "count",
        "roster",
        "constant",
        "exponential",
        "mean",
    ]
)


def outcome(text, overrides=()):
    """Load; a list of problems is as good as a scenario, and anything else that is raised is a bug."""
    try:
        scenario = load_text(text, overrides)
    except ScenarioError as error:
        told = str(error)
    else:
        told = ""
        assert load_text(dump_yaml(scenario)) == scenario
        assert len(scenario_hash(scenario)) == 64
    assert told == "" or told.endswith((" problems, nothing was run.", "\n1 problem, nothing was run."))


def paths(data, path=()):
    yield path
    entries = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in entries:
        yield from paths(value, (*path, key))


def mutated(data, draw):
    """Replace, remove, add or move one part of a scenario."""
    data = copy.deepcopy(data)
    where = draw(st.sampled_from([path for path in paths(data) if path]))
    parent = data
    for key in where[:-1]:
        parent = parent[key]
    how = draw(st.sampled_from(["replace", "remove", "add", "move"]))
    if how == "replace":
        parent[where[-1]] = draw(VALUES)
    elif how == "remove":
        del parent[where[-1]]
    elif how == "add" and isinstance(parent, dict):
        parent[draw(KEYS)] = draw(VALUES)
    else:
        source = data
        for key in draw(st.sampled_from(list(paths(data)))):
            source = source[key]
        parent[where[-1]] = copy.deepcopy(source)
    return data


@pytest.fixture(scope="module")
def complete_data(complete):
    return plain(read_text(complete, "complete.yaml"))


@settings(max_examples=150, deadline=None, derandomize=True)
@given(data=st.data())
def test_a_mutated_scenario_is_loaded_or_refused(complete_data, data):
    scenario = complete_data
    for _ in range(data.draw(st.integers(1, 4))):
        if isinstance(scenario, dict) and scenario:
            scenario = mutated(scenario, data.draw)

    outcome(yaml.safe_dump(scenario, sort_keys=False, allow_unicode=True))


@settings(max_examples=300, deadline=None, derandomize=True)
@given(data=st.data())
def test_a_scenario_with_its_text_cut_and_pasted_is_loaded_or_refused(complete, data):
    text = complete
    for _ in range(data.draw(st.integers(1, 3))):
        begin, end = sorted(data.draw(st.tuples(*[st.integers(0, len(text))] * 2)))
        text = (
            text[:begin]
            + data.draw(st.text(alphabet="{}[]:,-&*!|>'\"%@`#?<~ \n\tax1.0e\\", max_size=6))
            + text[end:]
        )

    outcome(text)


@settings(max_examples=500, deadline=None, derandomize=True)
@given(text=st.text(alphabet="{}[]:,-&*!|>'\"%@`#?<~ \n\tab1.0\\xU", max_size=40) | st.text(max_size=40))
def test_yaml_soup_is_loaded_or_refused(text):
    outcome(text)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(data=st.data())
def test_any_override_is_made_or_refused(complete, complete_data, data):
    path = path_text(data.draw(st.sampled_from([path for path in paths(complete_data) if path])))
    path += data.draw(st.sampled_from(["", "", ".", ".x", "[0]", "[9]", ".count", ".mean", ".when"]))
    operator = data.draw(st.sampled_from(["=", "+=", "-=", "*=", "==", ""]))
    value = data.draw(st.text(max_size=10) | VALUES.map(lambda v: yaml.safe_dump(v, default_flow_style=True)))

    outcome(complete, [path + operator + value])


@settings(max_examples=200, deadline=None, derandomize=True)
@given(text=st.text(max_size=30) | st.text(alphabet='ab."[]=+-*01 ', max_size=20))
def test_override_soup_is_made_or_refused(complete, text):
    outcome(complete, [text])
