"""The llama architecture as one function of its weights, in torch.

The weights are a plain mapping under the names that GGUF gives them, so that writing the file is
copying. Rotary embedding turns neighbouring pairs, as llama.cpp's kind NORM does: nothing is permuted.
Sources: Touvron et al. (2023), LLaMA; Su et al. (2021), RoFormer; Shazeer (2020), SwiGLU.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

Weights = dict[str, Any]
"""GGUF names to float32 tensors; matrices are (out, in)."""


@dataclass(frozen=True, slots=True)
class Shape:
    """The sizes of a model. The output layer is the embedding (tied)."""

    vocabulary: int
    width: int = 128
    layers: int = 4
    heads: int = 4
    feed_forward: int = 384
    context: int = 512
    """The longest text, in tokens."""
    rope_base: float = 10_000.0
    epsilon: float = 2.0**-17
    """Near the usual 1e-5, and exact in the float32 of the file."""

    @property
    def head_width(self) -> int:
        """Of one head; even."""
        return self.width // self.heads


def initial_weights(shape: Shape, seed: int) -> Weights:
    """Return weights to start from: normal with standard deviation 0.02, less for what adds to the residual.

    Source: Radford et al. (2019), GPT-2, section 2.3.
    """
    import torch

    draw = torch.Generator().manual_seed(seed)

    def matrix(rows: int, columns: int, scale: float = 1.0) -> Any:
        return torch.randn(rows, columns, generator=draw) * (0.02 * scale)

    w, f = shape.width, shape.feed_forward
    adding = 1 / math.sqrt(2 * shape.layers)
    weights = {"token_embd.weight": matrix(shape.vocabulary, w)}
    for layer in range(shape.layers):
        weights |= {
            f"blk.{layer}.{name}.weight": value
            for name, value in {
                "attn_norm": torch.ones(w), "attn_q": matrix(w, w), "attn_k": matrix(w, w), "attn_v": matrix(w, w),
                "attn_output": matrix(w, w, adding), "ffn_norm": torch.ones(w), "ffn_gate": matrix(f, w),
                "ffn_up": matrix(f, w), "ffn_down": matrix(w, f, adding),
            }.items()
        }  # fmt: skip
    return weights | {"output_norm.weight": torch.ones(w)}


def logits(weights: Weights, shape: Shape, tokens: Any) -> Any:
    """Return the scores of each next token, (batch, time, vocabulary), for `tokens` (batch, time)."""
    return final_states(weights, shape, tokens) @ weights["token_embd.weight"].T


def final_states(weights: Weights, shape: Shape, tokens: Any) -> Any:
    """Return the states that the output layer reads, (batch, time, width)."""
    import torch

    length = tokens.shape[1]
    turn = _rotation(shape, length)
    future = torch.ones(length, length, dtype=torch.bool).triu(1)
    state = weights["token_embd.weight"][tokens]
    for layer in range(shape.layers):
        block = {
            name: weights[f"blk.{layer}.{name}.weight"]
            for name in ("attn_norm", "attn_q", "attn_k", "attn_v", "attn_output", "ffn_norm", "ffn_gate", "ffn_up",
                         "ffn_down")
        }  # fmt: skip
        state = state + _attention(block, shape, _norm(state, block["attn_norm"], shape), turn, future)
        state = state + _feed_forward(block, _norm(state, block["ffn_norm"], shape))
    return _norm(state, weights["output_norm.weight"], shape)


def _norm(state: Any, weight: Any, shape: Shape) -> Any:
    from torch.nn.functional import rms_norm

    return rms_norm(state, (shape.width,), weight, shape.epsilon)


def _attention(block: Weights, shape: Shape, state: Any, turn: tuple[Any, Any], future: Any) -> Any:
    batch, length, _ = state.shape

    def heads(name: str) -> Any:  # (batch, head, time, head width)
        return (state @ block[name].T).view(batch, length, shape.heads, shape.head_width).transpose(1, 2)

    query, key, value = _rotate(heads("attn_q"), turn), _rotate(heads("attn_k"), turn), heads("attn_v")
    score = query @ key.transpose(-1, -2) * shape.head_width**-0.5
    mixed = score.masked_fill(future, float("-inf")).softmax(-1) @ value
    return mixed.transpose(1, 2).reshape(batch, length, shape.width) @ block["attn_output"].T


def _feed_forward(block: Weights, state: Any) -> Any:
    from torch.nn.functional import silu

    return (silu(state @ block["ffn_gate"].T) * (state @ block["ffn_up"].T)) @ block["ffn_down"].T


def _rotation(shape: Shape, length: int) -> tuple[Any, Any]:
    """Return cosines and sines, (time, head width / 2)."""
    import torch

    speed = shape.rope_base ** (-torch.arange(0, shape.head_width, 2).float() / shape.head_width)
    angle = torch.outer(torch.arange(length).float(), speed)
    return angle.cos(), angle.sin()


def _rotate(states: Any, turn: tuple[Any, Any]) -> Any:
    import torch

    cosine, sine = turn
    even, odd = states[..., 0::2], states[..., 1::2]
    return torch.stack((even * cosine - odd * sine, even * sine + odd * cosine), -1).flatten(-2)
