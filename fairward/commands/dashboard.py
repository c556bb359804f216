"""`fairward dashboard`: the what-if pages, served from this machine."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Optional

import typer

from fairward import options

SECRET = "FAIRWARD_COOKIE_SECRET"
OAUTH_KEY, OAUTH_SECRET = "FAIRWARD_OAUTH_KEY", "FAIRWARD_OAUTH_SECRET"


def dashboard(
    runs: Annotated[
        Path, typer.Argument(help="Folder of run folders, to look at and to keep results in.")
    ] = Path("runs"),
    port: Annotated[int, typer.Option("--port", min=1, max=65535, help="The port.")] = 5006,
    address: Annotated[
        str, typer.Option("--address", help="The loopback unless others may come.")
    ] = "127.0.0.1",
    origins: Annotated[
        Optional[list[str]],  # noqa: UP045 - typer reads it at run time
        typer.Option("--allow-origin", help="HOST:PORT that people type; needed with --address. Repeat."),
    ] = None,
    basic_auth: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(
            "--basic-auth",
            help="A file of names and passwords (JSON). The cookie secret is in FAIRWARD_COOKIE_SECRET.",
        ),
    ] = None,
    oauth_provider: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(
            "--oauth-provider", help="As Panel names it; FAIRWARD_OAUTH_KEY and FAIRWARD_OAUTH_SECRET."
        ),
    ] = None,
    users: Annotated[
        Optional[list[str]],  # noqa: UP045
        typer.Option(
            "--allow-user", help="Who may come in, as the OAuth provider names them; '*': everybody. Repeat."
        ),
    ] = None,
    jobs: options.Jobs = None,
    time_limit: Annotated[
        float, typer.Option("--time-limit", min=1, help="Seconds that a question may take.")
    ] = 300.0,
    show: Annotated[bool, typer.Option("--show/--no-show", help="Open the browser.")] = False,
) -> None:
    """Serve the what-if dashboard: move a lever, see who gains and who loses, and how sure that is."""
    from scenarios.errors import MissingExtra

    if any(find_spec(name) is None for name in ("panel", "panel_material_ui", "holoviews", "bokeh")):
        raise MissingExtra("dashboard", "the dashboard")
    from dashboards.app.service import RunService
    from dashboards.app.serving import OAuth, Serving, serve
    from fairward.shelf import RunShelf, kept

    oauth = None
    if oauth_provider is not None:
        key, secret = os.environ.get(OAUTH_KEY, ""), os.environ.get(OAUTH_SECRET, "")
        oauth = OAuth(oauth_provider, key, secret, tuple(users or ()))
    how = Serving(port, address, tuple(origins or ()), basic_auth, oauth, os.environ.get(SECRET), show)
    how.check()
    with kept(runs) as cache:
        service = RunService(cache, jobs, time_limit)
        try:
            typer.echo(f"http://{address}:{port}  Ctrl-C ends it.", err=True)
            serve(service, RunShelf(runs), how)
        finally:
            service.close()
