"""A model of somebody else's: random weights, a long context, the shipped tokenizer."""

from pathlib import Path

import pytest

from agents.writing.llama_writer import EMBEDDED


def write_random_model(path: Path) -> Path:
    from agents.embedded import gguf_file
    from agents.embedded.architecture import Shape, initial_weights

    _, _, tokenizer = gguf_file.read_gguf(EMBEDDED)
    shape = Shape(len(tokenizer.vocabulary), width=32, layers=1, heads=2, feed_forward=32, context=8192)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gguf_file, "NAME", "somebody-elses")
        gguf_file.write_gguf(path, initial_weights(shape, 1), shape, tokenizer, {})
    return path
