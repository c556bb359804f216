"""How compiled code reaches the engine's memory: records at an address, by field name.

The state lies in NumPy arrays of records that Python owns. Compiled functions get one integer, the
address of the world, and find everything from there; so a call passes next to nothing, nothing is
reference counted, and Python may move an array when it must grow. With `NUMBA_DISABLE_JIT=1` the same
code runs in Python on the same arrays, with their bounds checked.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numpy as np
from numba import config, njit, types
from numba.extending import intrinsic
from numba.np.numpy_support import from_dtype

F = TypeVar("F", bound=Callable[..., Any])

INTERPRETED = bool(getattr(config, "DISABLE_JIT", 0))

_known: dict[int, Any] = {}
"""Interpreted only: address -> array."""


def compiled(function: F) -> F:
    """Compile a function that compiled functions call."""
    return cast(F, njit(nogil=True, error_model="numpy")(function))


def address(array: Any) -> int:
    """Return where an array begins; its owner must keep it alive."""
    if not array.flags.c_contiguous:
        raise ValueError("records at an address lie one after the other")
    if INTERPRETED:
        plain = array.dtype.names is None
        _known[array.ctypes.data] = array.view(_PLAIN[array.dtype.kind]) if plain else array
    return int(array.ctypes.data)


def records(layout: np.dtype[Any]) -> Any:
    """Return the function (address, index) -> record of this layout, whose fields are read and written in place."""
    if INTERPRETED:
        return lambda base, index: _known[base][_checked(index)]
    record = from_dtype(layout)
    size = layout.itemsize

    @intrinsic
    def at(typingctx: Any, base: Any, index: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            where, number = arguments
            there = builder.add(where, builder.mul(number, where.type(size)))
            return builder.inttoptr(there, context.get_value_type(record))

        return record(types.int64, types.int64), generate

    return at


def _lowest_bit() -> Any:
    """Return the function that says at which place the lowest bit of an integer is that is set; there is one."""
    if INTERPRETED:
        return lambda bits: (int(bits) & -int(bits)).bit_length() - 1

    @intrinsic
    def place(typingctx: Any, bits: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            return builder.cttz(arguments[0], context.get_constant(types.boolean, True))

        return types.int64(types.int64), generate

    return place


lowest_bit = _lowest_bit()


def _checked(index: int) -> int:
    if index < 0:
        raise IndexError(index)
    return index


def layout(**fields: str) -> np.dtype[Any]:
    """Return a record layout; fields in the given order, aligned.

    >>> layout(time="f8", kind="i1").names
    ('time', 'kind')
    """
    names_and_types = list(fields.items())
    if INTERPRETED:
        return np.dtype((np.record, np.dtype(names_and_types, align=True)))
    return np.dtype(names_and_types, align=True)


FLOAT, FLAG, INTEGER = layout(value="f8"), layout(value="?"), layout(value="i8")

_PLAIN = {"f": FLOAT, "b": FLAG, "i": INTEGER}

float_at = records(FLOAT)
flag_at = records(FLAG)
integer_at = records(INTEGER)
