"""About: the question, the assumptions, the limits, the glossary, and where the numbers come from."""

from __future__ import annotations

from html import escape
from typing import Any

import param

from dashboards.app.result import Result
from dashboards.app.session import Session
from dashboards.report.limits import limits
from dashboards.report.provenance import provenance

WORDS = (
    ("Option and reference", "The scenario as it is under one policy, and with your changes under another."),
    ("Paired run", "Both sides draw the same random numbers, run by run, so that chance common to both cancels."),
    ("95 % interval", "From the spread between runs (Student t): 95 of 100 such hold the mean of very many runs."),
    ("No clear change", "The interval of the difference holds zero. It does not mean that nothing changes."),
    ("Result", "Eight characters of a hash of all that decides the numbers; the same on every chart."),
)  # fmt: skip


class Model(param.Parameterized):
    """What About says of a result."""

    def __init__(self, session: Session, **more: Any) -> None:
        super().__init__(**more)
        self.session = session

    def sections(self, result: Result) -> list[tuple[str, list[str]]]:
        """Return (heading, sentences)."""
        scenario = result.answer.scenario
        return [
            (
                "The question",
                [scenario.title or scenario.name, scenario.question or "The scenario states none."],
            ),
            ("What is assumed", [*scenario.assumptions, *([scenario.source] if scenario.source else [])]),
            ("What this cannot say", limits(result.story)),
        ]

    def glossary(self, result: Result) -> list[tuple[str, str]]:
        """Return (word, meaning)."""
        better = {"lower": "Less is better.", "higher": "More is better."}
        measured = [
            (m.title, f"{m.definition} {better.get(m.better, '')}")
            for m in result.story.metrics
            if m.definition
        ]
        return [*WORDS, *measured]


def content(model: Model, result: Result) -> str:
    """Return the page as HTML."""
    parts = []
    for title, said in model.sections(result):
        items = "".join(f"<li>{escape(one)}</li>" for one in said) or "<li>The scenario lists nothing.</li>"
        parts.append(f"<h2 data-result='{result.short}'>{escape(title)}</h2><ul>{items}</ul>")
    words = "".join(f"<div><dt>{escape(a)}</dt><dd>{escape(b)}</dd></div>" for a, b in model.glossary(result))
    facts = "".join(
        f"<div><dt>{escape(a)}</dt><dd>{escape(str(b))}</dd></div>" for a, b in provenance(result.story)
    )
    return (
        f"<h1 class='page'>What do the words mean, and what can this not say?</h1>{''.join(parts)}"
        f"<h2>What the words mean</h2><dl class='glossary'>{words}</dl>"
        f"<h2>Where the numbers come from</h2><p>To run it again:</p>"
        f"<pre tabindex='0'><code>{escape(result.command)}</code></pre>"
        f"<details><summary>All hashes and versions</summary><dl class='facts'>{facts}</dl></details>"
    )


class View:
    """About, on the screen."""

    def __init__(self, model: Model) -> None:
        from dashboards.app import look

        self.model = model
        self.text = look.html()

    def layout(self) -> Any:
        """Return the page."""
        from dashboards.app import look

        return look.card(self.text)

    async def show(self, result: Result) -> None:
        """Fill it."""
        self.text.object = content(self.model, result)
