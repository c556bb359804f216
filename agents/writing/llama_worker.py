"""llama.cpp in a process of its own: a crash there is an error message here.

Started as `python -m agents.writing.llama_worker`; speaks JSON lines on stdin and stdout. The first line
is a `Setup`; the answer `{"ready": {...}}` or `{"error": "..."}`. Then each `Request` is answered by
`{"text", "end", "tokens"}`, `end` being `stop` or `length`. It ends when stdin does, and leaves SIGINT to its parent.

Tokens are chosen here, at temperature 1 over the whole vocabulary: any other setting would distort the
distribution that the model has learnt. One number of a named stream decides each choice; llama.cpp's own
samplers and their special seeds are not used. The grammar is llama.cpp's: a token is drawn freely, then tested
alone, and only if it does not fit the whole vocabulary is masked and one of the rest drawn: the same
distribution, and milliseconds less a token on a large vocabulary.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import sys
from dataclasses import asdict, dataclass
from typing import Any, TextIO

import numpy as np
from numpy.typing import NDArray

from sim.streams import uniforms

HEADER = "\x00"
"""Stands in a chat message for the patient's header."""
LOG_ERROR = 4
"""ggml's level of a message that says what failed."""
A_DAY = "2026-01-01"
"""What a chat template that asks for today's date is told: the same prompt every day."""


@dataclass(frozen=True, slots=True)
class Setup:
    """What stays the same for all requests."""

    model: str
    grammar: str
    messages: list[dict[str, str]] | None
    """Of a chat; the last holds `HEADER`. None: the header alone is the prompt."""
    context: int
    """The longest prompt and answer together, in tokens."""
    threads: int
    full_precision: bool
    """Keep keys and values in float32 rather than float16."""


@dataclass(frozen=True, slots=True)
class Request:
    """One picture to write."""

    header: str
    seed: int
    names: tuple[str, ...]
    """Of the stream that decides."""
    longest: int
    """In tokens."""


class LlamaError(Exception):
    """llama.cpp refused; the text is for the user."""


class Sampler:
    """A model, a context of one sequence and a grammar."""

    def __init__(self, setup: Setup) -> None:
        from llama_cpp import llama_cpp as llama

        self._llama = llama
        self._complaints: list[str] = []
        self._listener = llama.llama_log_callback(self._listen)  # llama.cpp keeps only the address
        llama.llama_log_set(self._listener, ctypes.c_void_p(0))
        llama.llama_backend_init()
        self._open(setup)
        self._grammar = llama.llama_sampler_init_grammar(self._vocab, setup.grammar.encode(), b"root")
        if not self._grammar:
            raise LlamaError(f"llama.cpp cannot read the grammar{self._said()}")
        self._size = llama.llama_vocab_n_tokens(self._vocab)
        self._candidates = (llama.llama_token_data * self._size)()
        self._table = np.frombuffer(self._candidates, dtype=[("id", "i4"), ("logit", "f4"), ("p", "f4")])
        before, self._after = self._chat(setup.messages)
        self._prefix = self._tokens(before, begin=True)
        self._context_length = setup.context
        if self._prefix:
            self._decode(self._prefix, 0)

    def write(self, request: Request) -> dict[str, Any]:
        """Continue the header until the model and the grammar end, or until it is too long."""
        prompt = self._tokens(request.header + self._after, begin=False)
        longest = min(request.longest, self._context_length - len(self._prefix) - len(prompt))
        if longest < 1:
            raise LlamaError(
                f"the prompt has {len(self._prefix) + len(prompt)} tokens and the context {self._context_length}"
            )
        self._forget_all_but_the_prefix()
        chance = uniforms(request.seed, 0, request.names, 2 * longest)
        grammar = self._llama.llama_sampler_clone(self._grammar)
        written: list[int] = []
        end = "length"
        try:
            at = len(self._prefix)
            feed = prompt
            for i in range(longest):
                self._decode(feed, at)
                at += len(feed)
                token = self._choose(grammar, chance[2 * i], chance[2 * i + 1])
                if self._llama.llama_vocab_is_eog(self._vocab, token):
                    end = "stop"
                    break
                self._llama.llama_sampler_accept(grammar, token)
                written.append(token)
                feed = [token]
        finally:
            self._llama.llama_sampler_free(grammar)
        text = b"".join(map(self._piece, written)).decode("utf-8", "replace")
        return {"text": text, "end": end, "tokens": len(written)}

    def _open(self, setup: Setup) -> None:
        llama = self._llama
        parameters = llama.llama_model_default_params()
        parameters.n_gpu_layers = 0
        self._model = llama.llama_model_load_from_file(setup.model.encode(), parameters)
        if not self._model:
            raise LlamaError(f"llama.cpp cannot load the model{self._said()}")
        self._vocab = llama.llama_model_get_vocab(self._model)
        options = llama.llama_context_default_params()
        options.n_ctx = options.n_batch = options.n_ubatch = setup.context
        options.n_seq_max = 1
        options.n_threads = options.n_threads_batch = setup.threads
        options.no_perf = True
        options.flash_attn_type = llama.LLAMA_FLASH_ATTN_TYPE_DISABLED
        if setup.full_precision:
            options.type_k = options.type_v = llama.GGML_TYPE_F32
        self._context = llama.llama_init_from_model(self._model, options)
        if not self._context:
            raise LlamaError(f"llama.cpp cannot make a context of {setup.context} tokens{self._said()}")
        self._memory = llama.llama_get_memory(self._context)

    def _chat(self, messages: list[dict[str, str]] | None) -> tuple[str, str]:
        """Return what stands before and after the header."""
        if messages is None:
            return "", ""
        template = self._llama.llama_model_chat_template(self._model, None)
        if not template:
            rendered = "\n\n".join(message["content"] for message in messages) + "\n"
        else:
            rendered = _rendered(template.decode(), messages)
        before, found, after = rendered.partition(HEADER)
        if not found:
            raise LlamaError("the model's chat template loses the message of the user")
        return before, after

    def _tokens(self, text: str, begin: bool) -> list[int]:
        data = text.encode()
        room = (self._llama.llama_token * (len(data) + 8))()
        n = self._llama.llama_tokenize(self._vocab, data, len(data), room, len(room), begin, True)
        return list(room[:n])

    def _decode(self, tokens: list[int], at: int) -> None:
        """Read tokens; the scores of the last are then to be had."""
        feed = (self._llama.llama_token * len(tokens))(*tokens)
        code = self._llama.llama_decode(self._context, self._llama.llama_batch_get_one(feed, len(tokens)))
        if code != 0:
            raise LlamaError(f"llama.cpp cannot read on at token {at} (llama_decode: {code}){self._said()}")

    def _forget_all_but_the_prefix(self) -> None:
        kept = len(self._prefix)
        if not self._llama.llama_memory_seq_rm(self._memory, 0, kept, -1):  # models with a running state
            self._llama.llama_memory_clear(self._memory, True)
            if self._prefix:
                self._decode(self._prefix, 0)

    def _choose(self, grammar: Any, chance: float, second_chance: float) -> int:
        scores = np.ctypeslib.as_array(self._llama.llama_get_logits_ith(self._context, -1), (self._size,))
        token = drawn(scores, chance)
        if self._fits(grammar, token):
            return token
        self._table["id"] = np.arange(self._size)
        self._table["logit"] = scores
        everything = self._llama.llama_token_data_array(self._candidates, self._size, -1, False)
        self._llama.llama_sampler_apply(grammar, ctypes.byref(everything))
        return int(self._table["id"][drawn(self._table["logit"], second_chance)])

    def _fits(self, grammar: Any, token: int) -> bool:
        one = (self._llama.llama_token_data * 1)(self._llama.llama_token_data(token, 1.0, 0.0))
        alone = self._llama.llama_token_data_array(one, 1, -1, False)
        self._llama.llama_sampler_apply(grammar, ctypes.byref(alone))
        return bool(one[0].logit != float("-inf"))

    def _piece(self, token: int) -> bytes:
        room = ctypes.create_string_buffer(256)
        n = self._llama.llama_token_to_piece(self._vocab, token, room, len(room), 0, False)
        return room.raw[:n]

    def _listen(self, level: int, text: bytes, data: Any) -> None:
        if level == LOG_ERROR and text.strip():
            self._complaints.append(text.decode("utf-8", "replace").strip())

    def _said(self) -> str:
        return f": {self._complaints[0]}" if self._complaints else ""


def drawn(scores: NDArray[np.float32], chance: float) -> int:
    """Return a token at temperature 1: where `chance`, between 0 and 1, falls among the probabilities.

    >>> drawn(np.log(np.array([1, 2, 1], dtype=np.float32)), 0.74)
    1
    """
    weights = np.exp(scores.astype(np.float64) - float(scores.max()))
    bounds = np.cumsum(weights)
    return int(np.searchsorted(bounds, chance * bounds[-1], side="right"))


def _rendered(template: str, messages: list[dict[str, str]]) -> str:
    """Return a chat as the model wants it, without the first token, which the tokenizer adds.

    Source: the Jinja dialect of Hugging Face's chat templates.
    """
    from jinja2 import TemplateError
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    def refuse(why: str) -> None:
        raise LlamaError(f"the model's chat template refuses: {why}")

    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.loopcontrols"]
    )
    environment.filters["tojson"] = lambda value, **options: json.dumps(value, ensure_ascii=False)
    environment.globals |= {"raise_exception": refuse, "strftime_now": lambda form: A_DAY}
    try:
        return environment.from_string(template).render(
            messages=messages, bos_token="", eos_token="", add_generation_prompt=True
        )
    except TemplateError as error:
        raise LlamaError(f"the model's chat template does not work: {error}") from None


def serve(requests: TextIO, answers: TextIO) -> None:
    """Answer line by line until the requests end."""

    def answer(message: dict[str, Any]) -> None:
        answers.write(json.dumps(message) + "\n")
        answers.flush()

    first = requests.readline()
    if not first:
        return
    try:
        sampler = Sampler(Setup(**json.loads(first)))
    except LlamaError as error:
        answer({"error": str(error)})
        return
    answer({"ready": {}})
    for line in requests:
        try:
            answer(sampler.write(_request(line)))
        except LlamaError as error:
            answer({"error": str(error)})


def _request(line: str) -> Request:
    parts = json.loads(line)
    return Request(**parts | {"names": tuple(parts["names"])})


def as_line(message: Setup | Request) -> str:
    """Return a message as its line."""
    return json.dumps(asdict(message)) + "\n"


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    protocol = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what a library prints must not mix with the answers
    serve(sys.stdin, protocol)
