"""The desk's learned Q-values: a small network on disk, read with numpy alone and no pickled objects."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from policies.learning.checkpoint import checksum, read_arrays
from policies.origin import source_hash, versions
from scenarios.errors import UsageError

Floats = NDArray[np.float64]

SCHEMA = "fairward.desk/1"
ABOUT, WEIGHTS = "desk.json", "weights.npz"


class Desk(Protocol):
    """What a network needs to know of a desk."""

    labels: tuple[str, ...]
    groups: tuple[str, ...]


@dataclass(frozen=True)
class QNetwork:
    """From observations to the value of declining and of admitting."""

    layers: tuple[tuple[Floats, Floats], ...]
    """(weights out x in, bias out); a rectifier between them."""
    about: Mapping[str, Any]
    """How the desk was set and the network trained; `labels` names the entries of an observation."""

    def __call__(self, observations: NDArray[Any]) -> Floats:
        """Return N x 2 from observations N x D."""
        value = np.asarray(observations, dtype=np.float64)
        for number, (weight, bias) in enumerate(self.layers):
            value = (np.maximum(value, 0.0) if number else value) @ weight.T + bias
        return value

    def check_labels(self, desk: Desk) -> None:
        """Raise `UsageError` if a desk shows other things than the network was trained on: people of other groups."""
        if list(desk.labels) != list(self.about["labels"]):
            raise UsageError(
                f"the network was trained on groups {', '.join(self.about['groups'])}; these people are of "
                f"{', '.join(desk.groups)}. Give the profiles that it was trained on (--profiles), or train anew."
            )

    def choose(self, observation: NDArray[np.float32]) -> int:
        """Return the better action; a tie declines."""
        return int(np.argmax(self(observation[None])[0]))


def write_q_network(folder: Path, layers: Sequence[tuple[Floats, Floats]], about: Mapping[str, Any]) -> Path:
    """Write to a folder that does not exist yet: it is complete or not there. Returns its absolute path."""
    folder = folder.absolute()
    if folder.exists():
        raise UsageError(f"{folder} exists. A checkpoint goes to a new folder.")
    temporary = folder.with_name(f".{folder.name}-{os.getpid()}")
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    arrays = {
        f"{i}.{part}": value
        for i, pair in enumerate(layers)
        for part, value in zip(("weight", "bias"), pair, strict=True)
    }
    np.savez(temporary / WEIGHTS, **arrays)  # type: ignore[arg-type]
    content = {
        "schema": SCHEMA, **about, "layers": [list(weight.shape) for weight, _ in layers],
        "checksum": checksum(temporary / WEIGHTS), "source_hash": source_hash(), "versions": versions(),
    }  # fmt: skip
    (temporary / ABOUT).write_text(json.dumps(content, indent=1, allow_nan=False) + "\n", encoding="utf-8")
    temporary.rename(folder)
    return folder


def read_q_network(folder: Path) -> QNetwork:
    """Return the network of a folder. Raises `UsageError` if it is missing, damaged or not finite."""
    try:
        about = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
        schema = about["schema"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UsageError(
            f"{folder / ABOUT} cannot be read: {error}. Train a desk first: fairward desk train."
        ) from None
    if schema != SCHEMA:
        raise UsageError(
            f"{folder / ABOUT}: expected {SCHEMA}, got {schema}. Train it anew: fairward desk train."
        )
    arrays = read_arrays(folder / WEIGHTS)
    if checksum(folder / WEIGHTS) != about["checksum"]:
        raise UsageError(
            f"{folder / WEIGHTS} is not what was written: its checksum differs. Copy it again, or retrain."
        )
    if any(not np.isfinite(value).all() for value in arrays.values()):
        raise UsageError(f"{folder / WEIGHTS} holds NaN or infinite numbers. Training diverged; retrain.")
    pairs = [(arrays[f"{i}.weight"], arrays[f"{i}.bias"]) for i in range(len(arrays) // 2)]
    return QNetwork(tuple((w.astype(np.float64), b.astype(np.float64)) for w, b in pairs), about)
