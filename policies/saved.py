"""An answer read back from its run folder."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd

from policies.answer import Answer
from policies.parts import policy_folder
from scenarios.errors import UsageError
from scenarios.loader import load
from sim.inference import paired, summarise


def read_answer(folder: Path) -> Answer:
    """Return the answer that a run folder holds; nothing is run again."""
    try:
        said = json.loads((folder / "answer.json").read_text(encoding="utf-8"))
        every = pd.read_parquet(folder / "outcomes.parquet")
    except (OSError, ValueError) as error:
        raise UsageError(f"{folder} holds no answer that can be read: {error}") from None
    policies = tuple(said["policies"])
    collected = {
        policy: every[every["policy"] == policy].drop(columns="policy").reset_index(drop=True)
        for policy in policies
    }
    first = collected[policies[0]]
    return Answer(
        scenario=load(folder / "scenario.resolved.yaml"),
        policies=policies,
        seed=said["seed"],
        replications=tuple(int(number) for number in first["replication"].unique()),
        outcomes=collected,
        summaries={policy: summarise(frame) for policy, frame in collected.items()},
        differences={policy: paired(first, collected[policy]) for policy in policies[1:]},
        sentence=said["sentence"],
        notes=tuple(said["notes"]),
        provenance=said["provenance"],
        folders={policy: policy_folder(policy) for policy in policies},
    )
