"""What the commands of `fairward study` do."""

from __future__ import annotations

import shutil
from pathlib import Path

import typer

from fairward.exits import INTERRUPTED
from fairward.progress import progress
from fairward.study_freezing import freeze
from fairward.study_making import Makers
from fairward.study_runs import Study
from fairward.study_shelf import RESULTS, Shelf
from fairward.study_training import live_settings
from policies.parameters import suggestion
from policies.sentence import counted
from policies.study.kept import MANIFESTS
from policies.study.live import arm
from policies.study.protocol import Protocol, read_protocol
from scenarios.errors import UsageError
from sim.replications import Workers


def run_study(path: Path, jobs: int | None, out: Path, quiet: bool, resume: bool) -> str:
    """Run what is not finished; returns a sentence about where it is."""
    protocol = read_protocol(path)
    folder = out / protocol.name
    check_settings(protocol)
    freeze(protocol, folder, resume)

    def tell(line: str) -> None:
        if not quiet:
            typer.echo(line, err=True)

    try:
        with Workers(jobs) as workers, progress(protocol.name, quiet) as on_done:
            Study(Shelf(protocol, folder, tell), Makers(), workers, on_done).run()
    except KeyboardInterrupt:
        typer.echo(f"Interrupted. Go on: fairward study resume {path} --out {out}", err=True)
        raise typer.Exit(INTERRUPTED) from None
    return f"Study: {folder}\nIts page: fairward study report {path} --out {out}"


def report_study(path: Path, out: Path, to: Path | None) -> str:
    """Write the page; the manifests of a study that was run here are copied beside it first.

    Raises `UsageError` rather than replace manifests by fewer.
    """
    from dashboards.report.study_page import write_study_page

    protocol = read_protocol(path)
    place = Path("docs/results") / protocol.name if to is None else to
    results, manifests = out / protocol.name / RESULTS, place / MANIFESTS
    if results.is_dir():
        there, new = _parts(manifests), _parts(results)
        if lost := sorted(there - new):
            raise UsageError(
                f"{manifests} holds {counted(len(lost), 'part')} that {results} has not, {lost[0]} first. Finish that "
                f"study (fairward study resume {path} --out {out}), write its page elsewhere (--to FOLDER), or remove "
                f"{manifests} yourself."
            )
        place.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(manifests, ignore_errors=True)
        shutil.copytree(results, manifests, ignore=shutil.ignore_patterns(".*"))
    elif not manifests.is_dir():
        manifests = path.parent / protocol.name / MANIFESTS
    return f"Page: {write_study_page(protocol, manifests, place)}"


def _parts(folder: Path) -> set[str]:
    return {one.name for one in folder.glob("[!.]*")}


def check_settings(protocol: Protocol) -> None:
    """Raise `UsageError` with every learner whose settings make no sense, before anything is run."""
    from policies.learning.settings import TrainSettings

    known = TrainSettings().plain().keys() - {"seed"}
    wanted = {
        f"learned.{label}, {name}": protocol.settings_in(name, own)
        for label, own in protocol.learned.items()
        for name in protocol.scenarios
    }
    if protocol.live is not None:
        arms = (None, *protocol.live.fixed)
        wanted |= {f"live, {arm(lam)}": live_settings(protocol.live, lam) for lam in arms}
    problems = []
    for place, settings in wanted.items():
        try:
            if "seed" in settings:
                raise UsageError("seed: expected none, for training.seeds says how many there are.")
            if unknown := sorted(settings.keys() - known):
                raise UsageError(f"{unknown[0]} is not a setting. {suggestion(unknown[0], known)}")
            TrainSettings.of_plain(settings)
        except UsageError as error:
            problems += [f"{place}: {line}" for line in str(error).splitlines()]
    if problems:
        raise UsageError("\n".join(problems))
