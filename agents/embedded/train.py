"""Train the embedded model from scratch and write it as GGUF: `python -m agents.embedded.train`.

The corpus is never repeated: each batch holds new people. One thread, so that the same command gives
the same file on the same build of torch and family of CPU.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import file_digest
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from agents.embedded.architecture import Shape, Weights, final_states, initial_weights
from agents.embedded.corpus import corpus
from agents.embedded.gguf_file import read_gguf, write_gguf
from agents.embedded.tokens import BEGIN, END, PADDING, Tokenizer, train_tokenizer
from scenarios.errors import MissingExtra

HERE = Path(__file__).resolve().parent
VOCABULARY = 768
TOKENIZER_PEOPLE = 20_000
"""Of the corpus, for the vocabulary."""
BATCH = 32
"""People a step."""
WINDOW = 16
"""Batches whose people are sorted by length, so that little is padded."""
HELD_OUT = 512
"""People who are never trained on, from the end of the corpus' numbering."""
HELD_OUT_FIRST = 2**40
MATRIX_RATE, OTHER_RATE = 0.02, 0.01
"""Learning rates of Muon (hidden matrices) and AdamW (embedding and norms)."""
WARM_UP_STEPS = 50
UNSCORED = -1


@dataclass(frozen=True, slots=True)
class Batch:
    """Tokens and what follows each, (people, time); `UNSCORED` where the model is not asked."""

    tokens: Any
    following: Any


def train(seed: int, steps: int, shape_of: Any = Shape) -> tuple[Weights, Shape, Tokenizer, float]:
    """Return the trained weights and the loss on people held out, in nats a token."""
    import torch

    torch.manual_seed(seed)
    torch.set_num_threads(1)
    tokenizer = train_tokenizer((p + page for p, page in corpus(seed, 0, TOKENIZER_PEOPLE)), VOCABULARY)
    shape = shape_of(vocabulary=len(tokenizer.vocabulary))
    weights = {name: value.requires_grad_() for name, value in initial_weights(shape, seed).items()}
    matrices = [value for name, value in weights.items() if name.startswith("blk.") and value.dim() == 2]
    others = [value for name, value in weights.items() if not (name.startswith("blk.") and value.dim() == 2)]
    optimizers = [
        torch.optim.Muon(matrices, lr=MATRIX_RATE, weight_decay=0.01),
        torch.optim.AdamW(others, lr=OTHER_RATE, betas=(0.9, 0.95), weight_decay=0.0),
    ]
    rates = (MATRIX_RATE, OTHER_RATE)
    began, cpu = time.monotonic(), time.process_time()
    for step, batch in zip(range(steps), batches(tokenizer, seed), strict=False):
        for optimizer, rate in zip(optimizers, rates, strict=True):
            optimizer.param_groups[0]["lr"] = rate * schedule(step, steps)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            loss = mean_loss(weights, shape, batch)
        loss.backward()
        for optimizer in optimizers:
            optimizer.step()
            optimizer.zero_grad()
        if (step + 1) % 100 == 0 or step + 1 == steps:
            print(
                f"step {step + 1} of {steps}: loss {loss.item():.4f}, {time.process_time() - cpu:.0f} CPU-s, "
                f"{time.monotonic() - began:.0f} s",
                flush=True,
            )
    with torch.no_grad():
        held_out = mean_loss(weights, shape, padded(tokenizer, corpus(seed, HELD_OUT_FIRST, HELD_OUT))).item()
    return {name: value.detach() for name, value in weights.items()}, shape, tokenizer, held_out


def batches(tokenizer: Tokenizer, seed: int) -> Iterator[Batch]:
    """Yield batches of people not seen before, without end."""
    rng = np.random.Generator(np.random.Philox(key=seed))
    first = TOKENIZER_PEOPLE
    while True:
        people = sorted(corpus(seed, first, BATCH * WINDOW), key=lambda pair: len(pair[1]))
        for place in rng.permutation(WINDOW):
            yield padded(tokenizer, people[place * BATCH : (place + 1) * BATCH])
        first += BATCH * WINDOW


def padded(tokenizer: Tokenizer, people: list[tuple[str, str]]) -> Batch:
    """Return people as one batch; only what the model shall write is scored, and the end."""
    import torch

    texts = [(tokenizer.encode(prompt), tokenizer.encode(page)) for prompt, page in people]
    longest = max(len(prompt) + len(page) for prompt, page in texts) + 1
    tokens = torch.full((len(texts), longest), PADDING)
    following = torch.full((len(texts), longest), UNSCORED)
    for row, (prompt, page) in enumerate(texts):
        whole = [BEGIN, *prompt, *page, END]
        tokens[row, : len(whole) - 1] = torch.tensor(whole[:-1])
        following[row, len(prompt) : len(whole) - 1] = torch.tensor([*page, END])
    return Batch(tokens, following)


def mean_loss(weights: Weights, shape: Shape, batch: Batch) -> Any:
    """Return the mean cross-entropy of the scored tokens."""
    from torch.nn.functional import cross_entropy

    scored = batch.following != UNSCORED
    states = final_states(weights, shape, batch.tokens)[scored]
    return cross_entropy(states @ weights["token_embd.weight"].T, batch.following[scored])


def schedule(step: int, steps: int) -> float:
    """Return the share of the learning rate: up in a line, level, and down in a line over the last 60 %."""
    left = (steps - step) / steps
    return min(1.0, (step + 1) / WARM_UP_STEPS, left / 0.6)


def compare(weights: Weights, shape: Shape, tokenizer: Tokenizer, path: Path, seed: int) -> dict[str, float]:
    """Return how far the file is from the weights: read back by torch, and run by llama.cpp on people held out.

    `read_back` is the largest difference of a weight, `logits` of a score, `tokens` the texts that llama.cpp
    splits otherwise.
    """
    import torch
    from llama_cpp import Llama

    from agents.embedded.architecture import logits

    again, _, _ = read_gguf(path)
    llama: Any = Llama(
        str(path), n_ctx=shape.context, n_batch=shape.context, logits_all=True, n_threads=1, n_threads_batch=1,
        type_k=0, type_v=0, flash_attn=False, verbose=False,
    )  # fmt: skip
    texts = [prompt + page for prompt, page in corpus(seed, HELD_OUT_FIRST, 64)]
    other_tokens = sum(
        llama.tokenize(text.encode(), add_bos=False, special=False) != tokenizer.encode(text)
        for text in texts
    )
    furthest = 0.0
    for text in texts[:16]:
        tokens = [BEGIN, *tokenizer.encode(text)]
        llama.reset()
        llama.eval(tokens)
        with torch.no_grad():
            expected = logits(weights, shape, torch.tensor([tokens]))[0].numpy()
        furthest = max(furthest, float(np.abs(llama.scores[: len(tokens)] - expected).max()))
    llama.close()
    return {
        "read_back": max(float((weights[name] - again[name]).abs().max()) for name in weights),
        "logits": furthest,
        "tokens": float(other_tokens),
    }


def main() -> None:
    """Train, write the file, compare it with the original, and print what the model card needs."""
    parser = argparse.ArgumentParser(prog="python -m agents.embedded.train", description=main.__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--steps", type=int, default=5000)
    parser.add_argument("--out", type=Path, default=HERE / "profiles.gguf")
    options = parser.parse_args()
    if find_spec("torch") is None:
        raise SystemExit(str(MissingExtra("torch", "training the embedded model")))
    import torch

    cpu = time.process_time()
    weights, shape, tokenizer, held_out = train(options.seed, options.steps)
    facts = {
        "label": "a distilled sampler of its corpus, not a medical model",
        "command": f"python -m agents.embedded.train --seed {options.seed} --steps {options.steps}",
        "people": str(options.steps * BATCH),
        "torch": torch.__version__,
    }
    write_gguf(options.out, weights, shape, tokenizer, facts)
    difference = compare(weights, shape, tokenizer, options.out, options.seed)
    with options.out.open("rb") as file:
        digest = file_digest(file, "sha256").hexdigest()
    parameters = sum(value.numel() for value in weights.values())
    print(f"{options.out}: {options.out.stat().st_size} bytes, {parameters} parameters, SHA-256 {digest}")
    print(f"people trained on: {facts['people']}, loss on {HELD_OUT} held out: {held_out:.4f} nats a token")
    print(f"largest difference from the original: {difference}")
    print(f"CPU seconds in all: {time.process_time() - cpu:.0f}, torch {torch.__version__}")
    if difference["read_back"] or difference["tokens"] or difference["logits"] > 1e-3:
        sys.exit("The file does not agree with the original.")


if __name__ == "__main__":
    main()
