"""The run folders of what is found about the desk, which has no scenario."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from dashboards.report.ink import Drawing
from dashboards.report.leaflet import render_leaflet
from fairward.runs import partial, publish, write_manifest
from fairward.studies import REPORT
from policies.origin import source_hash, versions
from policies.parts import write_parquet
from policies.told import Told


def publish_desk(
    told: Told,
    frames: Mapping[str, pd.DataFrame],
    policies: Sequence[str],
    arguments: Mapping[str, Any],
    out: Path,
    began: float,
    drawings: Mapping[str, Drawing] | None = None,
) -> Path:
    """Write tables, the page and the manifest, and return the folder; `arguments` have `seed` and `cohorts`."""
    identity = f"desk:{dict(arguments)}"
    with partial(out, f"desk-{os.getpid():08d}") as parts:
        folder = parts.folder / "assembling"
        folder.mkdir()
        for name, frame in frames.items():
            write_parquet(frame, folder / f"{name}.parquet")
        text = json.dumps(told.content, indent=1, allow_nan=False) + "\n"
        (folder / "desk.json").write_text(text, encoding="utf-8")
        (folder / REPORT).write_text(render_leaflet(told, drawings), encoding="utf-8", newline="\n")
        content = {
            "scenario": "desk", "policies": list(policies), "seed": arguments["seed"],
            "replications": list(range(1, arguments["cohorts"] + 1)), "sentence": told.sentence,
            "arguments": dict(arguments),
            "provenance": {"source_hash": source_hash(), "versions": versions()},
        }  # fmt: skip
        write_manifest(folder, content, began)
        place = publish(folder, out, "desk", identity, began)
        shutil.rmtree(parts.folder, ignore_errors=True)
    return place
