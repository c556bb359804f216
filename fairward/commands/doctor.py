"""`fairward doctor`: what is installed, and whether it can work here."""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from fairward import options
from fairward.exits import NEGATIVE

SCHEMA = "fairward.doctor/1"
EXTRAS = {
    "llm": ("llama_cpp", "gguf"),
    "risk": ("sklearn",),
    "sensitivity": ("SALib",),
    "env": ("gymnasium", "pettingzoo"),
    "torch": ("torch", "gguf"),
    "train": ("torch", "ray", "gymnasium", "pettingzoo"),
    "explain": ("shap", "lime", "sklearn"),
    "dashboard": ("panel", "panel_material_ui", "holoviews", "bokeh"),
}
"""Extra -> the modules that it brings."""
ENOUGH_DISK_GIB = 1.0


def doctor(
    out: Annotated[Path, typer.Option("--out", help="Folder for run folders.")] = Path("runs"),
    as_json: options.AsJson = False,
) -> None:
    """Check versions, extras, the machine and write access. Exit code 1 if something must be mended."""
    from fairward.runs import commit, machine
    from policies.origin import versions

    extras = {
        name: [module for module in modules if find_spec(module) is None] for name, modules in EXTRAS.items()
    }
    problems = list(_problems(out))
    facts = machine()
    if as_json:
        checkup = {
            "schema": SCHEMA, "versions": versions(), "commit": commit(), "missing_for_extra": extras,
            "machine": facts, "problems": problems,
        }  # fmt: skip
        typer.echo(json.dumps(checkup))
    else:
        typer.echo("Versions: " + ", ".join(f"{name} {number}" for name, number in versions().items()))
        typer.echo(f"Commit: {commit() or 'not a checkout'}")
        for name, missing in extras.items():
            state = f'absent ({", ".join(missing)}): pip install -e ".[{name}]"' if missing else "installed"
            typer.echo(f"Extra {name}: {state}")
        typer.echo(f"Machine: {facts['system']}, {facts['cores']} cores")
        typer.echo("\n".join(problems) or f"Nothing to mend: runs can be written to {out}.")
    if problems:
        raise typer.Exit(NEGATIVE)


def _problems(out: Path) -> list[str]:
    problems = []
    if sys.version_info[:2] != (3, 11):
        problems.append(
            f"Python: expected 3.11, got {sys.version_info[0]}.{sys.version_info[1]}. Use `make demo`."
        )
    beside = next(folder for folder in (out.absolute(), *out.absolute().parents) if folder.exists())
    try:
        with tempfile.TemporaryFile(dir=beside):
            pass
    except OSError as error:
        problems.append(
            f"{beside}: cannot be written to ({error.strerror}). Choose another folder with --out."
        )
    else:
        free = shutil.disk_usage(beside).free / 2**30
        if free < ENOUGH_DISK_GIB:
            problems.append(
                f"{beside}: expected {ENOUGH_DISK_GIB:g} GiB of free disk, got {free:.1f}. Make room."
            )
    return problems
