"""An explanation in words, tables and JSON."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from policies.audit.wording import figure
from policies.explain.case import Case, shown
from policies.explain.explanation import Explanation
from policies.explain.imitation import tree_text
from policies.explain.subject import Imitated, Subject
from policies.explain.summaries import Gap
from policies.sentence import attribute_title, counted
from policies.told import Block, Dot, Told, as_estimated, plain
from sim.inference import Interval

SCHEMA = "fairward.explanation/1"
TOP = 10
"""Inputs that are listed."""
LIMITS = (
    "A contribution says what moves this score, against the states that this policy meets. It does not say what the "
    "input does to patients, whether the choice is good, or what would happen if the world were changed.",
    "Interventional: a left-out input is drawn from visited states whatever the others are, so some mixed states could "
    "never occur. Conditional: inputs that go along with one that matters are credited too, used or not.",
    "That a group is not among the inputs does not make a policy fair to it: other inputs may stand for the group.",
    "Intervals are 95 % t intervals over runs, not over states: states of one run resemble each other.",
)


@dataclass(frozen=True)
class About:
    """Whose choices are told of."""

    title: str
    scenario: str
    policy: str
    seed: int
    runs: tuple[int, ...]
    kind: str
    """What is explained: a score in words."""
    surrogate: bool
    """Whether a tree stands for the policy."""
    notes: tuple[str, ...]
    """What to know of such a score."""
    attributes: Mapping[str, str] = field(default_factory=dict)
    """Attribute of the groups -> its title."""


def about_subject(subject: Subject, dial: int | None, called: str = "") -> About:
    """Return it of a policy in the simulator. `dial`: which dial is explained; None: the ranks of waiting patients."""
    scenario = subject.scenario
    surrogate = dial is not None and subject.learned is None
    return About(
        scenario.title or scenario.name, scenario.name, called or subject.policy, subject.seed,
        tuple(run.replication for run in subject.runs), _kind(subject, dial), surrogate,
        _network_notes(subject) if dial is not None else _rank_notes(),
        {name: attribute_title(scenario, name) for name in scenario.attributes},
    )  # fmt: skip


def tell_explanation(
    about: About,
    explained: Explanation,
    imitated: Imitated | None,
    dial: int | None,
    words: Callable[[str, float], str] = shown,
) -> Told:
    """Return what is said. `dial`: which dial was explained; None: the ranks of waiting patients."""
    case, policy = explained.case, about.policy
    blocks = [
        _local(explained, words),
        _global(explained),
        *(_gap_block(about, name, gaps) for name, gaps in explained.gaps.items() if gaps),
        _trust(explained, imitated, dial, about.surrogate),
    ]
    if imitated is not None:
        blocks += [_worth(policy, imitated), *_tree(case, imitated, dial)]
    first = explained.importances[0]
    n_runs = len(about.runs)
    said = (
        f"{case.question.rstrip('?').partition(':')[0]} under {policy}: what moves it most is {first.label} "
        f"(mean {figure(as_estimated(first.size))} of the margin, {counted(n_runs, 'run')}, seed {about.seed})"
    )
    none = [one.label for one in explained.importances if not np.any(explained.found.values[:, one.column])]
    said += f"; {len(none)} of {len(case.labels)} inputs never move it."
    if about.surrogate and imitated is not None:
        assert dial is not None
        said += (
            f" Explained is a tree that stands for {policy}: it chose the same in "
            f"{imitated.fidelity[dial]:.1%} of the held-out states."
        )
    return Told(
        title=about.title,
        question=f"what moves the choices of {policy}?",
        sentence=said,
        facts=(
            ("Policy", policy), ("Explained", about.kind), ("Runs", str(n_runs)),
            ("Seed", str(about.seed)), ("States", str(len(case.rows))), ("Background", str(len(case.background))),
            ("Data", "synthetic"),
        ),
        blocks=tuple(blocks),
        notes=(*LIMITS, *about.notes),
        content=_content(about, explained, imitated),
    )  # fmt: skip


def _kind(subject: Subject, dial: int | None) -> str:
    if dial is None:
        return "the queue rule's own index"
    return "the network's logits" if subject.learned is not None else "a tree that imitates it (surrogate)"


def _network_notes(subject: Subject) -> tuple[str, ...]:
    said = "The margin is the logit of the chosen option less that of the best legal alternative; both stay named."
    counts = "Counts and hours enter as log(1 + x); tables show them as people count."
    own = "Of a policy that chose the same everywhere the dial that came nearest to turning is explained."
    if subject.learned is None:
        own = "Logits of a tree are logarithms of shares in its leaf, one state of each option added."
    return said, counts, own


def _rank_notes() -> tuple[str, ...]:
    return (
        "The index is the rule's own, so nothing is approximated; within a cell (step, urgency, attribute of the rule) "
        "whoever has waited longest goes first whatever the index.",
        "Urgency and values of attributes enter by number: the most urgent is 0.",
    )


def _local(explained: Explanation, words: Callable[[str, float], str]) -> Block:
    case, i = explained.case, explained.case.local
    values, given = explained.found.values[i], explained.conditional.values[0]
    order = [int(j) for j in np.argsort(-np.abs(values), kind="stable")[:TOP] if values[j] != 0]
    rows = [
        (
            case.labels[j], words(case.labels[j], case.rows[i, j]), _signed(values[j]), _signed(given[j]),
            _signed(explained.lime[j]),
        )
        for j in order
    ]  # fmt: skip
    rest = values.sum() - values[order].sum()
    rows.append(("all others", "", _signed(rest), _signed(given.sum() - given[order].sum()), ""))
    base, margin = explained.found.base[i] + 0.0, explained.found.margin[i] + 0.0  # no -0
    return Block(
        "why-here",
        f"Why this choice: {case.title(i)}?",
        f"{case.who[i]}. Contributions to the margin; {explained.found.method}; conditional; LIME.",
        ("input", "value", "interventional", "conditional", "LIME"),
        tuple(rows),
        f"In a usual state the margin is {base:.3g}; here it is {margin:.3g}. The contributions sum to the difference "
        "(checked).",
    )


def _global(explained: Explanation) -> Block:
    found = [one for one in explained.importances if one.size.mean > 0][:TOP]
    return Block(
        "what-matters",
        "Which inputs matter?",
        f"Mean absolute contribution by run, 95 % intervals over runs; {explained.found.method}.",
        ("input", "mean size", "mean, signed"),
        tuple(
            (one.label, figure(as_estimated(one.size)), figure(as_estimated(one.signed), sign=True))
            for one in found
        ),
        f"{sum(one.size.mean == 0 for one in explained.importances)} of {len(explained.case.labels)} inputs contribute "
        "exactly nothing in any state.",
    )


def _gap_block(about: About, attribute: str, gaps: Sequence[Gap]) -> Block:
    rows = []
    dots = []
    for one in gaps:
        largest = [(label, part) for label, part in one.parts if part.mean][:2]
        split = "; ".join(f"{label} {part.mean:+.3g}" for label, part in largest)
        rows.append((one.group, str(one.n_rows), figure(as_estimated(one.total), sign=True), split))
        dots.append(Dot(one.group, as_estimated(one.total)))
    return Block(
        f"by-{attribute}".replace(" ", "-"),
        f"Does the margin differ by {about.attributes.get(attribute, attribute)}?",
        f"Difference of mean margins to {gaps[0].reference}, paired by run, and the inputs that part them most.",
        ("group", "states", "difference", "through"),
        tuple(rows),
        dots=tuple(dots),
        axis=f"difference of the margin to {gaps[0].reference}",
        notes=("An input can part groups without naming them: that is how a proxy shows.",),
    )


def _trust(explained: Explanation, imitated: Imitated | None, dial: int | None, surrogate: bool) -> Block:
    f, s = explained.faithfulness, explained.stability
    rows = [
        ("deletion: margin left, explained order", _f(f.deletion), "less is better"),
        ("deletion: random order", _f(f.deletion_random), ""),
        ("deletion: random less explained", _f(f.deletion_gain, True), "above 0: finds what matters"),
        ("insertion: margin reached, explained order", _f(f.insertion), "more is better"),
        ("insertion: random order", _f(f.insertion_random), ""),
        ("insertion: explained less random", _f(f.insertion_gain, True), "above 0: finds what matters"),
        ("stability: rank correlation of two backgrounds", _f(s.rank_correlation), "1 is the same"),
        ("stability: largest in common (5 at most)", _f(s.top_shared), "1 is the same"),
        ("LIME: largest in common, the state shown", f"{explained.lime_shared:.2f}", "1 is the same"),
    ]
    if explained.deep_apart is not None:
        rows.append(
            ("deep less permutation, share of the mean size", f"{explained.deep_apart:.2f}", "0 is the same")
        )
    if surrogate and imitated is not None and dial is not None:
        rows.append(
            (
                "fidelity of the tree, held-out states",
                f"{imitated.fidelity[dial]:.1%}",
                f"always the commonest: {imitated.usual[dial]:.1%}",
            )
        )
    return Block(
        "how-far-to-trust", "How far can this be trusted?",
        "Inputs are replaced by those of visited states, the strongest for the choice first; means over the steps.",
        ("measure", "value", "to read it"), tuple(rows),
        "Base and contributions sum to the margin in every state: checked, else nothing would be shown.",
    )  # fmt: skip


def _worth(policy: str, imitated: Imitated) -> Block:
    unclear = not (imitated.difference.low > 0 or imitated.difference.high < 0)
    rows = [
        (f"{imitated.measure} of a run, {policy}", _f(imitated.own)),
        (f"{imitated.measure} of a run, the tree", _f(imitated.tree)),
        ("tree less policy, paired", _f(imitated.difference, True)),
    ]
    moves = (
        ("The policy also moves patients; the tree does not, so its cost holds that too.",)
        if imitated.not_imitated
        else ()
    )
    return Block(
        "tree-worth",
        "Is the tree as good as the policy?",
        f"Both run alone on {counted(len(imitated.held_out), 'held-out run')}; {imitated.measure}: {imitated.meaning}.",
        ("what", "value"),
        tuple(rows),
        "No clear difference."
        if unclear
        else "They differ: what the tree says is not all that the policy does.",
        notes=moves,
    )


def _tree(case: Case, imitated: Imitated, dial: int | None) -> list[Block]:
    rows = [
        (name, f"{same:.1%}", f"{usual:.1%}", "0" if tree is None else str(tree.get_n_leaves()))
        for (name, _), same, usual, tree in zip(
            imitated.dials, imitated.fidelity, imitated.usual, imitated.imitation.trees, strict=True
        )
    ]
    fidelities = Block(
        "tree-fidelity", "Where does the tree choose as the policy does?",
        f"Share of held-out states; learned from {counted(imitated.n_learned, 'run')}, taught while it acted.",
        ("dial", "fidelity", "always the commonest", "leaves"), tuple(rows),
    )  # fmt: skip
    tree = None if dial is None else imitated.imitation.trees[dial]
    if tree is None:
        return [fidelities]
    assert dial is not None
    name, options = imitated.dials[dial]
    lines = tree_text(tree, case.labels, options).splitlines()
    return [
        fidelities,
        Block(
            "tree",
            f"The tree for {name}",
            "Questions from the top; counts enter as log(1 + x).",
            ("question",),
            tuple((line.replace("|   ", "· ").replace("|--- ", ""),) for line in lines),
        ),
    ]


def _content(about: About, explained: Explanation, imitated: Imitated | None) -> Mapping[str, Any]:
    case, i = explained.case, explained.case.local
    f, s = explained.faithfulness, explained.stability
    return {
        "schema": SCHEMA, "scenario": about.scenario, "policy": about.policy, "seed": about.seed,
        "runs": list(about.runs), "explained": about.kind, "question": case.question,
        "method": explained.found.method,
        "inputs": list(case.labels),
        "local": {
            "who": case.who[i], "title": case.title(i), "values": case.rows[i].tolist(),
            "base": float(explained.found.base[i]), "margin": float(explained.found.margin[i]),
            "interventional": explained.found.values[i].tolist(),
            "conditional": explained.conditional.values[0].tolist(), "lime": explained.lime.tolist(),
        },
        "importance": [
            {"input": one.label, "size": plain(one.size), "signed": plain(one.signed)} for one in explained.importances
        ],
        "gaps": {
            name: [
                {
                    "group": one.group, "reference": one.reference, "states": one.n_rows, "total": plain(one.total),
                    "parts": [{"input": label, "part": plain(part)} for label, part in one.parts],
                }
                for one in gaps
            ]
            for name, gaps in explained.gaps.items()
        },
        "trust": {
            "deletion_gain": plain(f.deletion_gain), "insertion_gain": plain(f.insertion_gain),
            "rank_correlation": plain(s.rank_correlation), "top_shared": plain(s.top_shared),
            "lime_shared": explained.lime_shared, "deep_apart": explained.deep_apart,
        },
        "tree": None if imitated is None else {
            "dials": [name for name, _ in imitated.dials], "fidelity": imitated.fidelity.tolist(),
            "commonest": imitated.usual.tolist(), "measure": imitated.measure, "own": plain(imitated.own),
            "tree": plain(imitated.tree), "difference": plain(imitated.difference),
        },
        "limits": list(LIMITS),
    }  # fmt: skip


def _f(found: Interval, sign: bool = False) -> str:
    return figure(as_estimated(found), sign=sign)


def _signed(value: float) -> str:
    return "0" if value == 0 else f"{value:+.3g}"
