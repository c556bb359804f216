"""The result that is shipped, so that the first page shows numbers before anything is simulated.

Made anew with `python -m dashboards.app.first` whenever a test says that it is stale; some ten seconds. A server makes
one of its runs again when it starts and compares the hash of what happened: where it differs, pages say so.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import tempfile
from pathlib import Path

import pandas as pd

from dashboards.app.desk import Desk
from dashboards.app.question import ENGINE
from dashboards.app.result import Result
from dashboards.app.service import RunService
from policies.parts import write_parquet
from policies.replication import simulate
from policies.saved import read_answer
from scenarios.loader import dump_yaml

FOLDER = Path(__file__).resolve().parent / "first"


def first_result(folder: Path = FOLDER) -> Result:
    """Return the shipped result. Raises `UsageError` where it cannot be read."""
    found = read_answer(folder)
    key, command = found.provenance["result"], found.provenance["command"]
    return Result(key, found, folder, {}, command, shipped=True).drawn()


def unchanged(worker: int = 0) -> bool:
    """Whether a run of the shipped result comes out as when it was made; each worker has another run."""
    found = read_answer(FOLDER)
    place = worker % len(found.replications)
    return all(
        simulate(found.scenario, policy, found.seed, found.replications[place], ENGINE).log.fingerprint()
        == hashes[place]
        for policy, hashes in found.provenance["logs"].items()
    )


def make(folder: Path = FOLDER) -> Result:
    """Run what a visitor sees first and write it."""
    with tempfile.TemporaryDirectory() as cache:
        service = RunService(Path(cache))
        try:
            service.warm()
            result = asyncio.run(service.run(Desk(service).question()))
            shutil.rmtree(folder, ignore_errors=True)
            shutil.copytree(result.folder, folder)
        finally:
            service.close()
    answer = result.answer
    frames = [frame.assign(policy=label) for label, frame in answer.outcomes.items()]
    write_parquet(pd.concat(frames, ignore_index=True), folder / "outcomes.parquet")
    (folder / "scenario.resolved.yaml").write_text(dump_yaml(answer.scenario), encoding="utf-8")
    kept = {
        "policies": answer.policies, "seed": answer.seed, "sentence": answer.sentence, "notes": answer.notes,
        "provenance": answer.provenance,
    }  # fmt: skip
    (folder / "answer.json").write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
    return result


if __name__ == "__main__":
    made = make()
    print(f"{FOLDER}: {made.key}, {made.answer.sentence}")
