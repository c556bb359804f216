"""The rooms are where they should be, and keep to what they may import."""

import ast
import importlib
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
ROOMS = ("scenarios", "sim", "agents", "policies", "dashboards", "fairward")
CORE = {
    "simpy", "mesa", "numpy", "pandas", "pyarrow", "pydantic", "yaml", "typer", "rich", "scipy",
    "statsmodels", "jinja2", "markupsafe", "matplotlib",
}  # fmt: skip
HEAVY = ["torch", "ray", "gymnasium", "pettingzoo", "shap", "lime", "sklearn", "llama_cpp", "panel", "bokeh"]
NOT_PACKAGES = {"tests", "docs", "benchmarks", "runs", "dist", "build", "node_modules"}


def modules(room: str) -> list[Path]:
    return sorted((ROOT / room).rglob("*.py"))


def top_level_imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name.partition(".")[0] for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module.partition(".")[0]


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_is_imported_from_this_checkout(room):
    assert Path(importlib.import_module(room).__file__).resolve() == ROOT / room / "__init__.py"


@pytest.mark.parametrize("room", ROOMS)
def test_every_folder_with_code_is_a_regular_package(room):
    folders = {path.parent for path in modules(room)}

    assert [str(folder) for folder in folders if not (folder / "__init__.py").is_file()] == []


@pytest.mark.parametrize("room", ROOMS)
def test_no_file_or_folder_takes_the_name_of_a_room_or_of_the_standard_library(room):
    taken = set(ROOMS) | sys.stdlib_module_names - {"__main__"}
    names = {path.stem: path for path in modules(room)}
    names |= {path.parent.name: path.parent for path in modules(room) if path.parent != ROOT / room}

    assert {name: str(path.relative_to(ROOT)) for name, path in names.items() if name in taken} == {}


def test_every_package_of_the_tree_is_shipped_and_nothing_else():
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    shipped = settings["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    present = {path.parent.name for path in ROOT.glob("*/__init__.py")} - NOT_PACKAGES

    assert sorted(shipped) == sorted(present) == sorted(ROOMS)


def test_the_doctor_knows_every_extra():
    from fairward.commands.doctor import EXTRAS

    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))

    assert set(EXTRAS) == set(settings["project"]["optional-dependencies"]) - {"test", "dev", "all"}


def test_the_scenario_language_needs_pydantic_yaml_and_the_standard_library_only():
    allowed = sys.stdlib_module_names | {"scenarios", "pydantic", "pydantic_core", "annotated_types", "yaml"}
    foreign = {
        str(path.relative_to(ROOT)): sorted(set(top_level_imports(path)) - allowed)
        for path in modules("scenarios")
    }

    assert {path: names for path, names in foreign.items() if names} == {}


def test_importing_the_dashboards_room_imports_nothing():
    assert list(top_level_imports(ROOT / "dashboards" / "__init__.py")) == []


def test_the_core_is_imported_whole_and_loads_no_extra():
    names = [
        ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for room in ("scenarios", "sim", "agents", "fairward")
        for path in modules(room)
        if path.stem not in {"__init__", "__main__"}
    ]
    script = "import importlib, sys\n"
    script += f"for name in {names}: importlib.import_module(name)\n"
    script += f"print(*sorted(set(sys.modules) & set({HEAVY})))"

    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == []


def test_the_report_needs_core_dependencies_only():
    allowed = sys.stdlib_module_names | set(ROOMS) | CORE
    foreign = {
        str(path.relative_to(ROOT)): sorted(set(top_level_imports(path)) - allowed)
        for path in modules("dashboards/report")
    }

    assert {path: names for path, names in foreign.items() if names} == {}


def test_no_file_is_named_after_nothing_in_particular():
    vague = {"utils", "helpers", "common", "misc", "manager"}

    assert [str(path) for room in ROOMS for path in modules(room) if path.stem in vague] == []
