"""Byte-level byte-pair encoding: trained here, read from the GGUF by llama.cpp as the pre-tokenizer "smollm".

Source: Sennrich et al. (2016); Radford et al. (2019) for bytes. Digits stand alone, so that numbers
have one spelling. The model's texts are ASCII, and so is this encoder; llama.cpp reads any text.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

BEGIN, END, PADDING = 0, 1, 2
SPECIAL = ("<|begin|>", "<|end|>", "<|padding|>")
PRE_TOKENIZER = "smollm"
"""llama.cpp's name of the rule below."""
_DIGIT = re.compile(r"([0-9])")
_WORD = re.compile(r"'(?:s|t|re|ve|m|ll|d)| ?[A-Za-z]+| ?[^\sA-Za-z]+|\s+(?!\S)|\s+")


def byte_symbols() -> list[str]:
    """Return the printable symbol of each of the 256 bytes. Source: GPT-2's `bytes_to_unicode`.

    >>> byte_symbols()[ord(" ")], byte_symbols()[ord("\\n")], byte_symbols()[ord("a")]
    ('Ġ', 'Ċ', 'a')
    """
    printable = {*range(33, 127), *range(161, 173), *range(174, 256)}
    moved = iter(range(256, 512))
    return [chr(byte) if byte in printable else chr(next(moved)) for byte in range(256)]


def words(text: str) -> list[str]:
    """Return the parts within which symbols are merged.

    >>> words("age 47, fever 38.5\\n")
    ['age', ' ', '4', '7', ',', ' fever', ' ', '3', '8', '.', '5', '\\n']
    """
    parts = [part for part in _DIGIT.split(text) if part]
    return [word for part in parts for word in ([part] if part.isdigit() else _WORD.findall(part))]


@dataclass(frozen=True)
class Tokenizer:
    """Pairs to merge, in order. The vocabulary is the special tokens, the 256 bytes, then the merged pairs."""

    merges: tuple[tuple[str, str], ...]

    @cached_property
    def vocabulary(self) -> list[str]:
        """The tokens in the order of their numbers."""
        return [*SPECIAL, *byte_symbols(), *(first + second for first, second in self.merges)]

    def encode(self, text: str) -> list[int]:
        """Return the numbers of a text's tokens, without begin and end."""
        return [number for word in words(text) for number in self._encode_word(word)]

    def _encode_word(self, word: str) -> list[int]:
        if word not in self._known:
            symbols = byte_symbols()
            parts = [symbols[byte] for byte in word.encode()]
            while len(parts) > 1:
                rank, at = min(
                    (self._rank.get(pair, len(self._rank)), i) for i, pair in enumerate(_pairs(parts))
                )
                if rank == len(self._rank):
                    break
                parts[at : at + 2] = [parts[at] + parts[at + 1]]
            self._known[word] = [self._number[part] for part in parts]
        return self._known[word]

    @cached_property
    def _number(self) -> dict[str, int]:
        return {token: number for number, token in enumerate(self.vocabulary)}

    @cached_property
    def _rank(self) -> dict[tuple[str, str], int]:
        return {pair: rank for rank, pair in enumerate(self.merges)}

    @cached_property
    def _known(self) -> dict[str, list[int]]:
        """Words that were encoded before: few different ones occur."""
        return {}


def train_tokenizer(texts: Iterable[str], vocabulary: int) -> Tokenizer:
    """Return a tokenizer of at most `vocabulary` tokens: the most frequent pair is merged first, ties by spelling."""
    count = Counter(word for text in texts for word in words(text))
    symbols = byte_symbols()
    spelling = {word: [symbols[byte] for byte in word.encode()] for word in count}
    found: Counter[tuple[str, str]] = Counter()
    where: dict[tuple[str, str], set[str]] = defaultdict(set)

    def tally(word: str, sign: int) -> None:
        for pair in _pairs(spelling[word]):
            found[pair] += sign * count[word]
            where[pair].add(word)

    for word in count:
        tally(word, 1)
    merges: list[tuple[str, str]] = []
    while len(SPECIAL) + len(symbols) + len(merges) < vocabulary:
        best = min(found, key=lambda pair: (-found[pair], pair), default=None)
        if best is None or found[best] < 2:
            break
        merges.append(best)
        for word in where.pop(best):
            tally(word, -1)
            spelling[word] = _merged(spelling[word], best)
            tally(word, 1)
        del found[best]
    return Tokenizer(tuple(merges))


def _pairs(parts: list[str]) -> list[tuple[str, str]]:
    return list(pairwise(parts))


def _merged(parts: list[str], pair: tuple[str, str]) -> list[str]:
    result: list[str] = []
    i = 0
    while i < len(parts):
        if tuple(parts[i : i + 2]) == pair:
            result.append(pair[0] + pair[1])
            i += 2
        else:
            result.append(parts[i])
            i += 1
    return result
