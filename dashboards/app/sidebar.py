"""The sidebar: what is compared, the levers, run and stop, the upload."""

from __future__ import annotations

from html import escape
from typing import Any

import panel_material_ui as pmui

from dashboards.app import look
from dashboards.app.desk import Desk
from dashboards.app.levers import LEVERS, Lever
from dashboards.app.uploads import MOST_BYTES

FILL: dict[str, Any] = {"sizing_mode": "stretch_width"}
INSET, DEEPER = (4, 14), (4, 22)
REFUSED_UNREAD = 20 * MOST_BYTES
"""From here a browser keeps a file to itself and shows a sign; below, the page says in words what is too large."""
PICKERS = ("scenario", "reference", "policy", "where")


def sidebar(desk: Desk) -> list[Any]:
    """Return what stands in the sidebar, from top to bottom."""
    pickers = {name: _picker(desk, name) for name in PICKERS}
    sliders = {lever.name: _slider(desk, lever) for lever in LEVERS}

    lambdas = _lambdas(desk)

    def offer(*_: Any) -> None:
        policies = list(dict.fromkeys([*desk.policy_choices(), *desk.misfits]))
        known = {"scenario": desk.scenario_choices(), "where": desk.where_choices()}
        for name, picker in pickers.items():
            value, options = getattr(desk, name), known.get(name, policies)
            options = options if value in options else [*options, value]
            picker.param.update(options={desk.policy_title(one): one for one in options}, value=value)
        for name in ("reference", "policy"):
            pickers[name].disabled_options = list(desk.misfits)
        shown = {lever.name for lever in desk.levers()}
        for name, slider in sliders.items():
            slider.visible = name in shown
        pickers["where"].visible = bool(shown & {"beds", "staff"})
        found = desk.lambdas()
        lambdas.visible = len(found) > 1
        if lambdas.visible:
            own = next(lam for lam, policy in found.items() if policy == desk.policy)
            lambdas.param.update(options=list(found), value=own)

    desk.param.watch(offer, list(PICKERS))
    offer()
    runs = pmui.IntSlider.from_param(
        desk.param.runs,
        description="",
        start=5,
        end=50,
        step=5,
        margin=DEEPER,
        size="small",
        **FILL,
    )
    return [
        _title("What is compared"),
        *(pickers[name] for name in ("scenario", "reference", "policy")),
        lambdas,
        _title("What the option changes"),
        *(sliders[name] for name in ("demand", "surge")),
        pickers["where"],
        *(sliders[name] for name in ("beds", "staff", "vaccine", "weight")),
        _title("How often"),
        runs,
        *_actions(desk),
        *_upload(desk),
        _meanings(desk),
    ]


def _title(text: str) -> Any:
    return look.html(f"<h2 class='side'>{text}</h2>", margin=(12, 14, 2, 14))


def _meanings(desk: Desk) -> Any:
    """Return what the fields mean; signs that tell it to a mouse only would leave others out."""
    meant = [(desk.param[name].label, desk.param[name].doc) for name in (*PICKERS, "runs")]
    meant += [(f"{lever.label}, {lever.unit}", lever.help) for lever in LEVERS]
    rows = "".join(f"<div><dt>{escape(name)}</dt><dd>{escape(meaning)}</dd></div>" for name, meaning in meant)
    return look.html(
        f"<details><summary>What these fields mean</summary><dl class='glossary'>{rows}</dl></details>",
        margin=(8, 14, 24, 14),
    )


def _picker(desk: Desk, name: str) -> Any:
    described = desk.param[name]
    made = pmui.Select(label=described.label, size="small", margin=INSET, **FILL)

    def picked(event: Any) -> None:
        setattr(desk, name, event.new)

    made.param.watch(picked, "value")
    return made


def _slider(desk: Desk, lever: Lever) -> Any:
    whole = float(lever.step).is_integer()
    number = int if whole else float
    made = (pmui.IntSlider if whole else pmui.FloatSlider)(
        label=f"{lever.label}, {lever.unit}", start=number(lever.low), end=number(lever.high),
        step=number(lever.step), value=number(getattr(desk, lever.name)), margin=DEEPER, size="small", **FILL,
    )  # fmt: skip

    def moved(event: Any) -> None:
        setattr(desk, lever.name, event.new)

    def follow(event: Any) -> None:
        made.value = number(event.new)

    made.param.watch(moved, "value_throttled")
    desk.param.watch(follow, lever.name)
    return made


def _lambdas(desk: Desk) -> Any:
    """A slider among learned policies that differ by lambda only; each stop is one that was trained."""
    made = pmui.DiscreteSlider(
        label="Lambda: weight of the worst-off",
        options=[0.0],
        margin=DEEPER,
        size="small",
        visible=False,
        **FILL,
    )

    def moved(event: Any) -> None:
        desk.policy = desk.lambdas().get(event.new, desk.policy)

    made.param.watch(moved, "value_throttled")
    return made


def _actions(desk: Desk) -> list[Any]:
    """Buttons that can be pressed at all times: one whose change a busy browser has missed would be dead for good."""
    run = pmui.Button(
        label="Run", icon="play_arrow", color="primary", variant="contained", on_click=desk.run,
        margin=(10, 14, 4, 14), **FILL,
    )  # fmt: skip
    bar = look.progress("Running", desk.param.running, desk.param.progress)
    stop = pmui.Button(
        label="Stop", icon="stop", variant="outlined", on_click=desk.cancel, margin=INSET, **FILL,
    )  # fmt: skip
    return [run, bar, stop]


def _upload(desk: Desk) -> list[Any]:
    made = pmui.FileInput(
        label="Upload a scenario (YAML)", accept=".yaml,.yml", max_file_size=REFUSED_UNREAD,
        margin=(14, 14), **FILL,
    )  # fmt: skip

    def uploaded(event: Any) -> None:
        if event.new:
            desk.upload(str(made.filename or "upload.yaml"), event.new)

    made.param.watch(uploaded, "value")
    limit = f"At most {MOST_BYTES // 1000} kB. It is read as data and never run."
    return [made, look.html(f"<p class='note'>{limit}</p>", margin=(0, 14))]
