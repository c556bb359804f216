"""`fairward audit`: who is worse off, which rules are broken, and what was tested against it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from fairward import options
from fairward.exits import INTERRUPTED

if TYPE_CHECKING:
    from policies.audit.analyzer import Settings
    from policies.audit.findings import FairnessReport
    from policies.audit.levers import Lever
    from policies.audit.results import Results

GATE_BREACHED = 1


def audit(
    runs: Annotated[
        list[str],
        typer.Argument(
            metavar="RUN...", help="A run: its name, `latest`, or its folder. Several: --monitor."
        ),
    ],
    by: Annotated[
        Optional[str],  # noqa: UP045 - typer reads it at run time
        typer.Option(help="Attributes by commas; a*b crosses two. The groups of the scenario when absent."),
    ] = None,
    reference: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(help="overall, best, or attribute=group by commas. The scenario's, else overall."),
    ] = None,
    gates: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(help="Compliance rules (YAML); exit code 1 when one fails."),
    ] = None,
    tries: Annotated[
        Optional[list[str]],  # noqa: UP045
        typer.Option(
            "--try", help='A lever to simulate: changes as in --set by ";", or policy=NAME. Repeat.'
        ),
    ] = None,
    policy: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option("--policy", "-p", help="Which policy of the run; the first when absent."),
    ] = None,
    should: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(help="Who should be treated in time, for equalised odds: acuity=critical|urgent."),
    ] = None,
    people: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(help="CSV of attribute, group, people in the catchment, for outcomes per head."),
    ] = None,
    patients: Annotated[int, typer.Option(min=1, help="Hide groups with fewer patients in all runs.")] = 30,
    events: Annotated[int, typer.Option(min=1, help="Hide shares with fewer cases in all runs.")] = 10,
    small: Annotated[
        str, typer.Option(help="Small groups: hide, or pool them as one group, others.")
    ] = "hide",
    tests: Annotated[bool, typer.Option("--tests", help="Print every test of every gap.")] = False,
    margin: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(
            help="Differences that count as none, for equivalence: untreated_hours=15 min, ... by commas."
        ),
    ] = None,
    coverage: Annotated[
        float, typer.Option(min=0.01, max=1.0, help="Vaccine: the share by whose day groups are compared.")
    ] = 0.5,
    monitor: Annotated[
        bool, typer.Option("--monitor", help="Control charts over several runs, in order.")
    ] = False,
    outcome: Annotated[str, typer.Option(help="The share to monitor.")] = "within_target",
    baseline: Annotated[
        Optional[int],  # noqa: UP045
        typer.Option(help="Runs that make the centre of the charts; the first half when absent."),
    ] = None,
    jobs: options.Jobs = None,
    out: options.Out = Path("runs"),
    html: Annotated[
        bool, typer.Option("--html/--no-html", help="Write the page beside the (last) run.")
    ] = True,
    all_groups: options.AllGroups = False,
    as_json: options.AsJson = False,
    quiet: options.Quiet = False,
) -> None:
    """Audit a run for fairness: gaps with intervals, gates, and levers tried on the same patients."""
    from policies.audit.analyzer import FairnessAnalyzer
    from policies.audit.as_json import report_json
    from policies.audit.results import read_results
    from policies.audit.text import report_text
    from scenarios.errors import UsageError

    folders = [_folder(run, out) for run in runs]
    if monitor:
        page = folders[-1] / "monitoring.html" if html else None
        _monitor([read_results(folder, policy) for folder in folders], by, outcome, baseline, as_json, page)
        return
    if len(folders) > 1:
        raise UsageError("audit: expected one run, got several. For control charts over them: --monitor.")
    results = read_results(folders[0], policy)
    settings = _settings(results, by, reference, gates, should, people, patients, events)
    settings = _further(settings, results, small, margin, coverage)
    levers = _levers(results, tries)
    report = FairnessAnalyzer(settings).generate_fairness_report(results)
    if levers:
        report = _with_levers(report, results, settings, levers, jobs, quiet)
    written = _write(report, folders[0], results, html)
    if as_json:
        typer.echo(json.dumps(report_json(report), allow_nan=False))
    else:
        typer.echo(report_text(report, all_groups, tests))
        typer.echo("\n" + "\n".join(f"{what}: {path}" for what, path in written.items()))
    if report.breached:
        raise typer.Exit(GATE_BREACHED)


def _folder(run: str, out: Path) -> Path:
    """Return the folder of a run that is named, or the folder itself."""
    from fairward.runs import MANIFEST, find_run

    return Path(run) if (Path(run) / MANIFEST).is_file() else find_run(out, run)


def _settings(
    results: Results,
    by: str | None,
    reference: str | None,
    gates: Path | None,
    should: str | None,
    people: Path | None,
    patients: int,
    events: int,
) -> Settings:
    from policies.audit.analyzer import Settings, declared
    from policies.audit.gate_file import read_gates
    from policies.audit.people import read_people
    from sim.fairness.suppression import Smallest
    from sim.network import compile_network

    network = compile_network(results.scenario)
    return Settings(
        by=tuple(part.strip() for part in (by or "").split(",") if part.strip()),
        reference=reference or "",
        gates=read_gates(gates, network) if gates is not None else (),
        smallest=Smallest(patients=patients, events=events, a_run=min(Smallest().a_run, patients)),
        people=read_people(people, network) if people is not None else {},
        should=declared(should or "", results.scenario),
    )


def _further(
    settings: Settings, results: Results, small: str, margin: str | None, coverage: float
) -> Settings:
    from dataclasses import replace

    from policies.audit.analyzer import audited
    from policies.audit.tested import read_margins
    from scenarios.errors import UsageError
    from sim.network import compile_network

    if small not in ("hide", "pool"):
        raise UsageError(f"--small: expected hide or pool, got {small!r}.")
    units = {metric.name: metric.unit for metric in audited(compile_network(results.scenario), coverage)}
    return replace(
        settings,
        small="pool" if small == "pool" else "hide",
        coverage=coverage,
        margins=read_margins(margin or "", units),
    )


def _levers(results: Results, tries: list[str] | None) -> list[Lever]:
    from policies.audit.levers import read_levers

    return read_levers(tries, results) if tries else []


def _with_levers(
    report: FairnessReport,
    results: Results,
    settings: Settings,
    levers: list[Lever],
    jobs: int | None,
    quiet: bool,
) -> FairnessReport:
    from dataclasses import replace

    from fairward.progress import progress
    from policies.audit.analyzer import headline_of
    from policies.audit.levers import try_levers
    from policies.origin import source_hash
    from policies.registry import checkpoint_hash
    from sim.replications import Interrupted, Workers, available_cores

    same = results.provenance.get("source_hash") == source_hash() and (
        results.provenance.get("checkpoints", {}).get(results.policy) == checkpoint_hash(results.policy)
    )
    cores = min(available_cores() if jobs is None else jobs, report.n_runs)
    with Workers(cores) as workers, progress(f"{len(levers)} levers", quiet) as tell:
        try:
            found = try_levers(report, results, levers, settings, headline_of(report), same, workers, tell)
        except Interrupted:
            typer.echo("Interrupted. Without --try the audit needs no simulation.", err=True)
            raise typer.Exit(INTERRUPTED) from None
    return replace(report, recommendation=found)


def _write(report: FairnessReport, folder: Path, results: Results, html: bool) -> dict[str, Path]:
    from policies.audit.as_json import report_json
    from policies.parts import policy_folder
    from scenarios.errors import UsageError

    name = "audit" if len(results.policies) < 2 else f"audit-{policy_folder(results.policy)}"
    written = {"JSON": folder / f"{name}.json"}
    try:
        written["JSON"].write_text(
            json.dumps(report_json(report), indent=1, allow_nan=False) + "\n", encoding="utf-8"
        )
        if html:
            from dashboards.report.audit import write_audit

            written["HTML"] = write_audit(report, folder / f"{name}.html")
    except OSError as error:
        raise UsageError(
            f"cannot write to {folder}: {error.strerror}. Copy the run to a folder of your own."
        ) from None
    return written


def _monitor(
    results: list[Results],
    by: str | None,
    outcome: str,
    baseline: int | None,
    as_json: bool,
    page: Path | None,
) -> None:
    from policies.audit.analyzer import Settings, attributes_of
    from policies.audit.monitoring import monitor, monitoring_json, monitoring_text
    from policies.parameters import suggestion
    from scenarios.errors import UsageError
    from sim.metric import PatientMetric
    from sim.network import compile_network
    from sim.outcomes import METRICS

    shares = [
        n for n, m in METRICS.items() if isinstance(m, PatientMetric) and m.unit == "share" and m.better
    ]
    metric = METRICS.get(outcome)
    if outcome not in shares or not isinstance(metric, PatientMetric):
        raise UsageError(f"--outcome: {outcome} is not a share of patients. {suggestion(outcome, shares)}")
    wanted = tuple(part.strip() for part in (by or "").split(",") if part.strip())
    attributes = attributes_of(Settings(by=wanted), compile_network(results[0].scenario))
    found = monitor(results, metric, attributes, baseline)
    typer.echo(json.dumps(monitoring_json(found), allow_nan=False) if as_json else monitoring_text(found))
    if page is not None and found.charts:
        from dashboards.report.monitoring import write_monitoring

        try:
            write_monitoring(found, page)
        except OSError as error:
            raise UsageError(
                f"cannot write to {page.parent}: {error.strerror}. Leave it out: --no-html."
            ) from None
        if not as_json:
            typer.echo(f"\nHTML: {page}")
    if found.signals:
        raise typer.Exit(GATE_BREACHED)
