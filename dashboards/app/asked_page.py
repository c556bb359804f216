"""What pages share that have a worker answer a question about one side: whom it is about, the wait, the cards."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import param

from dashboards.app.result import Result, Tables
from dashboards.app.service import compute_key
from dashboards.app.session import Session
from dashboards.report.exhibit import Exhibit
from scenarios.errors import FairwardError


@dataclass(frozen=True)
class Found:
    """What a worker found, ready to be shown."""

    title: str
    sentence: str
    exhibits: tuple[Exhibit, ...]
    notes: tuple[str, ...]


Work = tuple[Callable[[Any], Found], Any]
"""What a worker does, and what it is given; both picklable."""


class AskedModel(param.Parameterized):
    """Which side is asked about, and what was found."""

    side = param.Selector(objects=[], label="Side", doc="Which of the two it is about.")
    busy = param.Boolean(default=False)
    message = param.String(default="")

    def __init__(self, session: Session, **more: Any) -> None:
        super().__init__(**more)
        self.session = session
        self.found: Found | None = None
        self.found_of = ""
        """The key of the result that it was found for."""
        self._reference = ""

    def offer_sides(self, result: Result) -> None:
        """Offer both sides: the option, or the reference if the last one's was chosen, whatever both are called now."""
        labels = list(result.answer.policies)
        chosen = labels[0] if self.side == self._reference else labels[-1]
        self._reference = labels[0]
        self.param["side"].objects = labels
        self.side = chosen

    def offer(self, name: str, objects: Sequence[Any] | Mapping[str, Any], default: Any) -> None:
        """Offer choices; what was chosen stays if it can."""
        values = list(objects.values()) if isinstance(objects, Mapping) else list(objects)
        chosen = getattr(self, name) if getattr(self, name) in values else default
        self.param[name].objects = objects
        setattr(self, name, chosen)

    async def ask(self, work: Callable[[Result, Tables], Work]) -> None:
        """Have a worker do what `work` says of the side; a shipped result holds no patients, so its runs come first."""
        desk, service = self.session.desk, self.session.service
        if self.busy or desk.result is None:
            return
        self.param.update(busy=True, message="")
        try:
            if not desk.result.sides:
                await desk.run()
            result = desk.result
            if self.side not in result.sides:
                raise FairwardError(desk.message or "The runs of this result are not here. Press Run first.")
            tables = result.sides[self.side]
            function, question = work(result, tables)
            key = compute_key(function.__qualname__, tables.side.weights, question)
            self.found, self.found_of = await service.compute(key, function, question), result.short
        except FairwardError as error:
            self.message = str(error)
        finally:
            self.busy = False


class AskedView:
    """What such a page has on the screen: pickers, a bar while it waits, messages, cards of what was found."""

    def __init__(self, model: AskedModel, pickers: Sequence[str]) -> None:
        import panel_material_ui as pmui

        from dashboards.app import look

        self.model = model
        self.wide: dict[str, Any] = {"sizing_mode": "stretch_width", "margin": 6}
        self.pickers = [look.field(pmui.Select, model.param[name], **self.wide) for name in pickers]
        self.bar = look.progress("Working", model.param.busy)
        self.say = pmui.Alert(object="", visible=False, severity="warning", **self.wide)
        self.top, self.found = look.html(), look.filled()
        model.param.watch(self._speak, "message")
        model.param.watch(self._done, "busy")

    def button(self, label: str, icon: str, action: Callable[..., Any]) -> Any:
        """Return a button that asks; pressed while something is asked, it does nothing."""
        import panel_material_ui as pmui

        return pmui.Button(
            label=label, icon=icon, variant="contained", color="primary", on_click=action, margin=6,
        )  # fmt: skip

    def forget_but(self, result: Result) -> None:
        """Clear what was found for another result; what is remembered can be found before its result is shown."""
        if self.model.found_of != result.short:
            self.found[:] = []

    def _done(self, *_: Any) -> None:
        found, result = self.model.found, self.model.session.desk.result
        if self.model.busy or found is None or result is None or self.model.found_of != result.short:
            return
        self.found[:] = cards(found, result.short)

    def _speak(self, *_: Any) -> None:
        from dashboards.app.look import as_written

        self.say.param.update(object=as_written(self.model.message), visible=bool(self.model.message))


def cards(found: Found, key: str) -> list[Any]:
    """Return what was found as cards that carry the key of the result."""
    from dashboards.app import look

    title = escape(found.title[:1].upper() + found.title[1:])
    texts = [f"<h2 data-result='{key}'>{title}</h2>" + look.sentences(found.sentence)]
    for exhibit in found.exhibits:
        head = look.heading(exhibit.title, exhibit.subtitle, key)
        texts.append(head + look.figures(exhibit) + look.reading(exhibit))
    notes = "".join(f"<li>{escape(note)}</li>" for note in found.notes)
    texts.append(f"<h2 data-result='{key}'>What to bear in mind</h2><ul>{notes}</ul>")
    return [look.card(look.html(text), margin=(0, 0, 12, 0)) for text in texts]
