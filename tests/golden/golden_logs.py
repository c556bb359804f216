"""Fingerprints of what every library scenario does in its first three days.

    .venv/bin/python tests/golden/golden_logs.py      write tests/golden/logs.json anew

A fingerprint that changes means that somebody's runs will give other numbers than before. So whoever renews the
file says in CHANGELOG under Results what moved and why: in the same commit.
"""

import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))

from agents.build import build_engine  # noqa: E402
from scenarios.loader import library_names, load  # noqa: E402
from sim.protocol import Decision, Directive, run  # noqa: E402

LOGS = Path(__file__).parent / "logs.json"
SEED, REPLICATION = 1, 1
HOURS = 72.0


class Neutral:
    """Orders nothing."""

    def decide(self, decision: Decision) -> Directive:
        return Directive()


def fingerprint(name: str, engine: str = "simpy") -> str:
    """Return the SHA-256 of the log of a scenario's first three days."""
    hours = min(load(name).horizon, HOURS)
    scenario = load(name, (f"horizon={hours!r} h", "warm_up=0"))
    return run(build_engine(scenario, SEED, REPLICATION, engine), Neutral()).log.fingerprint()


def main() -> None:
    found = {name: fingerprint(name) for name in library_names()}
    before = json.loads(LOGS.read_text(encoding="utf-8")) if LOGS.is_file() else {}
    LOGS.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    moved = [name for name in found if before.get(name) not in (None, found[name])]
    print(f"{len(found)} logs, {len(moved)} moved: {', '.join(moved) or 'none'}")
    if moved:
        print("Say in CHANGELOG under Results what moved and why.")


if __name__ == "__main__":
    main()
