"""An answer as one versioned JSON object."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from typing import Any

import pandas as pd

from policies.answer import Answer
from policies.sentence import FEWEST

SCHEMA = "fairward.answer/1"

OF_THE_EXECUTION = ("reused",)
"""How it went this time; a resumed run gives the same answer as one without interruption. The manifest has it."""


def answer_json(answer: Answer) -> dict[str, Any]:
    """Return the answer; small groups are left out, and what is not known is null."""
    return {
        "schema": SCHEMA,
        "scenario": answer.scenario.name,
        "title": answer.scenario.title,
        "question": answer.scenario.question,
        "policies": list(answer.policies),
        "reference_policy": answer.policies[0],
        "seed": answer.seed,
        "n_replications": len(answer.replications),
        "sentence": answer.sentence,
        "summaries": _records(answer.summaries),
        "differences": _records(answer.differences),
        "notes": list(answer.notes),
        "provenance": {key: value for key, value in answer.provenance.items() if key not in OF_THE_EXECUTION},
    }


def _records(frames: Mapping[str, pd.DataFrame]) -> list[dict[str, Any]]:
    return [
        {"policy": policy, **{str(key): _plain(value) for key, value in row.items()}}
        for policy, frame in frames.items()
        for row in frame.to_dict("records")
        if not row["attribute"] or row["n_mean"] >= FEWEST
    ]


def _plain(value: Any) -> Any:
    if value is None or value is pd.NA:
        return None
    value = value.item() if hasattr(value, "item") else value
    return None if isinstance(value, float) and not isfinite(value) else value
