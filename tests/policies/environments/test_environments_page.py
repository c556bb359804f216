"""What docs/environments.md shows runs, and the extra is named when it is missing."""

import re
import sys
from pathlib import Path

import pytest

from policies.environments.registry import ENVIRONMENTS, make
from scenarios.errors import MissingExtra
from scenarios.loader import load

PAGE = Path(__file__).resolve().parents[3] / "docs" / "environments.md"
SNIPPETS = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("code", SNIPPETS, ids=["network", "lockstep", "desk", "speed"])
def test_the_snippets_of_the_page_run(code, capsys):
    pytest.importorskip("gymnasium")
    pytest.importorskip("pettingzoo")

    few = code.replace("N, REGION = 400", "N, REGION = 2").replace("range(5)", "range(1)")
    exec(compile(few, str(PAGE), "exec"), {"__name__": "snippet"})

    assert capsys.readouterr().out


@pytest.mark.parametrize("name", [name for name in ENVIRONMENTS if "lockstep" not in name])
def test_without_the_extra_it_is_named(name, monkeypatch):
    monkeypatch.delitem(sys.modules, ENVIRONMENTS[name].partition(":")[0], raising=False)
    monkeypatch.setitem(sys.modules, "gymnasium", None)

    with pytest.raises(MissingExtra, match=f'{name} needs the extra "env"'):
        make(name)


def test_lockstep_needs_no_extra(monkeypatch):
    for name in ("gymnasium", "pettingzoo"):
        monkeypatch.setitem(sys.modules, name, None)

    lockstep = make(
        "hospital_network_lockstep_v0", scenario=load("rural", ["horizon=1 day", "warm_up=0 h"]), copies=2
    )

    assert lockstep.reset().observation.shape == (2, 3, len(lockstep.encoding.labels))
