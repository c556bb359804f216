import pickle

import pytest

from scenarios.errors import (
    DeadlockError,
    DirectiveError,
    FairwardError,
    MissingExtra,
    Problem,
    RunError,
    ScenarioError,
    UnsupportedFeature,
    UsageError,
)

COUNT = Problem(
    "winter.yaml",
    31,
    9,
    "hospitals[2].beds.icu.count",
    "a whole number of at least 0",
    "-2",
    "Use 0 to close the unit.",
)
NEXT = Problem(
    "winter.yaml",
    44,
    5,
    "pathways.ed.steps[1].next",
    "",
    '"wrad" is not a step of this pathway',
    'Did you mean "ward"?',
)


def test_the_text_is_the_one_of_the_conventions_to_the_letter():
    assert str(ScenarioError([NEXT, COUNT])) == (
        "winter.yaml:31:9 hospitals[2].beds.icu.count: expected a whole number of at least 0, got -2. "
        "Use 0 to close the unit.\n"
        'winter.yaml:44:5 pathways.ed.steps[1].next: "wrad" is not a step of this pathway. '
        'Did you mean "ward"?\n'
        "2 problems, nothing was run."
    )


def test_one_problem_is_told_once_and_counted_in_the_singular():
    assert str(ScenarioError([NEXT, NEXT])).endswith("\n1 problem, nothing was run.")


def test_overrides_are_told_in_their_order():
    tenth, second = (Problem(f"--set {n}", None, None, "a", "", "b") for n in (10, 2))

    assert [p.file for p in ScenarioError([tenth, second]).problems] == ["--set 2", "--set 10"]


@pytest.mark.parametrize(
    "error",
    [
        UsageError("no"),
        ScenarioError([COUNT]),
        UnsupportedFeature("the fast engine", "a", "b"),
        MissingExtra("train", "training"),
        RunError("no"),
        DirectiveError(["a", "b"]),
        DeadlockError("north", 3.5, [(7, "ward", "icu")]),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_error_comes_back_whole_from_another_process(error):
    copy = pickle.loads(pickle.dumps(error))

    assert (type(copy), str(copy), copy.exit_code) == (type(error), str(error), error.exit_code)
    assert isinstance(copy, FairwardError)


def test_wrong_use_is_2_and_a_run_that_cannot_be_completed_is_1():
    assert (ScenarioError([]).exit_code, UsageError().exit_code, RunError().exit_code) == (2, 2, 1)
