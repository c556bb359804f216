"""The shipped model: what its card says, llama.cpp and torch agree on it, and it has learnt the corpus."""

import re
from hashlib import sha256

import numpy as np
import pytest

from agents.embedded.corpus import corpus
from agents.profiles.census import draw_demographics, read_census
from agents.profiles.record import Profile
from agents.writing.calibrated_writer import CalibratedWriter
from agents.writing.generation import Generated, generate
from agents.writing.llama_writer import EMBEDDED, embedded_writer
from agents.writing.writer import Writer
from tests.agents.writing.installed import require

CARD = EMBEDDED.with_name("MODEL_CARD.md").read_text(encoding="utf-8")
N = 1500
NOT_LEARNT = {"Hypertension with Black ethnicity", "COPD with current smoking"}
"""As the card says."""
AGREEMENT = 1e-4
"""Of scores whose range is some 40: float32 in another order of summation."""


def test_the_card_names_this_very_file():
    assert sha256(EMBEDDED.read_bytes()).hexdigest() in CARD
    assert all(title in CARD for title in NOT_LEARNT)
    assert EMBEDDED.stat().st_size <= 4_000_000
    assert "a distilled sampler of its corpus, not a medical model" in CARD.lower()
    assert re.search(r"python -m agents\.embedded\.train --seed \d+ --steps \d+", CARD)


@pytest.mark.llm
def test_the_file_says_what_it_is_and_how_it_was_made():
    require("gguf")
    import gguf

    fields = {name: field.contents() for name, field in gguf.GGUFReader(str(EMBEDDED)).fields.items()
              if name.startswith("fairward.")}  # fmt: skip

    assert fields["fairward.label"] == "a distilled sampler of its corpus, not a medical model"
    assert fields["fairward.command"] in CARD


@pytest.mark.llm
def test_llama_cpp_gives_the_scores_of_the_torch_original_and_splits_text_alike():
    """On people never trained on. The weights are read from the file, which holds the original's bit for bit."""
    require("torch", "gguf", "llama_cpp")
    import torch
    from llama_cpp import Llama

    from agents.embedded.architecture import logits
    from agents.embedded.gguf_file import read_gguf
    from agents.embedded.tokens import BEGIN
    from agents.embedded.train import HELD_OUT_FIRST

    weights, shape, tokenizer = read_gguf(EMBEDDED)
    llama = Llama(str(EMBEDDED), n_ctx=512, n_batch=512, logits_all=True, n_threads=1, n_threads_batch=1, type_k=0,
                  type_v=0, flash_attn=False, verbose=False)  # fmt: skip
    texts = [prompt + page for prompt, page in corpus(1, HELD_OUT_FIRST + 5000, 200)]
    for text in texts:
        assert llama.tokenize(text.encode(), add_bos=False, special=False) == tokenizer.encode(text)
    for text in texts[:10]:
        tokens = [BEGIN, *tokenizer.encode(text)]
        llama.reset()
        llama.eval(tokens)
        scores = llama.scores[: len(tokens)]
        original = logits(weights, shape, torch.tensor([tokens]))[0].numpy()
        assert np.ptp(original) > 10
        assert np.abs(scores - original).max() < AGREEMENT
    llama.close()


def written(writer: Writer) -> Generated:
    with writer:
        return generate(PEOPLE, 7, writer, None)


PEOPLE = draw_demographics(read_census(), N, 7)


@pytest.mark.llm
@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_embedded_model_keeps_margins_and_has_learnt_the_planted_associations():
    """Beside the calibrated generator on the same people. Some verdicts need more people to tell."""
    require("llama_cpp")
    from agents.profiles.quality import examine

    census = read_census()
    made = written(embedded_writer())
    model = examine(made.profiles, census)
    generator = examine(written(CalibratedWriter(PEOPLE, 7)).profiles, census)

    assert len(made.profiles) / made.written > 0.93
    assert len(made.profiles) == N
    assert all(margin.exact for margin in model.margins)
    assert not any(rule.count for rule in model.broken)
    for quality in (model, generator):
        verdicts = [association.verdict for association in quality.associations]
        assert verdicts.count("recovered") >= 12
        off = {association.title for association in quality.associations if association.verdict == "off"}
        assert off <= NOT_LEARNT if quality is model else not off
    assert sum(names_its_complaint(profile) for profile in made.profiles) > 0.97 * N


def names_its_complaint(profile: Profile) -> bool:
    return profile.picture.complaints[0] in profile.picture.vignette
