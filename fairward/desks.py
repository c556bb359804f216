"""The run folder of an evaluation of the desk, which has no scenario."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from dashboards.report.leaflet import render_leaflet
from fairward.runs import partial, publish, write_manifest
from fairward.studies import REPORT
from policies.origin import source_hash, versions
from policies.parts import write_parquet
from policies.told import Told

if TYPE_CHECKING:
    from policies.desk.evaluation import Evaluated


def publish_desk(told: Told, found: Evaluated, arguments: Mapping[str, Any], out: Path, began: float) -> Path:
    """Write what each rule earned in each cohort, the page and the manifest; return the folder."""
    identity = f"desk:{dict(arguments)}"
    with partial(out, f"desk-{os.getpid():08d}") as parts:
        folder = parts.folder / "assembling"
        folder.mkdir()
        write_parquet(pd.DataFrame(dict(found.earned)), folder / "earned.parquet")
        text = json.dumps(told.content, indent=1, allow_nan=False) + "\n"
        (folder / "desk.json").write_text(text, encoding="utf-8")
        (folder / REPORT).write_text(render_leaflet(told), encoding="utf-8", newline="\n")
        content = {
            "scenario": "desk", "policies": list(found.earned), "seed": found.seed,
            "replications": list(range(1, arguments["cohorts"] + 1)), "sentence": told.sentence,
            "arguments": dict(arguments),
            "provenance": {"source_hash": source_hash(), "versions": versions()},
        }  # fmt: skip
        write_manifest(folder, content, began)
        place = publish(folder, out, "desk", identity, began)
        shutil.rmtree(parts.folder, ignore_errors=True)
    return place
