"""`fairward thresholds`: histories of heart risk, thresholds learned from them, and the bands that they make."""

from __future__ import annotations

import datetime
import hashlib
import json
import re
import shutil
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer

from fairward import options
from scenarios.errors import UsageError

if TYPE_CHECKING:
    from agents.risk.features import HeartPatients
    from policies.thresholds.training import Run

MANIFEST_SCHEMA = "fairward.thresholds-manifest/1"
BANDS_SCHEMA = "fairward.thresholds-clinic/1"
POINTS_OF_THE_CURVE = 60

app = typer.Typer(
    help="Tune the thresholds between low, moderate and high heart risk on simulated histories, and apply them.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Patients = Annotated[
    Optional[Path],  # noqa: UP045 - typer reads it at run time
    typer.Option("--patients", help="CSV in the form of heart_disease.csv; a synthetic cohort when absent."),
]
CohortSize = Annotated[int, typer.Option("--cohort-size", min=100, max=100_000, help="Synthetic patients.")]
Start = Annotated[
    Optional[Path],  # noqa: UP045
    typer.Option("--config", help="config.yml with the thresholds to start from; 0.30 and 0.60 when absent."),
]
Verbosity = Annotated[
    float, typer.Option("--verbosity", min=0.0, max=1.0, help="What each reason given costs at a visit.")
]
Force = Annotated[bool, typer.Option("--force", help="Replace the folder if it exists.")]


@app.command()
def simulate(
    patients: Patients = None,
    cohort_size: CohortSize = 600,
    seed: options.Seed = 1,
    config: Start = None,
    verbosity: Verbosity = 0.01,
    begin: Annotated[str, typer.Option("--from", help="Date of the first visit.")] = "2026-01-01",
    out: Annotated[Path, typer.Option("--out", help="The folder to write.")] = Path("histories"),
    force: Force = False,
    quiet: options.Quiet = False,
) -> None:
    """Write a history of a year for each patient: a CSV file a patient, with the thresholds moved at random."""
    from agents.risk.features import write_patients
    from agents.risk.histories import Plan, Simulator
    from agents.risk.model import cross_fitted
    from fairward.progress import progress
    from policies.thresholds.logbook import histories

    began = time.time()
    first = _date(begin)
    _check_out(out, force)
    cohort, setting = _cohort(patients, cohort_size, seed), _setting(config)
    simulator = Simulator(cohort, cross_fitted(cohort, seed), Plan())
    table = histories(simulator, setting, verbosity, seed, first)
    temporary = _temporary(out)
    (temporary / "patients").mkdir()
    width = len(str(len(cohort)))
    with progress("histories", quiet) as tell:
        for number, (name, rows) in enumerate(table.groupby("Id", sort=False), start=1):
            file = f"{number:0{width}d}-{_slug(str(name))}.csv"
            rows.to_csv(temporary / "patients" / file, index=False, lineterminator="\n")
            tell(number, len(cohort), None)
    if patients is None:
        write_patients(cohort, temporary / "cohort.csv")
    arguments = {
        "patients": patients and str(patients), "cohort_size": cohort_size, "seed": seed,
        "config": config and str(config), "verbosity": verbosity, "from": begin,
    }  # fmt: skip
    _publish(temporary, out, arguments, began)
    typer.echo(
        f"{len(cohort)} histories of {simulator.plan.visits} visits: {out / 'patients'} (seed {seed}). "
        "Predictions are by models that did not see the patient; what follows the first visit is simulated."
    )


@app.command()
def train(
    patients: Patients = None,
    cohort_size: CohortSize = 600,
    seed: options.Seed = 1,
    config: Start = None,
    verbosity: Verbosity = 0.01,
    held_out: Annotated[
        float, typer.Option("--held-out", min=0.1, max=0.9, help="The share of patients kept for judging.")
    ] = 0.3,
    learners: Annotated[
        int, typer.Option("--learners", min=1, help="Learners, each with a seed of its own.")
    ] = 5,
    rounds: Annotated[int, typer.Option("--rounds", min=10, help="Episodes of every patient.")] = 3000,
    explorer: Annotated[
        str, typer.Option("--explorer", help="boltzmann, epsilon-greedy or ucb.")
    ] = "boltzmann",
    trace: Annotated[
        float, typer.Option("--trace", min=0.0, max=1.0, help="Lambda; 0 is one-step Q-learning.")
    ] = 0.8,
    out: Annotated[Path, typer.Option("--out", help="The folder to write.")] = Path("thresholds"),
    force: Force = False,
    as_json: options.AsJson = False,
    quiet: options.Quiet = False,
) -> None:
    """Fit the risk model, learn thresholds by Q-learning, and judge them by patients who were held out."""
    from agents.risk.features import write_patients
    from fairward.progress import progress
    from policies.thresholds.explorers import EXPLORERS
    from policies.thresholds.learning import Recipe
    from policies.thresholds.moves import SETTINGS
    from policies.thresholds.settings_file import write_setting
    from policies.thresholds.training import Question, answers, judge, prepare, run_learner
    from policies.thresholds.wording import table_frame, training_data, training_text

    began = time.time()
    if explorer not in EXPLORERS:
        raise UsageError(f"--explorer: expected one of {', '.join(EXPLORERS)}, got {explorer!r}.")
    _check_out(out, force)
    cohort, start = _cohort(patients, cohort_size, seed), _setting(config)
    recipe = Recipe(explorer=explorer, rounds=rounds, trace=trace)
    question = Question(seed=seed, held_out=held_out, verbosity=verbosity, recipe=recipe)
    arguments = {
        "patients": patients and str(patients), "cohort_size": cohort_size, "seed": seed,
        "config": config and str(config), "verbosity": verbosity, "held_out": held_out, "learners": learners,
        "rounds": rounds, "explorer": explorer, "trace": trace,
    }  # fmt: skip
    partial = _partial(out, question, cohort, start)
    ground = prepare(cohort, question)
    runs: list[Run] = []
    try:
        with progress("learners", quiet) as tell:
            for number in range(seed, seed + learners):
                run = _read_run(partial, number) or run_learner(ground, question, start, number)
                _write_run(partial, run)
                runs.append(run)
                tell(len(runs), learners, run)
        exact = answers(ground, start, seed)
        tuned = judge(ground, question, start, runs)
    except KeyboardInterrupt:
        typer.echo(
            f"{len(runs)} of {learners} learners are kept in {partial}; the same command goes on.", err=True
        )
        raise
    temporary = _temporary(out)
    ground.model.write(temporary / "model.json")
    said = f"Tuned by fairward thresholds train, seed {seed}, {len(cohort)} patients."
    write_setting(SETTINGS[tuned.setting], temporary / "config.yml", said)
    table_frame(tuned.best).to_csv(temporary / "table.csv", index=False, lineterminator="\n")
    _write_curve(runs, temporary)
    found = training_data(question, ground, exact, runs, tuned)
    (temporary / "answer.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    if patients is None:
        write_patients(cohort, temporary / "cohort.csv")
        write_patients(ground.judging.patients, temporary / "held-out.csv")
    _publish(temporary, out, arguments, began)
    shutil.rmtree(partial)
    if as_json:
        typer.echo(json.dumps(found))
    else:
        typer.echo(training_text(question, ground, exact, runs, tuned))
        typer.echo(f"\nWritten: {out}/config.yml, model.json, table.csv, curve.csv, curve.svg, answer.json")


@app.command()
def apply(
    patients: Annotated[
        Path, typer.Argument(help="CSV in the form of heart_disease.csv; the outcome may lack.")
    ],
    trained: Annotated[Path, typer.Option("--trained", help="A folder that `train` wrote.")] = Path(
        "thresholds"
    ),
    config: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option("--config", help="Other thresholds than the trained ones."),
    ] = None,
    output: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option("--output", "-o", help="The CSV file to write; standard output when absent."),
    ] = None,
    scenario_set: Annotated[
        bool, typer.Option("--scenario-set", help="Print the bands as --set changes to heart-clinic instead.")
    ] = False,
    against: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option("--against", help="Run heart-clinic under these thresholds and the others instead."),
    ] = None,
    reps: Annotated[int, typer.Option("--reps", "-n", min=2, help="Replications of the clinic.")] = 20,
    seed: options.Seed = 1,
    jobs: options.Jobs = None,
    as_json: options.AsJson = False,
    quiet: options.Quiet = False,
) -> None:
    """Say each patient's band with the reasons for it; or what the bands do to the waits in a clinic."""
    from agents.risk.features import read_patients
    from agents.risk.model import read_model
    from policies.thresholds.banding import bands, scenario_changes
    from policies.thresholds.settings_file import read_setting

    model, cohort = read_model(trained / "model.json"), read_patients(patients)
    setting = read_setting(config if config is not None else trained / "config.yml")
    if against is not None:
        before = scenario_changes(model, cohort, read_setting(against))
        _clinic(before, scenario_changes(model, cohort, setting), reps, seed, jobs, as_json, quiet)
    elif scenario_set:
        typer.echo("\n".join(f"--set '{change}'" for change in scenario_changes(model, cohort, setting)))
    else:
        text = bands(model, cohort, setting).to_csv(index=False, lineterminator="\n")
        if output is None:
            typer.echo(text, nl=False)
        else:
            _write_text(output, text)


def _clinic(
    before: tuple[str, ...],
    after: tuple[str, ...],
    reps: int,
    seed: int,
    jobs: int | None,
    as_json: bool,
    quiet: bool,
) -> None:
    from fairward.progress import progress
    from policies.thresholds.clinic import banded, compared
    from sim.replications import Workers

    with Workers(jobs) as workers, progress("heart-clinic", quiet) as tell:
        first = banded(before, reps, seed, workers, lambda done, of, newest: tell(done, 2 * reps, newest))
        second = banded(
            after, reps, seed, workers, lambda done, of, newest: tell(reps + done, 2 * reps, newest)
        )
    table = compared(first, second)
    if as_json:
        rows = table.drop(columns="hospital").to_dict(orient="records")
        typer.echo(json.dumps({"schema": BANDS_SCHEMA, "seed": seed, "replications": reps, "rows": rows}))
        return
    typer.echo("heart-clinic: the other thresholds first, then these, and the paired difference")
    for row in table.itertuples():
        who = f"heart disease {row.group}" if row.attribute else "everybody"
        what = "untreated time, h" if row.metric == "untreated_hours" else "treated within target, share"
        clear = "" if row.low > 0 or row.high < 0 else "; no clear change"
        change = f"{row.mean:+.3f} [{row.low:+.3f}, {row.high:+.3f}]{clear}"
        typer.echo(f"  {what}, {who}: {row.mean_a:.3f}, {row.mean_b:.3f}; {change}")
    typer.echo(f"Intervals are 95 % over {reps} paired runs, seed {seed}. The patients are synthetic.")


def _cohort(file: Path | None, size: int, seed: int) -> HeartPatients:
    from agents.risk.cohort import synthetic_cohort
    from agents.risk.features import read_patients

    return synthetic_cohort(size, seed) if file is None else read_patients(file)


def _setting(file: Path | None) -> int:
    from policies.thresholds.moves import INDEX
    from policies.thresholds.settings_file import SHIPPED, read_setting

    return INDEX[SHIPPED] if file is None else read_setting(file)


def _date(text: str) -> datetime.date:
    try:
        return datetime.date.fromisoformat(text)
    except ValueError:
        raise UsageError(f"--from: expected a date such as 2026-01-01, got {text!r}.") from None


def _check_out(out: Path, force: bool) -> None:
    if out.exists() and not force:
        raise UsageError(f"{out} exists. Choose another folder with --out, or replace it with --force.")
    if out.exists() and not (out / "manifest.json").is_file():
        raise UsageError(
            f"{out} was not written by this command, so --force does not replace it. Choose another --out."
        )


def _temporary(out: Path) -> Path:
    folder = out.with_name(f".{out.name}.writing")
    try:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
    except OSError as error:
        raise UsageError(f"cannot write beside {out}: {error.strerror}. Choose another --out.") from None
    return folder


def _publish(temporary: Path, out: Path, arguments: Mapping[str, Any], began: float) -> None:
    """Write the manifest and put the folder in its place, complete."""
    from fairward.runs import checksums, commit, machine
    from policies.origin import versions

    manifest = {
        "schema": MANIFEST_SCHEMA,
        "arguments": dict(arguments),
        "versions": versions(),
        "commit": commit(),
        "files": checksums(temporary),
        "began": time.strftime("%Y-%m-%dT%H:%M:%S%z", time.localtime(began)),
        "wall_seconds": round(time.time() - began, 3),
        "machine": machine(),
    }
    (temporary / "manifest.json").write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
    if out.exists():
        shutil.rmtree(out)
    temporary.rename(out)


def _partial(out: Path, question: Any, cohort: HeartPatients, start: int) -> Path:
    """Where finished learners outlive an interruption: named after all that decides what they learn."""
    digest = hashlib.sha256(f"{question}:{start}".encode())
    digest.update(cohort.features.to_numpy().tobytes() + cohort.outcomes().tobytes())
    folder = out.with_name(f".{out.name}.partial") / digest.hexdigest()[:16]
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"cannot write beside {out}: {error.strerror}. Choose another --out.") from None
    return folder


def _write_run(folder: Path, run: Run) -> None:
    kept = {**vars(run), "table": run.table.tolist(), "curve": run.curve.tolist()}
    place = folder / f"learner-{run.seed}.json"
    _write_text(place.with_suffix(".writing"), json.dumps(kept))
    place.with_suffix(".writing").rename(place)


def _read_run(folder: Path, seed: int) -> Run | None:
    import numpy as np

    from policies.thresholds.training import Run

    place = folder / f"learner-{seed}.json"
    if not place.is_file():
        return None
    kept = json.loads(place.read_text(encoding="utf-8"))
    for name, restored in (("table", np.array), ("curve", np.array), ("last", tuple), ("kept", tuple)):
        kept[name] = restored(kept[name])
    return Run(**kept)


def _write_curve(runs: list[Run], folder: Path) -> None:
    """Write the mean reward while learning, as a table and as a picture with the learners' range."""
    import numpy as np
    import pandas as pd
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    from policies.thresholds.training import smoothed

    window = max(1, len(runs[0].curve) // POINTS_OF_THE_CURVE)
    curves = np.stack([smoothed(run.curve, window) for run in runs], axis=1)
    ends = window * np.arange(1, len(curves) + 1)
    frame = pd.DataFrame(curves, columns=[f"seed {run.seed}" for run in runs])
    frame.insert(0, "round", ends)
    frame.to_csv(folder / "curve.csv", index=False, lineterminator="\n")
    with rc_context({"svg.hashsalt": "fairward", "svg.fonttype": "none"}):
        figure = Figure(figsize=(6.4, 3.6), layout="constrained")
        axes = figure.add_subplot()
        axes.plot(ends, curves.mean(axis=1), color="#0072B2")
        axes.fill_between(
            ends, curves.min(axis=1), curves.max(axis=1), color="#0072B2", alpha=0.2, linewidth=0
        )
        axes.set_title("Does the learner earn more as it learns?", loc="left")
        axes.set_xlabel("round (one episode of every patient)")
        axes.set_ylabel(f"reward a visit; {len(runs)} learners, mean and range")
        figure.savefig(folder / "curve.svg", metadata={"Date": None})


def _write_text(file: Path, text: str) -> None:
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"cannot write {file}: {error.strerror}.") from None


def _slug(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]+", "-", name)[:60].strip("-.") or "patient"
