"""The model as a GGUF file: written from the weights, and read back into the same weights."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from agents.embedded.architecture import Shape, Weights
from agents.embedded.tokens import BEGIN, END, PADDING, PRE_TOKENIZER, SPECIAL, Tokenizer
from scenarios.errors import MissingExtra

NAME = "fairward-profiles"
DESCRIPTION = "Writes synthetic clinical pictures. A distilled sampler of its corpus, not a medical model."
CHAT_TEMPLATE = (
    "{{ bos_token }}{% for message in messages %}{% if message['role'] == 'user' %}{{ message['content'] }}"
    "{% endif %}{% endfor %}"
)
"""The user's message is the prompt as it stands: so the model also works behind a chat endpoint."""


def write_gguf(
    path: Path, weights: Weights, shape: Shape, tokenizer: Tokenizer, facts: dict[str, str]
) -> None:
    """Write the file in float32, bit for bit the weights. `facts` say where it comes from."""
    gguf = _gguf()
    writer = gguf.GGUFWriter(str(path), "llama")
    writer.add_name(NAME)
    writer.add_description(DESCRIPTION)
    writer.add_license("mit")
    for key, value in facts.items():
        writer.add_string(f"fairward.{key}", value)
    writer.add_vocab_size(shape.vocabulary)
    writer.add_context_length(shape.context)
    writer.add_embedding_length(shape.width)
    writer.add_block_count(shape.layers)
    writer.add_feed_forward_length(shape.feed_forward)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(shape.heads)
    writer.add_rope_dimension_count(shape.head_width)
    writer.add_rope_freq_base(shape.rope_base)
    writer.add_layer_norm_rms_eps(shape.epsilon)
    writer.add_file_type(gguf.LlamaFileType.ALL_F32)

    kinds = [gguf.TokenType.CONTROL] * len(SPECIAL)
    kinds += [gguf.TokenType.NORMAL] * (shape.vocabulary - len(SPECIAL))
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(PRE_TOKENIZER)
    writer.add_token_list(tokenizer.vocabulary)
    writer.add_token_types(kinds)
    writer.add_token_merges([" ".join(pair) for pair in tokenizer.merges])
    writer.add_bos_token_id(BEGIN)
    writer.add_eos_token_id(END)
    writer.add_pad_token_id(PADDING)
    writer.add_add_bos_token(True)
    writer.add_add_eos_token(False)
    writer.add_chat_template(CHAT_TEMPLATE)

    for name, value in weights.items():
        writer.add_tensor(name, value.detach().float().contiguous().numpy())
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def read_gguf(path: Path) -> tuple[Weights, Shape, Tokenizer]:
    """Return what `write_gguf` wrote."""
    import torch

    reader = _gguf().GGUFReader(str(path))

    def value(key: str) -> Any:
        return reader.get_field(key).contents()

    shape = Shape(
        vocabulary=int(value("llama.vocab_size")),
        width=int(value("llama.embedding_length")),
        layers=int(value("llama.block_count")),
        heads=int(value("llama.attention.head_count")),
        feed_forward=int(value("llama.feed_forward_length")),
        context=int(value("llama.context_length")),
        rope_base=float(value("llama.rope.freq_base")),
        epsilon=float(value("llama.attention.layer_norm_rms_epsilon")),
    )
    weights = {tensor.name: torch.from_numpy(tensor.data.copy()) for tensor in reader.tensors}
    merges = [tuple(merge.split(" ")) for merge in value("tokenizer.ggml.merges")]
    return weights, shape, Tokenizer(tuple((first, second) for first, second in merges))


def _gguf() -> Any:
    try:
        import gguf
    except ImportError:
        raise MissingExtra("llm", "reading and writing model files") from None
    return gguf
