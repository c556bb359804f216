"""Named random streams: every random number is an element of a stream that has a name.

A stream is named by the seed, the replication and words of the scenario (a source, a step, a
purpose). Nothing else decides its elements: not how many are drawn, not by whom, not in what order.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from typing import Any

import numpy as np
from numpy.typing import NDArray

WORDS_PER_BLOCK = 4
"""Philox makes four 64-bit words from one value of its counter."""


Numbers = NDArray[np.int64] | range
"""Which elements of a stream; a range steps by one."""


def in_a_row(numbers: NDArray[np.int64]) -> Numbers:
    """Return numbers as a range where each is one more than the one before: it is drawn as it is, not picked out."""
    n = len(numbers)
    if n and numbers[-1] - numbers[0] == n - 1 and (numbers[1:] > numbers[:-1]).all():
        return range(int(numbers[0]), int(numbers[0]) + n)
    return numbers


@dataclass(frozen=True, slots=True, eq=False)
class Spans:
    """Which elements of several streams are asked for."""

    drawn: list[tuple[int, int]]
    """By stream: the first that is drawn, and how many are."""
    places: NDArray[np.int64] | None = None
    """Where those asked for are among all that are drawn, stream by stream; None: they are all, as they come."""


def spans_of(numbers: Sequence[NDArray[np.int64]]) -> Spans:
    """Return what to draw for elements of these numbers, by stream."""
    rows = [in_a_row(each) for each in numbers]
    spans = [row if isinstance(row, range) else _from_least_to_greatest(row) for row in rows]
    places = None
    if not all(isinstance(row, range) for row in rows):
        ends = np.cumsum([len(span) for span in spans]).tolist()
        parts = zip(numbers, spans, ends, strict=True)
        places = np.concatenate([each + (end - span.stop) for each, span, end in parts])
    return Spans([(span.start, len(span)) for span in spans], places)


def _from_least_to_greatest(numbers: NDArray[np.int64]) -> range:
    return range(int(numbers.min()), int(numbers.max()) + 1) if len(numbers) else range(0)


def uniforms(
    seed: int, replication: int, names: tuple[str, ...], n: int, first: int = 0
) -> NDArray[np.float64]:
    """Return elements `first` to `first + n` of a stream, uniform on the open interval from 0 to 1.

    Elements are odd multiples of 2^-53, so that neither 0 nor 1 occurs. Source: Salmon et al.
    (2011), Philox4x64-10, keyed by a BLAKE2b hash of the names.

    >>> uniforms(1, 0, ("walk-in", "class"), 3).round(4).tolist()
    [0.8642, 0.6992, 0.2448]
    >>> uniforms(1, 0, ("walk-in", "class"), 1, first=2).round(4).tolist()
    [0.2448]
    """
    return _open_interval(_words(_key(seed, replication, names), first, n))


def _open_interval(words: NDArray[np.uint64]) -> NDArray[np.float64]:
    """Return (k + 1/2) / 2^52 for the upper 52 bits k of each word, in its place: 1 + k / 2^52, less 1 - 2^-53."""
    words >>= np.uint64(12)
    words |= _BITS_OF_ONE
    u: NDArray[np.float64] = words.view(np.float64)
    u -= 1 - 2.0**-53
    return u


_BITS_OF_ONE = np.float64(1.0).view(np.uint64)


def elements(seed: int, replication: int, names: tuple[str, ...], ordinals: Numbers) -> NDArray[np.float64]:
    """Return the elements of a stream with the given numbers, drawing from the least to the greatest."""
    if not len(ordinals):
        return np.empty(0)
    if isinstance(ordinals, range):
        return uniforms(seed, replication, names, len(ordinals), ordinals.start)
    span = _from_least_to_greatest(ordinals)
    return uniforms(seed, replication, names, len(span), span.start)[ordinals - span.start]


def _words(key: int, first: int, n: int) -> NDArray[np.uint64]:
    """Return what becomes elements of the stream with a key."""
    block, skip = divmod(first, WORDS_PER_BLOCK)
    words: NDArray[np.uint64] = _generator(key, block).random_raw(skip + n)
    return words[skip:] if skip else words


@dataclass(frozen=True, slots=True)
class Streams:
    """All streams of a replication, or all those whose names begin in one way."""

    seed: int
    replication: int
    prefix: tuple[str, ...] = ()
    """What every name begins with: nothing for the patients as they are, else an imagined future's name."""

    def uniforms(self, names: tuple[str, ...], n: int, first: int = 0) -> NDArray[np.float64]:
        """Return elements of a stream. See `uniforms`."""
        return uniforms(self.seed, self.replication, (*self.prefix, *names), n, first)

    def elements(self, names: tuple[str, ...], ordinals: Numbers) -> NDArray[np.float64]:
        """Return the elements of a stream with the given numbers. See `elements`."""
        return elements(self.seed, self.replication, (*self.prefix, *names), ordinals)

    def spans(self, names: Sequence[tuple[str, ...]], which: Spans) -> NDArray[np.float64]:
        """Return elements of several streams, stream by stream unless `which` says otherwise."""
        if not names:
            return np.empty(0)
        common = _digest(self.seed, self.replication, self.prefix)
        each = zip(names, which.drawn, strict=True)
        words = [_words(_number(common, name), first, n) for name, (first, n) in each]
        drawn = words[0] if len(words) == 1 else np.concatenate(words)
        return _open_interval(drawn if which.places is None else drawn[which.places])


class _Kept(threading.local):
    """One generator a thread: a new one would first ask the system for entropy that it does not need."""

    def __init__(self) -> None:
        self.philox = np.random.Philox(key=0)


_kept = _Kept()


def _generator(key: int, block: int) -> np.random.Philox:
    """Return what `np.random.Philox(key=key, counter=block)` is, in a fraction of the time."""
    state: Any = {  # numbers will do, whatever NumPy's annotations say
        "bit_generator": "Philox",
        "state": {
            "counter": (block, 0, 0, 0),
            "key": (key & (2**64 - 1), key >> 64),
        },
        "buffer": (0,) * WORDS_PER_BLOCK,
        "buffer_pos": WORDS_PER_BLOCK,
        "has_uint32": 0,
        "uinteger": 0,
    }
    _kept.philox.state = state
    return _kept.philox


def _key(seed: int, replication: int, names: tuple[str, ...]) -> int:
    return _number(_digest(seed, replication, ()), names)


@lru_cache(maxsize=64)  # to be copied, not written to
def _digest(seed: int, replication: int, names: tuple[str, ...]) -> blake2b:
    digest = blake2b(digest_size=16, person=b"fairward")
    digest.update(_framed((str(seed), str(replication))) + _framed(names))
    return digest


def _number(common: blake2b, ending: tuple[str, ...]) -> int:
    """Return the key of the stream whose names begin in the common way."""
    digest = common.copy()
    digest.update(_framed(ending))
    return int.from_bytes(digest.digest(), "little")


@lru_cache(maxsize=1 << 14)  # every replication asks for streams of the same names
def _framed(names: tuple[str, ...]) -> bytes:
    """Put each part's length before it, so that ("a", "bc") and ("ab", "c") differ."""
    return b"".join([b"%d:%b" % (len(text), text) for text in map(str.encode, names)])
