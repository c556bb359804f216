"""Runs & audit: the runs of the folder, whether their files are as written, and what this server was asked."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import Any

import param

from dashboards.app.result import Result
from dashboards.app.session import Session
from policies.saved import read_answer
from scenarios.errors import FairwardError


class Model(param.Parameterized):
    """Past runs, and the one chosen."""

    run = param.Selector(objects=[], label="Run", doc="A run of the folder; the newest first.")
    message = param.String(default="")

    def __init__(self, session: Session, **more: Any) -> None:
        super().__init__(**more)
        self.session = session

    def take(self) -> list[tuple[str, dict[str, Any]]]:
        """Read the folder again and return (name, manifest), the newest first."""
        try:
            past = [(folder.name, found) for folder, found in reversed(self.session.shelf.past())]
        except FairwardError as error:
            self.message = str(error)
            return []
        names = [name for name, _ in past]
        self.param["run"].objects = names
        if self.run not in names:
            self.run = names[0] if names else None
        return past

    def details(self, name: str) -> tuple[dict[str, Any], list[str]]:
        """Return the manifest of a run and which of its files changed. Raises `FairwardError`."""
        folder = self.session.shelf.find(name)
        found = dict(self.session.shelf.past())[folder]
        return found, self.session.shelf.changed(folder)

    def open(self, *_: Any) -> None:
        """Show the chosen run on every page."""
        self.message = ""
        if self.run is None:
            return
        try:
            self.session.desk.show(past_result(self.session.shelf.find(self.run)), ("a past run",))
            self.session.desk.page = "decide"
        except FairwardError as error:
            self.message = str(error)


def past_result(folder: Path) -> Result:
    """Return a run folder as a result. Raises `UsageError`."""
    answer = read_answer(folder)
    key = str(answer.provenance.get("result") or answer.provenance["results_hash"])
    return Result(key, answer, folder, {}, str(answer.provenance.get("command", ""))).drawn()


def run_table(past: list[tuple[str, dict[str, Any]]]) -> str:
    """Return the runs as an HTML table."""
    if not past:
        return "<p>There are no runs in this folder yet. Make one: <code>fairward demo</code></p>"
    rows = "".join(
        f"<tr><th scope='row'>{escape(name)}</th><td>{escape(str(found.get('scenario', '')))}</td>"
        f"<td>{escape(', '.join(map(str, found.get('policies', []))))}</td>"
        f"<td>{len(found.get('replications', []))}</td><td>{escape(str(found.get('began', ''))[:16])}</td></tr>"
        for name, found in past
    )
    heads = "".join(
        f"<th scope='col'>{head}</th>" for head in ("Run", "Scenario", "Policies", "Runs", "Made")
    )
    return (
        "<div class='scroll' tabindex='0' role='region' aria-label='Past runs'><table class='words'>"
        f"<thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def log_table(session: Session) -> str:
    """Return what this server was asked since it started, the newest first."""
    rows = "".join(
        f"<tr><th scope='row'>{escape(entry.when)}</th><td>{escape(entry.key[:8])}</td><td>{escape(entry.what)}</td>"
        f"<td>{entry.seconds:.1f} s</td><td>{escape(entry.ended)}</td></tr>"
        for entry in reversed(session.service.log)
    )
    heads = "".join(
        f"<th scope='col'>{head}</th>" for head in ("When (UTC)", "Result", "What", "Took", "Ended")
    )
    empty = "<p>Nothing yet.</p>" if not rows else ""
    return (
        "<div class='scroll' tabindex='0' role='region' aria-label='Questions asked'><table class='words'>"
        f"<thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>{empty}</div>"
    )


def detail(found: dict[str, Any], changed: list[str]) -> str:
    """Return one run as HTML."""
    files = f"Changed since: {', '.join(changed)}" if changed else "All files are as they were written."
    facts = {
        "Seed": found.get("seed"), "Commit": str(found.get("commit") or "unknown")[:12],
        "Took": f"{found.get('wall_seconds', 0):.0f} s", "Files": files,
        "Scenario hash": str(found.get("provenance", {}).get("scenario_hash", ""))[:12],
    }  # fmt: skip
    said = "".join(f"<div><dt>{k}</dt><dd>{escape(str(v))}</dd></div>" for k, v in facts.items())
    return f"<p class='sentence'>{escape(str(found.get('sentence', '')))}</p><dl class='facts'>{said}</dl>"


class View:
    """Runs & audit, on the screen."""

    def __init__(self, model: Model) -> None:
        import panel_material_ui as pmui

        from dashboards.app import look

        self.model = model
        self.table, self.detail, self.log = look.html(), look.html(), look.html()
        self.pick = look.field(pmui.Select, model.param.run, margin=6)
        self.open = pmui.Button(
            label="Show it on all pages", variant="contained", margin=6, on_click=model.open
        )
        self.say = pmui.Alert(
            object="", visible=False, severity="warning", sizing_mode="stretch_width", margin=6
        )
        model.param.watch(self._detail, "run")
        model.param.watch(self._speak, "message")

    def layout(self) -> Any:
        """Return the page."""
        import panel_material_ui as pmui

        from dashboards.app import look

        gap = {"margin": (0, 0, 12, 0)}
        return pmui.Column(
            look.html("<h1 class='page'>What was run, when and from what?</h1>", margin=(0, 0, 10, 0)),
            look.card(look.html("<h2>Runs of the folder</h2>"), self.table, **gap),
            look.card(self.pick, self.detail, self.open, self.say, **gap),
            look.card(
                look.html(look.heading("Asked of this server since it started", "By every visitor; kept in memory.")),
                self.log, **gap,
            ),
            sizing_mode="stretch_width", margin=0,
        )  # fmt: skip

    async def show(self, result: Result) -> None:
        """Read the folder and the log again."""
        self.table.object = run_table(self.model.take())
        self.log.object = log_table(self.model.session)
        self._detail()

    def _detail(self, *_: Any) -> None:
        name = self.model.run
        self.open.disabled = name is None
        if name is None:
            self.detail.object = ""
            return
        try:
            self.detail.object = detail(*self.model.details(name))
        except FairwardError as error:
            self.model.message = str(error)

    def _speak(self, *_: Any) -> None:
        from dashboards.app.look import as_written

        self.say.param.update(object=as_written(self.model.message), visible=bool(self.model.message))
