"""What moves the winners' choices, and how far that can be trusted: from the explanations that were kept."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from policies.audit.wording import figure
from policies.sentence import counted
from policies.study.kept import EXPLANATION, Kept
from policies.told import Block
from sim.evidence.estimated import Estimated

TOP = 5
"""Inputs that are listed."""


def explained_block(kept: Sequence[Kept], labels: Mapping[str, str]) -> Block | None:
    """Return the explanations of a scenario; None without any."""
    rows: list[tuple[str, ...]] = []
    for one in kept:
        found = json.loads((one.folder / EXPLANATION).read_text(encoding="utf-8"))
        label = str(one.manifest["label"])
        rows += _rows(labels.get(label, label), found)
    if not rows:
        return None
    runs = counted(len(found["runs"]), "run")
    return Block(
        "explained", "What moves the choices of the winners?",
        "The entry that costs least, and the learner that does (its first training seed). Shapley values of the margin "
        "between the choice and its best alternative: mean size over visited states, 95 % intervals over "
        f"{runs} on an exploring seed. Faithfulness: how much more the margin falls (deletion) or rises (insertion) in "
        "the explained order of inputs than in a random one; above 0 it finds what matters.",
        ("policy", "question", "input or check", "value"), tuple(rows),
        notes=(
            "Explained is the dial that varies most; the others that a policy sets are not. Where scores are linear "
            "in the inputs, deletion and insertion are the same number.",
            "What moves a score is not what the input does to patients; an input left out can act through another one.",
        ),
    )  # fmt: skip


def _rows(label: str, found: Mapping[str, Any]) -> list[tuple[str, ...]]:
    question, trust = str(found["question"]), found["trust"]
    inputs = [one for one in found["importance"] if one["size"]["value"]][:TOP]
    rows: list[tuple[str, ...]] = [
        (label, question, str(one["input"]), figure(_estimated(one["size"]))) for one in inputs
    ]
    checks = (
        ("faithfulness, deletion", trust["deletion_gain"], True),
        ("faithfulness, insertion", trust["insertion_gain"], True),
        ("stability, rank correlation of two backgrounds", trust["rank_correlation"], False),
    )
    rows += [(label, question, name, figure(_estimated(value), sign=sign)) for name, value, sign in checks]
    if found["tree"] is not None and "tree" in found["explained"]:
        fidelity = ", ".join(f"{100 * share:.1f} %" for share in found["tree"]["fidelity"])
        rows.append((label, question, "explained is a tree that imitates it; same choice, by dial", fidelity))
    return rows


def _estimated(written: Mapping[str, Any]) -> Estimated:
    value, low, high = (
        float("nan") if written[key] is None else float(written[key]) for key in ("value", "low", "high")
    )
    return Estimated(value, low, high)
