"""The command line. Commands live in `fairward/commands/`; here they are mounted, and errors get their exit code."""

from __future__ import annotations

import traceback
import warnings
from importlib.metadata import version
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from fairward import theory
from fairward.commands import (
    auditing,
    counterfactual,
    dashboard,
    desk,
    doctor,
    evaluating,
    explaining,
    looking,
    past,
    profile_generation,
    profiles,
    running,
    starting,
    studying,
    sweeping,
    thresholds,
    tradeoffs,
    training,
    tuning,
    uncertainty,
)
from fairward.exits import BUG, INTERRUPTED
from scenarios.errors import FairwardError

REPORT_TO = "the project's issue tracker"


class _Front(TyperGroup):
    """Turns what goes wrong into a message on stderr and an exit code."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except FairwardError as error:
            if ctx.params.get("debug"):
                traceback.print_exc()
            typer.echo("\n".join([str(error), *getattr(error, "__notes__", ())]), err=True)
            raise typer.Exit(error.exit_code) from None
        except KeyboardInterrupt:
            typer.echo("Interrupted.", err=True)
            raise typer.Exit(INTERRUPTED) from None
        except (typer.Exit, typer.Abort, BrokenPipeError):
            raise
        except Exception as error:
            if _is_wrong_use(error):
                raise
            if ctx.params.get("debug"):
                traceback.print_exc()
            said = "\n".join([f"{type(error).__name__}: {error}", *getattr(error, "__notes__", ())])
            typer.echo(
                f"A bug in Fairward: {said}\n"
                f"Nothing of yours is damaged. Please report it at {REPORT_TO} with the command and the output of "
                "`fairward --debug ...` and `fairward doctor`.",
                err=True,
            )
            raise typer.Exit(BUG) from None


app = typer.Typer(
    cls=_Front,
    help="Simulate a network of hospitals from a scenario file and compare allocation policies on the same patients.",
    no_args_is_help=True,
    rich_markup_mode=None,
    add_completion=False,
)
app.command("demo")(starting.demo)
app.command("init")(starting.init)
app.command("list")(looking.list_all)
app.command("validate")(looking.validate)
app.command("schema")(looking.schema)
app.command("run")(running.run)
app.command("compare")(running.compare)
app.command("sweep")(sweeping.sweep)
app.command("audit")(auditing.audit)
app.command("evaluate")(evaluating.evaluate)
app.command("tradeoffs")(tradeoffs.tradeoffs)
app.command("train")(training.train)
app.command("tune")(tuning.tune)
app.command("counterfactual")(counterfactual.counterfactual)
app.command("explain")(explaining.explain)
app.command("uncertainty")(uncertainty.uncertainty)
app.command("dashboard")(dashboard.dashboard)
app.add_typer(past.app, name="runs")
app.add_typer(studying.app, name="study")
app.add_typer(theory.app, name="theory")
profiles.app.command("generate")(profile_generation.generate)
app.add_typer(profiles.app, name="profiles")
app.add_typer(thresholds.app, name="thresholds")
app.add_typer(desk.app, name="desk")
app.command("doctor")(doctor.doctor)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"fairward {version('fairward')}")
        raise typer.Exit


@app.callback()
def front(
    show_version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
) -> None:
    """Simulate a network of hospitals from a scenario file and compare allocation policies on the same patients."""


def _is_wrong_use(error: Exception) -> bool:
    """Whether it is the parser's own error, which has its message and exit code."""
    return hasattr(error, "exit_code") and hasattr(error, "format_message")


def _warn(message: Any, *where: Any, **more: Any) -> None:
    """Show what a warning says, not where in our source it came up."""
    typer.echo(f"Warning: {message}", err=True)


def main() -> None:
    """Run the command line."""
    warnings.showwarning = _warn
    app(prog_name="fairward")


if __name__ == "__main__":
    main()
