"""llama.cpp writes under the grammar, repeatably, in a process whose end is an error message."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import binom, norm

from agents.profiles.census import draw_demographics, read_census
from agents.profiles.compact import picture_text
from agents.profiles.files import csv_text
from agents.profiles.record import Demographics
from agents.writing.forms import Form, json_form, line_form
from agents.writing.generation import generate
from agents.writing.grammar import json_grammar, line_grammar
from agents.writing.line import line_of
from agents.writing.llama_worker import Request, Sampler, Setup
from agents.writing.llama_writer import EMBEDDED, LlamaWriter, embedded_writer, gguf_writer
from agents.writing.writer import Rejected
from scenarios.errors import RunError
from sim.streams import uniforms
from tests.agents.writing.installed import require
from tests.agents.writing.pictures import calibrated_profiles
from tests.agents.writing.random_model import write_random_model

pytestmark = [pytest.mark.llm]
ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(autouse=True)
def llama_is_installed():
    require("llama_cpp", "gguf")


def setup(grammar: str, model: Path = EMBEDDED) -> Setup:
    return Setup(str(model), grammar, None, 2048, 1, True)


def with_grammar(grammar: str, model: Path = EMBEDDED) -> LlamaWriter:
    line = line_form()
    return LlamaWriter(model, Form("t", line.header, line.read, grammar, None, None, 300), "a test")


def accepted(sampler: Sampler, text: str) -> bool:
    """Whether the grammar lets this text be written, token by token, and then the end."""
    llama = sampler._llama
    grammar = llama.llama_sampler_clone(sampler._grammar)
    try:
        for token in sampler._tokens(text, begin=False):
            if not sampler._fits(grammar, token):
                return False
            llama.llama_sampler_accept(grammar, token)
        return sampler._fits(grammar, llama.llama_vocab_eos(sampler._vocab))
    finally:
        llama.llama_sampler_free(grammar)


@pytest.mark.parametrize(("grammar", "spelled"), [(line_grammar(), line_of), (json_grammar(), picture_text)])
def test_the_grammar_takes_what_the_record_takes_and_no_more(grammar, spelled, seed):
    sampler = Sampler(setup(grammar))
    texts = [spelled(profile.picture) for profile in calibrated_profiles(150, seed)]

    assert [text for text in texts if not accepted(sampler, text)] == []
    for text in texts[:20]:
        changed = text.replace("with others", "no one").replace("alone", "aloof").replace("home", "house")
        for other in (text + "\n", text[:40], "x" + text, changed):
            assert not accepted(sampler, other)


def test_the_same_patient_and_seed_give_the_same_text_whatever_came_before():
    requests = [
        Request(f"{age};female;white;1;urban;;english\n", 5, ("a", str(age)), 300) for age in (3, 40, 88)
    ]
    sampler = Sampler(setup(line_grammar()))

    once = [sampler.write(request)["text"] for request in requests]
    again = [sampler.write(request)["text"] for request in reversed(requests)]

    assert again == once[::-1]
    assert len(set(once)) == 3


@pytest.mark.stats
def test_a_token_under_the_grammar_has_the_probability_that_the_model_gives_it_among_those_allowed(seed):
    """Drawn freely, tested alone, drawn again from the rest only if refused: the conditional distribution."""
    sampler = Sampler(setup('root ::= ("former" | "heavy" | "current" | "x")'))
    sampler._decode(
        [*sampler._prefix, *sampler._tokens("60;male;white;5;urban;none;english\n", begin=False)], 0
    )
    scores = np.ctypeslib.as_array(
        sampler._llama.llama_get_logits_ith(sampler._context, -1), (sampler._size,)
    ).astype(float)
    allowed = [token for token in range(sampler._size) if sampler._fits(sampler._grammar, token)]
    model = np.exp(scores - scores.max())
    share = model[allowed] / model[allowed].sum()
    n = 4000
    chances = uniforms(seed, 0, ("draws",), 2 * n).reshape(n, 2)

    drawn = [sampler._choose(sampler._grammar, first, second) for first, second in chances]

    counts = np.array([drawn.count(token) for token in allowed])
    assert 0.001 < model[allowed].sum() / model.sum() < 0.999  # both ways of drawing are taken
    assert set(drawn) <= set(allowed)
    assert len(allowed) > 4
    tails = np.minimum(binom.cdf(counts, n, share), binom.sf(counts - 1, n, share))  # exact: some are rare
    assert (tails > norm.sf(4.5)).all()


def test_a_text_that_will_not_end_is_cut_and_said():
    written = Sampler(setup(line_grammar())).write(Request("40;female;;;;;\n", 5, ("a",), 10))

    assert written["end"] == "length"
    assert written["tokens"] == 10


@pytest.mark.parametrize(
    "grammar",
    ['root ::= "unterminated', "root ::= missing", 'root ::= root "a" | "b"', "nonsense", 'start ::= "a"'],
)
def test_a_grammar_that_llama_cannot_read_is_an_error(grammar):
    with pytest.raises(RunError, match="cannot read the grammar") as failed, with_grammar(grammar):
        pass

    assert str(EMBEDDED) in str(failed.value)


def test_a_grammar_that_crashes_llama_is_an_error():
    with (
        pytest.raises(RunError, match="was ended by SIG"),
        with_grammar(f"root ::= {'(' * 10**6}"),
    ):
        pass


def test_what_is_written_under_another_grammar_is_rejected():
    with (
        with_grammar('root ::= "a"{1,1000000}') as writer,
        pytest.raises(Rejected, match="expected 25 cells"),
    ):
        writer.write(Demographics(profile_id="p1", age=50, sex="female"), 1, 0)


@pytest.mark.parametrize("share", [0.0005, 0.005, 0.1, 0.6, 0.999])
def test_a_truncated_model_is_an_error(tmp_path, share):
    model = tmp_path / "cut.gguf"
    whole = EMBEDDED.read_bytes()
    model.write_bytes(whole[: int(len(whole) * share)])

    with (
        pytest.raises(
            RunError, match=r"cut\.gguf: (llama\.cpp cannot load the model|the process of llama\.cpp)"
        ),
        gguf_writer(model, 1),
    ):
        pass


def test_a_model_full_of_noise_is_an_error(tmp_path):
    model = tmp_path / "noise.gguf"
    model.write_bytes(EMBEDDED.read_bytes()[:8] + bytes(range(256)) * 400)

    with pytest.raises(RunError, match=r"noise\.gguf"), gguf_writer(model, 1):
        pass


def test_a_process_that_is_killed_leaves_a_message_and_what_was_finished(tmp_path):
    people = draw_demographics(read_census(), 30, 1)
    done: list[int] = []

    with embedded_writer() as writer:

        def tell(finished: int, wanted: int, newest: None) -> None:
            done.append(finished)
            if finished == 10:
                os.kill(writer._process._process.pid, signal.SIGKILL)

        with pytest.raises(RunError, match="was ended by SIGKILL") as failed:
            generate(people, 1, writer, None, tell)

    assert done == list(range(1, 11))
    assert "What was written before is kept" in str(failed.value)


def test_a_general_model_is_asked_by_chat_and_answers_in_json(tmp_path):
    """Random weights: what comes is noise, and yet every bit of it is either a valid picture or rejected."""
    require("torch")
    writer = gguf_writer(write_random_model(tmp_path / "general.gguf"), 1)
    assert writer.identity["form"] == json_form().version
    people = [Demographics(profile_id=f"p{k}", age=40 + k, sex="male") for k in range(3)]

    def outcomes() -> list[str]:
        found = []
        with writer:
            for who in people:
                try:
                    found.append(picture_text(writer.write(who, 1, 0)))
                except Rejected as rejected:
                    found.append(rejected.reason)
        return found

    first = outcomes()
    assert outcomes() == first
    known = (
        "{",
        "complaints: expected each word once",
        "not readable: broken letters",
        "longer than it may be",
    )
    assert [text for text in first if not text.startswith(known)] == []


def command(out: Path, cache: Path, n: int = 90) -> list[str]:
    return [sys.executable, "-m", "fairward.cli", "profiles", "generate", "-n", str(n), "--seed", "4",
            "--backend", "embedded", "--cache", str(cache), "-o", str(out)]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_killed_midway_and_resumed_gives_the_same_file(tmp_path, how):
    whole, resumed = tmp_path / "whole.csv", tmp_path / "resumed.csv"
    subprocess.run(command(whole, tmp_path / "cache-of-whole"), cwd=ROOT, check=True, capture_output=True)
    broken = tmp_path / "cache"

    running = subprocess.Popen(
        command(resumed, broken), cwd=ROOT, stderr=subprocess.PIPE, stdout=subprocess.PIPE
    )
    until = time.monotonic() + 60
    while not list(broken.glob("*/part-*")) and time.monotonic() < until:
        time.sleep(0.02)
    running.send_signal(how)
    _, said = running.communicate()

    assert running.returncode == (-9 if how == signal.SIGKILL else 130), said
    assert not resumed.exists()
    if how == signal.SIGINT:
        assert b"of 90 profiles are kept: the same command goes on from there" in said
    done = subprocess.run(command(resumed, broken), cwd=ROOT, check=True, capture_output=True, text=True)
    assert "Taken from an earlier run of this job" in done.stdout
    assert resumed.read_bytes() == whole.read_bytes()
    origins = [path.with_name(path.name + ".origin.json").read_bytes() for path in (whole, resumed)]
    assert origins[0] == origins[1]


def test_same_seed_same_profiles_other_seed_others():
    people = draw_demographics(read_census(), 20, 1)

    def written(seed: int) -> str:
        with embedded_writer() as writer:
            return csv_text(generate(people, seed, writer, None).profiles)

    assert written(1) == written(1) != written(2)
