"""What may not change once a study has begun: its protocol and every scenario and shift, by hash."""

from __future__ import annotations

import json
from pathlib import Path

from policies.study.beforehand import check_apart, seeds_of
from policies.study.protocol import Protocol
from scenarios.errors import UsageError
from scenarios.loader import scenario_hash

FROZEN = "frozen.json"


def freeze(protocol: Protocol, folder: Path, resume: bool) -> None:
    """Write down what may not change, or check that it has not. Raises `UsageError`, also for seeds that meet."""
    check_apart(seeds_of(protocol))
    path = folder / FROZEN
    now = {
        "protocol": protocol.fingerprint(),
        "scenarios": {
            name: {case: scenario_hash(protocol.scenario(name, case)) for case in protocol.cases(name)}
            for name in protocol.scenarios
        },
    }
    if path.is_file():
        if not resume:
            raise UsageError(
                f"{folder} has been begun. Go on with `fairward study resume`, or name another --out."
            )
        before = json.loads(path.read_text(encoding="utf-8"))
        changed = [key for key, value in now.items() if before.get(key) != value]
        if changed:
            raise UsageError(
                f"{path}: {' and '.join(changed)} changed since the study was frozen. A study is not changed on the "
                "way: give the new one another name."
            )
        return
    if resume:
        raise UsageError(f"{folder} has not been begun. Begin it: fairward study run.")
    folder.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{FROZEN}")
    temporary.write_text(json.dumps(now, indent=1) + "\n", encoding="utf-8")
    temporary.rename(path)
