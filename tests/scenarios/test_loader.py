import os
import pickle
import subprocess
import sys

import pytest
import yaml

from scenarios import library_index
from scenarios.errors import ScenarioError
from scenarios.loader import dump_yaml, library_names, load, load_text, resolve, scenario_hash
from scenarios.scenario import Scenario

NEITHER = "is neither a scenario of the library nor a file. See `fairward list`."


def told(name, overrides=()):
    with pytest.raises(ScenarioError) as caught:
        load(name, overrides)
    return str(caught.value).splitlines()[:-1]


@pytest.fixture
def files(tmp_path, monkeypatch, complete):
    """A folder to work in, with the complete scenario and a function that writes files beside it."""
    monkeypatch.chdir(tmp_path)

    def write(name, text):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    write("base.yaml", complete)
    return write


def test_what_is_dumped_loads_as_the_same_scenario(complete):
    scenario = load_text(complete)
    text = dump_yaml(scenario)

    assert load_text(text) == scenario
    assert dump_yaml(load_text(text)) == text
    assert scenario_hash(load_text(text)) == scenario_hash(scenario)


def test_a_dump_is_yaml_for_other_readers_too(complete):
    data = yaml.safe_load(dump_yaml(load_text(complete)))

    assert data["hospitals"]["north"]["beds"]["ward"]["cleaning"] == {"constant": {"value": "45 min"}}
    assert data["pathways"]["emergency"]["steps"]["triage"]["needs"] == {"nurse": "1/4"}


@pytest.mark.parametrize(
    "title", ["1e5", "0o17", "yes", "null", "~", "1:4", " a", "a: b", "# a", "é\n\t\"'", "", "<<", "- a"]
)
def test_every_text_survives_the_dump(title, complete):
    scenario = load_text(complete).model_copy(update={"title": title})

    assert load_text(dump_yaml(scenario)).title == title


def test_the_hash_is_the_same_in_another_process_whatever_its_hash_seed(complete, files):
    code = "from scenarios.loader import *; print(scenario_hash(load('base.yaml')))"
    environment = {**os.environ, "PYTHONHASHSEED": "7"}
    there = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )

    assert there.stdout.strip() == scenario_hash(load_text(complete))


def test_a_scenario_comes_back_whole_from_another_process(complete, files, tmp_path):
    scenario = load_text(complete)
    (tmp_path / "scenario.pickle").write_bytes(pickle.dumps(scenario))
    code = (
        "import pickle; s = pickle.load(open('scenario.pickle', 'rb'));"
        "from scenarios.loader import scenario_hash; print(scenario_hash(s))"
    )
    there = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert pickle.loads(pickle.dumps(scenario)) == scenario
    assert there.stdout.strip() == scenario_hash(scenario)


def test_the_hash_knows_the_order_of_steps(complete):
    steps, triage = "      rest:\n        duration: 1 h\n", "      triage:\n        needs"
    moved = complete.replace(steps, "").replace(triage, steps + triage)
    first, second = load_text(complete), load_text(moved)

    assert list(first.pathways["emergency"].steps) != list(second.pathways["emergency"].steps)
    assert scenario_hash(first) != scenario_hash(second)


def test_an_extended_scenario_says_only_what_is_different(files):
    files("more/winter.yaml", "extends: ../base.yaml\nname: winter\nhospitals: {north: {beds: {icu: 6}}}")
    winter, base = load("more/winter.yaml"), load("base.yaml")

    assert winter.hospitals["north"].beds["icu"].count == 6
    assert winter.hospitals["north"].beds["ward"] == base.hospitals["north"].beds["ward"]
    assert winter.name == "winter"


def test_null_deletes_what_is_inherited(files):
    files(
        "winter.yaml",
        "extends: base.yaml\nhospitals: {north: {beds: {ward: {flex: null}}}}\narrivals: {list: null}",
    )
    winter = load("winter.yaml")

    assert winter.hospitals["north"].beds["ward"].flex is None
    assert "list" not in winter.arrivals


def test_a_bare_count_leaves_the_rest_of_a_unit_as_it_was(files):
    files("winter.yaml", "extends: base.yaml\nhospitals: {north: {beds: {ward: 30, icu: {cleaning: 1 h}}}}")
    beds = load("winter.yaml").hospitals["north"].beds

    assert (beds["ward"].count, beds["ward"].flex.count) == (30, 4)
    assert (beds["icu"].count, beds["icu"].cleaning.kind) == (4, "constant")


def test_another_distribution_or_rule_takes_the_place_of_the_inherited_one(files):
    files(
        "winter.yaml",
        "extends: base.yaml\nqueue_rule: {acuity: {}}\narrivals: {letters: {renewal: {gap: {constant: 2 h}}}}",
    )
    winter = load("winter.yaml")

    assert winter.queue_rule.name == "acuity"
    assert winter.arrivals["letters"].renewal.gap.kind == "constant"


def test_a_problem_is_told_in_the_file_that_wrote_it(files, complete):
    files("base.yaml", complete.replace("sickness: 5 %", "sickness: 500 %"))
    files("winter.yaml", "extends: base.yaml\nwarm_up: never\n")

    assert [line.split(" ")[0] for line in told("winter.yaml")] == ["base.yaml:86:9", "winter.yaml:2:1"]


def test_a_circle_of_extends_is_shown(files):
    for name, base in (("a", "b"), ("b", "c"), ("c", "b")):
        files(f"{name}.yaml", f"extends: {base}.yaml")

    assert told("a.yaml") == [
        "c.yaml:1:1 extends: these files extend each other in a circle: "
        "a.yaml -> b.yaml -> c.yaml -> b.yaml. Break the circle."
    ]


def test_a_chain_of_extends_ends_somewhere(files):
    for n in range(20):
        files(f"{n}.yaml", f"extends: {n + 1}.yaml")

    assert told("0.yaml") == [
        "9.yaml:1:1 extends: expected at most 10 files that extend each other, got more."
    ]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("nowhere.yaml", "nowhere.yaml: cannot read this file: no such file or directory."),
        ("nowhere", f'a.yaml:1:1 extends: "nowhere" {NEITHER}'),
        ("[a]", 'a.yaml:1:1 extends: expected a name or a file such as "surge" or "./base.yaml", got a list.'),
        ('"\\0"', f'a.yaml:1:1 extends: "\0" {NEITHER}'),
    ],
)  # fmt: skip
def test_what_cannot_be_extended_is_told(value, expected, files):
    files("a.yaml", f"extends: {value}")

    assert told("a.yaml") == [expected]


def test_a_scenario_of_the_library_is_found_by_name(files, complete, monkeypatch, tmp_path):
    files("library/urban.yaml", complete)
    files("library/validation/erlang.yaml", "extends: urban\nname: erlang")
    monkeypatch.setattr(library_index, "LIBRARY", tmp_path / "library")

    assert library_names() == ("urban", "validation/erlang")
    assert load("validation/erlang").name == "erlang"
    assert resolve("validation/erlang").files == (
        tmp_path / "library/validation/erlang.yaml",
        tmp_path / "library/urban.yaml",
    )
    assert told("urbam") == [
        'scenario: "urbam" is neither a scenario of the library nor a file. Did you mean "urban"?'
    ]


def test_the_raw_mapping_is_what_was_written(files):
    files("winter.yaml", "extends: base.yaml\nname: winter")
    raw = resolve("winter.yaml", ["hospitals.north.beds.icu=9"]).raw

    assert raw["name"] == "winter"
    assert raw["hospitals"]["north"]["beds"]["icu"] == 9
    assert "extends" not in raw
    assert "on_deadlock" not in raw


@pytest.mark.parametrize("name", library_names())
def test_a_shipped_scenario_loads_and_survives_its_dump(name):
    scenario = load(name)

    assert isinstance(scenario, Scenario)
    assert load_text(dump_yaml(scenario)) == scenario
