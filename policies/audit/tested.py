"""Every test that an audit offers for a gap, beside one another: paired, by ranks, sizes of effect, equivalence.

All work on one number a run and group, never on rows of patients.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from policies.audit.findings import GapTests, GroupTests
from policies.parameters import suggestion
from scenarios.errors import UsageError
from sim.evidence.effect_sizes import cliffs_delta, cohens_d
from sim.evidence.equivalence import tost
from sim.evidence.estimated import Tested
from sim.evidence.replication_tests import friedman, holm, kruskal_wallis, paired_t, signed_ranks
from sim.fairness.disparity import BEST, OVERALL
from sim.fairness.stacked import Panel
from sim.metric import Floats, Mask

FEWEST_FOR_RANKS = 6
"""Runs below which the signed ranks cannot fall under 5 %: 5 runs have p = 2 / 2^5 = 0.06 at the least."""


def gap_tests(panel: Panel, hidden: Mask, reference: str, margin: float | None) -> Iterator[GapTests]:
    """Yield the tests of every shown group against the reference, p values still to be corrected.

    None against a best-off that is chosen from the same runs: there the permutation test and the gates are.
    """
    if reference == BEST or (reference in panel.groups and hidden[panel.groups.index(reference)]):
        return
    base = panel.overall if reference == OVERALL else panel.value[:, panel.groups.index(reference)]
    for g, group in enumerate(panel.groups):
        both = np.isfinite(panel.value[:, g]) & np.isfinite(base)
        if hidden[g] or group == reference or not both.any():
            continue
        mine, theirs = panel.value[both, g], base[both]
        yield GapTests(
            panel.metric.name,
            panel.attribute,
            group,
            reference,
            int(both.sum()),
            paired_t(mine - theirs),
            _ranked(mine - theirs),
            cliffs_delta(mine, theirs),
            cohens_d(mine, theirs),
            margin,
            Tested("TOST", None, why="no margin is stated")
            if margin is None
            else tost(mine - theirs, margin),
        )


def group_tests(panel: Panel, hidden: Mask) -> GroupTests | None:
    """Return the tests of all shown groups together; None for fewer than three."""
    kept = np.flatnonzero(~hidden & np.isfinite(panel.value).any(axis=0))
    if len(kept) < 3:
        return None
    values = panel.value[:, kept]
    complete: Floats = values[np.isfinite(values).all(axis=1)]
    return GroupTests(
        panel.metric.name,
        panel.attribute,
        len(kept),
        len(complete),
        friedman(list(complete.T)),
        kruskal_wallis(list(complete.T)),
    )


def all_corrected(found: Sequence[GapTests]) -> tuple[GapTests, ...]:
    """Return the tests with p values corrected by Holm, each kind for all gaps of the same outcome."""
    out = list(found)
    for metric in dict.fromkeys(one.metric for one in out):
        mine = [i for i, one in enumerate(out) if one.metric == metric]
        paired = _holm({i: out[i].paired for i in mine})
        ranks = _holm({i: out[i].ranks for i in mine})
        alike = _holm({i: out[i].equivalence for i in mine})
        for i in mine:
            out[i] = replace(out[i], paired=paired[i], ranks=ranks[i], equivalence=alike[i])
    return tuple(out)


def read_margins(text: str, titles: Mapping[str, str]) -> dict[str, float]:
    """Read margins such as `untreated_hours=15 min, within_target=2 points`; `titles` is metric -> unit."""
    from policies.audit.gate_file import number_of

    found, problems = {}, []
    for part in (one.strip() for one in text.split(",") if one.strip()):
        name, equals, limit = (one.strip() for one in part.partition("="))
        if not equals:
            problems.append(f"--margin: expected outcome=margin, got {part!r}.")
        elif name not in titles:
            problems.append(f"--margin: {name} is no outcome of this audit. {suggestion(name, list(titles))}")
        else:
            value = number_of(limit, titles[name])
            if value is None or value <= 0:
                problems.append(
                    f"--margin: expected a size above 0 for {name}, such as 15 min, got {limit!r}."
                )
            else:
                found[name] = value
    if problems:
        raise UsageError("\n".join(problems))
    return found


def _holm(tests: Mapping[int, Tested]) -> dict[int, Tested]:
    known = {i: test.p_value for i, test in tests.items() if test.p_value is not None}
    corrected = dict(zip(known, holm(list(known.values())), strict=True))
    return {i: replace(test, p_value=corrected.get(i)) for i, test in tests.items()}


def _ranked(differences: Floats) -> Tested:
    found = signed_ranks(differences)
    if found.p_value is not None and len(differences) < FEWEST_FOR_RANKS:
        return replace(
            found, p_value=None, why=f"fewer than {FEWEST_FOR_RANKS} runs can never be clear by ranks"
        )
    return found
