"""Makes the figures of the README anew, each by the command that stands beside it there.

python docs/refresh.py              the answer and the two pictures; about a minute
python docs/refresh.py benchmark    the table of benchmarks/engines.py; about three minutes
python docs/refresh.py results      the table of studies, from the manifests in docs/results; seconds
python docs/refresh.py screens      pictures of every page of the dashboard; names of pages take those alone; minutes
"""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
README = ROOT / "README.md"
COMPARE = "fairward compare rural --policies first-come,c-mu --reps 30 --seed 1"
PICTURES = {"groups-acuity": "who-waits.svg", "network": "network.svg"}
"""Chart of the report -> file in docs/images."""

TABLES = ("Everybody", "Less ", "Untreated time by acuity")
"""How the tables shown in the README begin."""


def main() -> None:
    """Make what is asked for."""
    if sys.argv[1:] == ["benchmark"]:
        command = [sys.executable, str(ROOT / "benchmarks" / "engines.py")]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        replace("benchmark", f"```\n{done.stdout.strip()}\n```")
        return
    if sys.argv[1:] == ["results"]:
        sys.path.insert(0, str(ROOT))
        from policies.study.summary import summary_table

        replace("results", summary_table(ROOT / "docs" / "results"))
        return
    if sys.argv[1:2] == ["screens"]:
        sys.path.insert(0, str(ROOT))
        from docs.screens import take

        take(ROOT / "docs" / "images", sys.argv[2:])
        return
    with tempfile.TemporaryDirectory() as runs:
        program = Path(sys.executable).with_name("fairward")
        command = [str(program), *shlex.split(COMPARE)[1:], "--quiet", "--out", runs]
        said = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT).stdout
        (figures,) = Path(runs).glob("*/figures")
        for chart, file in PICTURES.items():
            shutil.copyfile(figures / f"{chart}.svg", ROOT / "docs" / "images" / file)
    replace("answer", answer(said))


def answer(said: str) -> str:
    """Return the sentence and the first tables of the command's output."""
    blocks = said.strip().split("\n\n")
    tables = [block for start in TABLES for block in blocks if block.startswith(start)]
    return f"> {blocks[1]}\n\n```\n" + "\n\n".join(tables) + "\n```"


def replace(name: str, text: str) -> None:
    """Put the text between the README's markers of this name."""
    begin, end = f"<!-- {name}:begin -->", f"<!-- {name}:end -->"
    before, _, rest = README.read_text(encoding="utf-8").partition(begin)
    _, found, after = rest.partition(end)
    if not found:
        raise SystemExit(f"README.md has no {begin} ... {end}")
    README.write_text(f"{before}{begin}\n{text}\n{end}{after}", encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
