"""`fairward profiles generate` without a language model, and what it says when something is missing."""

import json

import pandas as pd
import pytest
from typer.testing import CliRunner

from agents.profiles.census import draw_demographics, read_census
from agents.writing import llama_writer
from agents.writing.generation import ATTEMPTS
from agents.writing.llama_writer import EMBEDDED
from fairward.cli import app


@pytest.fixture(autouse=True)
def desk(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path


def generate(*arguments: str):
    return CliRunner(env={"NO_COLOR": "1"}).invoke(app, ["profiles", "generate", *arguments])


def test_the_calibrated_generator_writes_patients_without_any_extra(desk):
    done = generate("-n", "300", "--backend", "calibrated", "-o", "p.csv")

    assert done.exit_code == 0, done.stderr
    assert "300 of 300 profiles, seed 1" in done.stdout
    assert "the calibrated generator" in done.stdout
    assert "margins exact" in done.stdout
    assert "100.0% kept (95 % interval 98.7% to 100.0%)" in done.stdout
    assert "no row is a person" in done.stdout
    assert "300 of 300 profiles" in done.stderr
    rows = pd.read_csv("p.csv", keep_default_na=False)
    people = draw_demographics(read_census(), 300, 1)
    assert rows["age"].tolist() == people["age"].tolist()
    assert rows["ethnicity"].tolist() == people["ethnicity"].tolist()
    assert not (desk / "cache").exists()


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(desk):
    for name, seed in (("a.csv", "5"), ("b.csv", "5"), ("c.csv", "6")):
        assert (
            generate("-n", "50", "--backend", "calibrated", "--seed", seed, "-o", name, "-q").exit_code == 0
        )

    a, b, c = ((desk / name).read_bytes() for name in ("a.csv", "b.csv", "c.csv"))
    assert a == b != c
    origins = [(desk / f"{name}.csv.origin.json").read_bytes() for name in "ab"]
    assert origins[0] == origins[1]
    assert json.loads(origins[0])["job"]["seed"] == 5


def test_parquet_and_json(desk):
    done = generate("-n", "20", "--backend", "calibrated", "-o", "p.parquet", "--json", "-q")

    answer = json.loads(done.stdout)
    assert answer["schema"] == "fairward.profiles-generated/1"
    assert (answer["profiles"], answer["given_up"], answer["rejected"]) == (20, [], {})
    assert done.stderr == ""
    assert len(pd.read_parquet("p.parquet")) == 20


def test_without_the_extra_it_says_how_to_install_it_and_what_works_without(monkeypatch):
    monkeypatch.setattr(llama_writer, "find_spec", lambda name: None)

    for backend in ("embedded", f"gguf:{EMBEDDED}"):
        done = generate("-n", "5", "--backend", backend, "-o", "p.csv")

        assert done.exit_code == 2
        assert 'needs the extra "llm". Install it: pip install -e ".[llm]"' in done.stderr
        assert "`--backend calibrated` works" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--backend", "gpt"), "--backend gpt: expected one of calibrated, embedded, gguf:PATH, openai:URL"),
        (("--backend", "gguf:"), "expected one of"),
        (("--backend", "gguf:none.gguf"), "none.gguf: no such file. No model is ever downloaded"),
        (("--backend", "gguf:."), "cannot be read: Is a directory"),
        (("--backend", "gguf:text.gguf"), "not a GGUF file"),
        (("--backend", "gguf:empty.gguf"), "not a GGUF file"),
        (("--backend", "openai:localhost"), "not the address of an endpoint"),
        (("--backend", "calibrated", "-o", "p.xlsx"), "expected a name ending in .csv or .parquet"),
        (("--backend", "calibrated", "-o", "no/p.csv"), "there is no folder no"),
        (("--backend", "calibrated", "--census", "none.yaml"), "none.yaml"),
    ],
)
def test_wrong_use_is_said_before_anything_is_written(desk, arguments, said):
    (desk / "text.gguf").write_text("I am a text")
    (desk / "empty.gguf").write_text("")

    done = generate("-n", "5", "-o", "p.csv", *arguments)

    assert done.exit_code == 2
    assert said in done.stderr
    assert not (desk / "p.csv").exists()


def test_a_patient_who_could_not_be_written_is_named_and_the_exit_code_says_so(desk, monkeypatch):
    from agents.writing import generation

    real = generation.broken
    monkeypatch.setattr(
        generation, "broken", lambda p: ["test"] if p.demographics.profile_id == "p000003" else real(p)
    )

    done = generate("-n", "10", "--backend", "calibrated", "-o", "p.csv")

    assert done.exit_code == 1
    assert "9 of 10 profiles" in done.stdout
    assert f"Given up after {ATTEMPTS} attempts each, so not in the file: 1 (p000003)" in done.stdout
    assert "not exact" in done.stdout
    assert "margins exact" not in done.stdout
    assert f"{ATTEMPTS}  implausible: test" in done.stdout
    assert len(pd.read_csv("p.csv")) == 9
