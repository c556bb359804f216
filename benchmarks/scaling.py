"""How work grows with processes and nodes on this machine: measured, fitted, and what that says about a cluster.

python benchmarks/scaling.py           four to six minutes; writes docs/scale.json and the tables of docs/scale.md
python benchmarks/scaling.py --quick   about two; prints and writes nothing
python benchmarks/scaling.py --page    no measuring: the tables anew from docs/scale.json
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

import scaling_model  # noqa: E402 - a program beside this one
import scaling_timed  # noqa: E402

FIGURES, PAGE = ROOT / "docs" / "scale.json", ROOT / "docs" / "scale.md"
SCENARIOS = ("rural", "surge", "region")
PROCESSES = (1, 2)


def measured(quick: bool) -> dict[str, Any]:
    """Return everything that was timed, and on what."""
    from fairward.runs import commit, machine

    found: dict[str, Any] = {"commit": commit(), "machine": machine(), "load": [round(os.getloadavg()[0], 2)]}
    found["began"] = time.strftime("%Y-%m-%dT%H:%M:%S%z")
    sizes = (8, 16) if quick else (16, 48)
    found["replications"] = [
        one for name in SCENARIOS for one in scaling_timed.replications(name, PROCESSES, sizes)
    ]
    found["sweeps"] = scaling_timed.sweeps(PROCESSES, (4, 8) if quick else (8, 24))
    found["worker_mib"] = max(one["mib"] for one in found["replications"] if one["processes"] > 1)
    found["lean"] = scaling_timed.side_by_side(PROCESSES, 4 if quick else 12)
    found["ray"] = [scaling_timed.on_nodes(nodes, 4 if quick else 9) for nodes in PROCESSES]
    found["load"].append(round(os.getloadavg()[0], 2))
    return found


def write(found: dict[str, Any]) -> None:
    """Put the tables between the markers of the page."""
    text = PAGE.read_text(encoding="utf-8")
    for name, table in scaling_model.tables(found).items():
        begin, end = f"<!-- {name}:begin -->", f"<!-- {name}:end -->"
        before, _, rest = text.partition(begin)
        _, there, after = rest.partition(end)
        if not there:
            raise SystemExit(f"{PAGE} has no {begin} ... {end}")
        text = f"{before}{begin}\n{table}\n{end}{after}"
    PAGE.write_text(text, encoding="utf-8", newline="\n")


def main() -> int:
    """Measure or not, and print or write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="fewer runs, nothing written")
    parser.add_argument("--page", action="store_true", help="only the tables, from what was measured")
    asked = parser.parse_args()
    found = json.loads(FIGURES.read_text(encoding="utf-8")) if asked.page else measured(asked.quick)
    if not asked.quick:
        FIGURES.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
        write(found)
    print("\n\n".join(f"{name}\n{table}" for name, table in scaling_model.tables(found).items()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
