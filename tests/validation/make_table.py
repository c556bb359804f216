"""Run every validation case and write the table: docs/validation.json, docs/validation.md, the README's block.

    .venv/bin/python tests/validation/make_table.py [--jobs N] [--only NAME ...]

Takes some minutes. The figures depend on nothing but the scenario files and the engine, so a difference in
docs/validation.json after a change of the code is a result that moved: say so in CHANGELOG under Results.
"""

import argparse
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]  # so that it can be run as a script

from validation_cases import CASES, Row, run_case  # noqa: E402
from validation_estimation import Estimate, mean  # noqa: E402
from validation_measures import TREATMENT_STEPS, Task  # noqa: E402

from sim.replications import available_cores, replicate  # noqa: E402

JSON, PAGE, README = ROOT / "docs" / "validation.json", ROOT / "docs" / "validation.md", ROOT / "README.md"
BEGIN, END = "<!-- validation:begin -->", "<!-- validation:end -->"
PARTS = {
    "V1": "Queueing theory (exact)",
    "V2": "Stroke wards (Monks et al. 2016)",
    "V4": "Treatment centre (Nelson 2013)",
}
VARIANTS = (
    ("one more triage server", "triage-bay=2", "trauma stabilise 172; register 130.1 ± 1.5; triage 1.32 ± 0.06"),
    ("one more examination room", "examination-room=4", "examine 0.143 ± 0.005"),
    ("one more treatment cubicle", "cubicle=2", "treat 2.10 ± 0.06"),
)  # fmt: skip
HEAD = """# Validation

What the simulator gives for models whose answer is known, from `python tests/validation/make_table.py`. The scenario
files are in `scenarios/library/validation/`, each with its number of runs; the tests in `tests/validation/` fail when a
figure is four or more standard errors from an exact one, or its 95 % interval does not overlap a published one.

Half-widths are of 95 % intervals over independent runs. In V1 the estimates of single queues and of the Jackson
network are corrected for what chance did to the numbers of arrivals and the service times, whose expectations are
known (control variates; Lavenberg & Welch 1981, Management Science 27:322).
"""

STILL_WAITING = """
Mean waits count only those who started the step by the end of the run, as published. The share who were still waiting
at 01:00, and whom this leaves out:

| step | still waiting |
|---|---|"""
OTHERS = """
Variants, 400 runs, which do not gate: the published figures beside them come from an implementation whose thinning
loses about 1 % of the arrivals.

| variant | mean waits here, min | published |
|---|---|---|"""


def table(rows: Sequence[Row]) -> list[str]:
    lines = ["| case | figure | expected | got | 95 % half-width | runs |", "|---|---|---|---|---|---|"]
    for row in rows:
        expected = f"{row.expected:.{row.digits}f}"
        if row.published_half_width is not None:
            expected += f" ± {row.published_half_width:.{row.digits}f}"
        got, half_width = f"{row.got:.{row.digits}f}", f"{row.half_width:.{row.digits}f}"
        lines.append(f"| {row.case} | {row.figure} | {expected} | {got} | {half_width} | {row.runs} |")
    return lines


def censored(jobs: int) -> list[str]:
    """What the published convention hides, and the variants that do not gate."""
    case = CASES["treatment-centre"]

    def runs(*overrides: str) -> list[dict[str, float]]:
        return list(replicate(Task(case.name, case.seed, overrides), range(400), jobs=jobs).values())

    base = runs()
    lines = STILL_WAITING.splitlines()
    for step in TREATMENT_STEPS:
        lines.append(f"| {step} | {mean([run[f'still waiting {step}'] for run in base]).value:.1%} |")
    lines += OTHERS.splitlines()
    for title, override, published in VARIANTS:
        found = runs(f"hospitals.centre.beds.{override}")
        waits = [(step, mean([run[f"wait {step}"] for run in found])) for step in TREATMENT_STEPS]
        lines.append(f"| {title} | {'; '.join(_short(step, wait) for step, wait in waits)} | {published} |")
    return lines


def _short(step: str, wait: Estimate) -> str:
    return f"{step} {wait.value:.3g} ± {wait.half_width:.2g}"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--jobs", type=int, default=available_cores())
    parser.add_argument("--only", nargs="*", choices=list(CASES), help="renew the lines of these cases only")
    arguments = parser.parse_args()
    kept = json.loads(JSON.read_text(encoding="utf-8")) if JSON.is_file() else {}
    rows: dict[str, list[Row]] = {}
    for name, case in CASES.items():
        if arguments.only and name not in arguments.only and name in kept:
            rows[name] = [Row(**row) for row in kept[name]]
            continue
        start = time.perf_counter()
        rows[name] = run_case(case, arguments.jobs)
        print(f"{name}: {time.perf_counter() - start:.0f} s", file=sys.stderr)
    JSON.parent.mkdir(exist_ok=True)
    text = json.dumps({name: [asdict(row) for row in found] for name, found in rows.items()}, indent=1)
    JSON.write_text(text + "\n", encoding="utf-8")
    lines = [HEAD]
    for part, title in PARTS.items():
        mine = [row for found in rows.values() for row in found if row.part == part]
        lines += [
            f"## {part}. {title}",
            "",
            *table(mine),
            *(censored(arguments.jobs) if part == "V4" else []),
            "",
        ]
    PAGE.write_text("\n".join(lines).rstrip() + "\n", encoding="utf-8")
    write_block(README, table([row for found in rows.values() for row in found]))


def write_block(readme: Path, lines: Sequence[str]) -> None:
    """Put the table between the README's markers, if it has them."""
    text = readme.read_text(encoding="utf-8") if readme.is_file() else ""
    if BEGIN not in text or END not in text:
        print(f"no {BEGIN!r} in {readme.name}: the table is in {PAGE.name} only", file=sys.stderr)
        return
    before, after = text.split(BEGIN)[0], text.split(END)[1]
    readme.write_text("\n".join([before + BEGIN, *lines, END + after]), encoding="utf-8")


if __name__ == "__main__":
    main()
