"""The endpoint back end against a real OpenAI-compatible server: llama.cpp's, in xllamacpp, with the shipped model."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from typer.testing import CliRunner

from agents.profiles.record import Demographics
from agents.writing.endpoint_writer import EndpointWriter
from agents.writing.forms import json_form
from agents.writing.llama_writer import EMBEDDED
from agents.writing.writer import Rejected
from fairward.cli import app
from scenarios.errors import RunError
from tests.agents.writing.installed import require
from tests.agents.writing.random_model import write_random_model

pytestmark = pytest.mark.llm


@contextmanager
def served(model: Path, context: int) -> Iterator[str]:
    require("xllamacpp")
    script = Path(__file__).with_name("serve_gguf.py")
    with subprocess.Popen(
        [sys.executable, str(script), str(model), str(context)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        env=os.environ | {"OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "passive"},
    ) as process:  # fmt: skip
        assert process.stdout is not None
        assert process.stdin is not None
        try:
            yield process.stdout.readline().strip() + "/v1"
        finally:
            process.stdin.close()
            process.wait(10)


def test_the_command_writes_patients_through_a_real_server(tmp_path):
    out = tmp_path / "patients.csv"

    with served(EMBEDDED, 512) as server:
        done = CliRunner().invoke(
            app,
            ["profiles", "generate", "-n", "40", "--backend", f"openai:{server}", "--form", "line", "-o", str(out),
             "--cache", str(tmp_path / "cache"), "--json", "-q"],
        )  # fmt: skip

    assert done.exit_code == 0, done.stderr
    answer = json.loads(done.stdout)
    assert answer["profiles"] == 40
    assert sum(answer["rejected"].values()) < 20
    assert answer["repeatable"] is False
    assert server in answer["written_by"]
    assert len(out.read_text().splitlines()) == 41


def test_a_prompt_that_is_too_long_for_the_server_is_said_in_its_words():
    with served(EMBEDDED, 512) as server, pytest.raises(RunError, match="exceeds the available context size"):
        EndpointWriter(server, json_form()).write(Demographics(profile_id="p1", age=50, sex="female"), 1, 0)


def test_a_server_keeps_to_the_schema_it_is_sent(tmp_path):
    """Random weights: what comes is noise, but in the schema's form."""
    require("torch", "gguf")
    outcomes = []
    with served(write_random_model(tmp_path / "general.gguf"), 8192) as server:
        writer = EndpointWriter(server, json_form())
        for age in (3, 40, 88):
            try:
                outcomes.append(writer.write(Demographics(profile_id=f"p{age}", age=age, sex="female"), 1, 0))
            except Rejected as rejected:
                outcomes.append(rejected.reason)

    known = ("vitals", "labs", "complaints: ", "diagnoses: ", "allergies: ", "family_history: ", "imaging: ",
             "medications: ", "vignette: ", "longer than it may be", "not readable: broken letters",
             "not readable by its own server")  # fmt: skip
    assert [one for one in outcomes if isinstance(one, str) and not one.startswith(known)] == []
