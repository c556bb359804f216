"""`fairward profiles`: patients in files, their severity and priority, and how good the files are.

Other commands of this name are added to `app` by the file that holds them.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from fairward import options
from scenarios.errors import UsageError

if TYPE_CHECKING:
    from agents.profiles.quality import Quality
    from agents.profiles.reading import Reading
    from agents.profiles.record import Profile

app = typer.Typer(
    help="Synthetic patients: write, read, prepare and check them.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

PREPARE_SCHEMA = "fairward.profiles-prepare/1"
MOST_BAD = 20
"""Problems of rows shown; all of them in --json."""

Patients = Annotated[Path, typer.Argument(help="CSV, ours or another's, or Parquet of ours.")]
CensusFile = Annotated[
    Optional[Path],  # noqa: UP045 - typer reads it at run time
    typer.Option("--census", help="The census to compare with; the shipped one when absent."),
]


@app.command("prepare")
def prepare(
    patients: Patients,
    out: Annotated[Path, typer.Option("-o", "--out", help="A name ending in .csv or .parquet.")],
    weights: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(
            "--weights", help="A file with the weights of priority; severity 3, triage 1 when absent."
        ),
    ] = None,
    as_json: options.AsJson = False,
    quiet: options.Quiet = False,
) -> None:
    """Add severity and priority to every patient of a file, each from the patient's own data."""
    from agents.profiles.files import write_profiles
    from agents.profiles.severity import DEFAULT_WEIGHTS, prepared, read_weights

    if out.exists() and patients.exists() and out.samefile(patients):
        raise UsageError(f"{out}: this is the file that is read. Give the result another name.")
    weighed = DEFAULT_WEIGHTS if weights is None else read_weights(weights)
    reading = _read(patients, quiet or as_json)
    made = [prepared(profile, weighed) for profile in reading.profiles]
    write_profiles(made, out)
    told = _counted(made, weighed)
    if as_json:
        found = {"schema": PREPARE_SCHEMA, "out": str(out), **_reading_facts(reading), **asdict(told)}
        typer.echo(json.dumps(found))
    else:
        typer.echo("\n".join(_prepared_lines(out, told, weights)))


@app.command("report")
def report(
    patients: Patients,
    census: CensusFile = None,
    html: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option("--html", help="Write the report with figures as one HTML file that opens offline."),
    ] = None,
    as_json: options.AsJson = False,
    quiet: options.Quiet = False,
) -> None:
    """Check a file of profiles: margins, clinical associations, coherence, duplicates, uniqueness."""
    from agents.profiles.census import read_census
    from agents.profiles.quality import examine

    wanted = read_census(census)
    reading = _read(patients, quiet or as_json)
    quality = examine(reading.profiles, wanted)
    if html is not None:
        from dashboards.report.profiles import write_profile_report

        try:
            write_profile_report(quality, reading.lines(MOST_BAD), patients.name, html)
        except OSError as error:
            reason = (error.strerror or type(error).__name__).lower()
            raise UsageError(f"{html}: cannot write this file: {reason}") from None
    if as_json:
        typer.echo(json.dumps({**quality.as_json(), **_reading_facts(reading)}))
        return
    typer.echo("\n\n".join(_report_blocks(quality)))
    if html is not None:
        typer.echo(f"\nReport: {html}")


@app.command("schema")
def schema() -> None:
    """Print the JSON Schema of a profile."""
    from agents.profiles.record import Profile

    text = {"$schema": "https://json-schema.org/draft/2020-12/schema", **Profile.model_json_schema()}
    typer.echo(json.dumps(text, indent=1, ensure_ascii=False))


def _read(path: Path, quiet: bool) -> Reading:
    """Read a file and say on stderr what was understood of it; no profile at all is an error."""
    from agents.profiles.files import read_profiles

    reading = read_profiles(path)
    if not reading.profiles:
        problems = [str(bad) for bad in reading.bad[:MOST_BAD]]
        raise UsageError(
            "\n".join([*problems, f"{path}: no row could be read as a patient. Nothing was written."])
        )
    if not quiet or reading.bad:
        typer.echo("\n".join(reading.lines(MOST_BAD)), err=True)
    return reading


def _reading_facts(reading: Reading) -> dict[str, object]:
    return {
        "file": reading.file,
        "rows": reading.n_rows,
        "read": len(reading.profiles),
        "encoding": reading.encoding,
        "separator": reading.separator,
        "columns": reading.columns,
        "dropped": reading.dropped,
        "ignored": reading.ignored,
        "notes": reading.notes,
        "bad": [
            {"line": b.line, "column": b.column, "expected": b.expected, "got": b.got} for b in reading.bad
        ],
    }


@dataclass(frozen=True, slots=True)
class _Prepared:
    """What was prepared, counted."""

    patients: int
    scales: dict[str, int]
    """Patients by early-warning score."""
    missing_signs: dict[str, int]
    """Vital signs that were not measured, of how many."""
    pregnant_by_news2: int
    severity_mean: float
    severity_quantiles: tuple[float, float, float]
    """5, 50 and 95 %."""
    weights: dict[str, float]
    factors_unknown: dict[str, int]
    """Factors of priority that are not known, of how many."""
    without_priority: int


def _counted(profiles: list[Profile], weights: dict[str, float]) -> _Prepared:
    import numpy as np

    from agents.profiles.early_warning import early_warning
    from agents.profiles.severity import FACTORS

    scores = [early_warning(profile) for profile in profiles]
    severity = np.array([profile.severity for profile in profiles], dtype=float)
    low, middle, high = np.quantile(severity, (0.05, 0.5, 0.95)).tolist()
    pregnant = ["pregnancy" in profile.picture.diagnoses for profile in profiles]
    unknown = {name: sum(FACTORS[name][1](p, 0.0) is None for p in profiles) for name in weights}
    missing = Counter(sign for score in scores for sign in score.missing)
    return _Prepared(
        patients=len(profiles),
        scales=dict(sorted(Counter(score.scale for score in scores).items())),
        missing_signs=dict(missing),
        pregnant_by_news2=sum(p and s.scale == "NEWS2" for p, s in zip(pregnant, scores, strict=True)),
        severity_mean=float(severity.mean()),
        severity_quantiles=(low, middle, high),
        weights=weights,
        factors_unknown={name: n for name, n in unknown.items() if n},
        without_priority=sum(profile.priority is None for profile in profiles),
    )


def _prepared_lines(out: Path, told: _Prepared, weights: Path | None) -> Iterator[str]:
    low, middle, high = told.severity_quantiles
    yield f"{out}: {told.patients} patients with severity and priority."
    yield (
        f"Severity: mean {told.severity_mean:.3f}, 5 % below {low:.3f}, half below {middle:.3f}, "
        f"95 % below {high:.3f}."
    )
    yield "Scored " + ", ".join(f"by {scale} {n}" for scale, n in told.scales.items()) + "."
    if told.pregnant_by_news2:
        yield f"NEWS2 is not made for pregnancy; {told.pregnant_by_news2} in pregnancy are scored by it all the same."
    if told.missing_signs:
        signs = ", ".join(f"{sign} {n} times" for sign, n in told.missing_signs.items())
        yield f"Not measured, so counted as usual: {signs}."
    shares = ", ".join(f"{name} {weight:g}" for name, weight in told.weights.items())
    yield f"Priority: weights {shares} ({f'from {weights}' if weights else 'the default, assumed'})."
    for name, n in told.factors_unknown.items():
        yield f"{name} is not known of {n} patients: the other weights count for them."
    if told.without_priority:
        yield f"No priority for {told.without_priority} patients, of whom no factor is known."


def _report_blocks(quality: Quality) -> Iterator[str]:
    from agents.profiles.quality import OFF, UNSURE, WITHIN
    from policies.sentence import aligned

    yield f"{quality.n} profiles, {quality.n_prepared} with severity."
    rows = [
        [
            f"  {m.variable}",
            "exact" if m.exact else "not exact",
            "" if m.distance is None else f"{m.distance:.4f}",
            f"{m.joint_distance:.4f} with {m.given}" if m.joint_distance is not None else "",
            "" if m.exact else f"{m.worst.value}: {m.worst.share:.1%}, target {m.worst.target:.1%}",
            f"{m.n_missing} missing" if m.n_missing else "",
        ]
        for m in quality.margins
    ]
    yield aligned(
        [f"Margins against: {quality.census}", "Margin", "Distance", "Distance of the pair", "", ""], rows
    )
    yield "\n".join(
        [
            "Exact: each count is within one person of its target. Distance: total variation, 0 to 1, of shares."
        ]
    )
    rows = [
        [
            f"  {a.title}",
            a.why or f"{a.estimate:.2f} [{a.low:.2f}, {a.high:.2f}]",
            f"{a.truth:.2f} ± {a.tolerance:.2f}",
            a.unit,
            a.verdict,
        ]
        for a in quality.associations
    ]
    yield aligned(["Associations", "Estimate [95 %]", "Truth", "Unit", ""], rows)
    count = {said: sum(a.verdict == said for a in quality.associations) for said in (WITHIN, OFF, UNSURE)}
    yield (
        f"Of {len(quality.associations)} planted associations {count[WITHIN]} are recovered, {count[OFF]} are off, for "
        f"{count[UNSURE]} the profiles are too few to tell. The truth is the calibrated generator's, not the world's."
    )
    bad = [[f"  {b.title}", str(b.count), ", ".join(b.profiles[:4]) + ("" if b.count <= 4 else ", ...")]
           for b in quality.broken if b.count]  # fmt: skip
    yield aligned([f"Implausible: {quality.n_incoherent} of {quality.n}", "", ""], bad)
    yield "\n".join(
        [
            f"Duplicates: {quality.n_duplicate_rows} profiles, {quality.n_duplicate_pictures} pictures, "
            f"{quality.n_duplicate_vignettes} vignettes equal an earlier one.",
            f"Uniqueness: the smallest group of equal demographics has {quality.smallest_cell}; {quality.n_alone} of "
            f"{quality.n} are alone in theirs by age band, {quality.n_alone_by_year} by year of age.",
            "Privacy: profiles that Fairward draws describe nobody. If this file comes from real people, those who are "
            "alone in their group can be recognised by who knows these facts about them.",
        ]
    )  # fmt: skip
