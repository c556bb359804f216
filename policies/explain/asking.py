"""From a question to what is told: which dial, which state, or the ranks of waiting patients."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from policies.experiment import check_policies
from policies.explain.case import closest_dial, dial_case, shown, varied_dials
from policies.explain.explanation import Explanation, explanation
from policies.explain.ranks import rank_case, ranks_of
from policies.explain.subject import Subject, imitate, scorer_of, watch_subject
from policies.explain.telling import about_subject, tell_explanation
from policies.parameters import suggestion
from policies.told import Told
from scenarios.errors import UsageError
from scenarios.scenario import Scenario
from scenarios.units import parse_duration

RANKS = "ranks"
"""What `--dial` takes for the order of waiting patients."""

Words = Callable[[str, float], str]
"""From the label of an input and its value to the value as people read it."""


@dataclass(frozen=True)
class Asking:
    """What is asked of a policy."""

    policy: str
    runs: int
    """In which it is watched: 1 to `runs`."""
    seed: int
    dial: str | None = None
    """None: the most varied one; of a learned policy that never varied the one nearest to turning; or the ranks where
    another policy always orders the same."""
    at: str | None = None
    hospital: str | None = None
    n_rows: int = 200
    n_background: int = 100
    called: str = ""
    """What the policy is called, where that is not how it is written."""


def ask(
    scenario: Scenario, asking: Asking, say: Callable[[str], None] = lambda _: None
) -> tuple[Told, Explanation, Words]:
    """Return what is told, what it is told from, and how values are put in words. `say`: progress."""
    check_policies(scenario, [asking.policy], asking.seed)
    seed, sizes = asking.seed, (asking.n_rows, asking.n_background)
    subject = watch_subject(scenario, asking.policy, range(1, asking.runs + 1), seed, say)
    constant = subject.learned is None and subject.vocabulary is None
    if asking.dial == RANKS or (asking.dial is None and constant):
        scored = ranks_of(subject.rules[0], subject.network)
        found = explanation(rank_case(scored, subject.runs, *sizes, seed), seed, say)
        about = about_subject(subject, None, asking.called)
        return tell_explanation(about, found, None, None, scored.words), found, scored.words
    imitated = imitate(subject, say)
    scorer = scorer_of(subject, imitated)
    names = [name for name, _ in scorer.dials]
    varied = varied_dials(scorer, subject.visited)
    if (
        not varied
        and subject.learned is not None
        and (closest := closest_dial(scorer, subject.visited)) is not None
    ):
        varied = [closest]
    place = _dial_named(asking.dial, subject, names, varied)
    where = _where(subject, asking.at, asking.hospital)
    case = dial_case(scorer, subject.visited, place, subject.network.hospitals, *sizes, seed, where)
    found = explanation(case, seed, say)
    about = about_subject(subject, place, asking.called)
    return tell_explanation(about, found, imitated, place), found, shown


def _dial_named(dial: str | None, subject: Subject, names: list[str], varied: list[int]) -> int:
    if dial is None:
        if not varied:
            raise UsageError(
                f"{subject.policy} chose the same everywhere. Name a dial with --dial: {', '.join(names)}, or {RANKS}."
            )
        return varied[0]
    if dial not in names:
        raise UsageError(f'--dial: "{dial}" is not a dial here. {suggestion(dial, [*names, RANKS])}')
    return names.index(dial)


def _where(subject: Subject, at: str | None, hospital: str | None) -> tuple[int, float] | None:
    if at is None and hospital is None:
        return None
    hospitals = subject.network.hospitals
    if hospital is not None and hospital not in hospitals:
        raise UsageError(f'--hospital: "{hospital}" is not here. {suggestion(hospital, hospitals)}')
    try:
        hours = 0.0 if at is None else parse_duration(at)
    except ValueError as error:
        raise UsageError(f"--at: {error}") from None
    return (0 if hospital is None else hospitals.index(hospital)), hours
