"""A learned policy on disk: a folder that is complete or not there, and loads with numpy alone.

`policy.json` says what it takes to act (hospitals, dials, observation, layers, checksum of the weights), `weights.npz`
holds the numbers, `scenario.resolved.yaml` and `manifest.json` where it comes from, `resume.npz` what training needs to
go on. There are no pickled objects in it.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from policies.environments.encoding import Encoding
from policies.learning.forbidding import logits
from policies.learning.normalising import Normaliser
from policies.learning.offer import Offer
from policies.origin import source_hash, versions
from scenarios.errors import UsageError
from scenarios.loader import dump_yaml, scenario_hash
from scenarios.scenario import Scenario
from sim.network import Network, compile_network

Arrays = Mapping[str, NDArray[Any]]

SCHEMA = "fairward.policy/1"
POLICY, WEIGHTS, RESUME = "policy.json", "weights.npz", "resume.npz"
MANIFEST, SCENARIO = "manifest.json", "scenario.resolved.yaml"
ITERATION = "iteration-"
"""Checkpoints of a training folder are called `iteration-000120`."""


@dataclass(frozen=True)
class Checkpoint:
    """What was read: a policy without its scenario."""

    folder: Path
    about: Mapping[str, Any]
    """`policy.json`."""
    layers: tuple[tuple[NDArray[np.float64], NDArray[np.float64]], ...]
    """(weights out x in, bias out) of the actor; tanh between them."""
    normaliser: Normaliser

    @property
    def trained(self) -> Mapping[str, Any]:
        """How it was trained: see `read_trained`."""
        return read_trained(self.folder)

    def logits(self, observation: NDArray[Any], mask: NDArray[Any]) -> NDArray[np.float64]:
        """Return N x M from raw observations N x D and masks N x M; `FORBIDDEN` where the mask is 0."""
        return logits(self.layers, self.normaliser(observation), mask)

    def check(self, network: Network, exactly: bool = False) -> None:
        """Raise `UsageError` if it was trained for a network that is not this one: its own, or with other numbers.

        `exactly`: other numbers are refused too, for training that goes on.
        """
        if problems := misfits(self.about, network):
            raise UsageError(
                "\n".join(f"{self.folder}: {problem}." for problem in problems)
                + f"\nThe checkpoint was trained on {self.about['scenario']} and cannot act on "
                f"{network.scenario.name}. Train one: fairward train."
            )
        if exactly and self.about["scenario_hash"] != scenario_hash(network.scenario):
            raise UsageError(
                f"{self.folder} was trained on {network.scenario.name} with other numbers. Give the same scenario and "
                f"the same --set to go on; what it was trained on is {self.folder / SCENARIO}."
            )


def misfits(about: Mapping[str, Any], network: Network) -> list[str]:
    """Return why a policy that says this of itself cannot act on a network; nothing where it can."""
    menu = Offer.of_plain(about["offer"]).menu(network)
    pairs: list[tuple[str, Any, Any]] = [
        ("scenario", about["scenario"], network.scenario.name),
        ("hospitals", about["hospitals"], list(network.hospitals)),
        ("dials", about["dials"], [[dial.name, list(dial.options)] for dial in menu.dials]),
        ("observation", about["observation"], list(Encoding(network).labels)),
    ]
    return [f"{what}: {_difference(trained, here)}" for what, trained, here in pairs if trained != here]


@dataclass(frozen=True)
class Ground:
    """Where a policy is trained, as all its checkpoints say it: found out once, by the source that trains."""

    scenario: str
    """Its text, with all defaults written out."""
    policy: Mapping[str, Any]
    """What `policy.json` says of it."""
    origin: Mapping[str, Any]
    """What the manifest says of it."""

    @classmethod
    def of(cls, scenario: Scenario, offer: Offer) -> Ground:
        """Return that of a scenario and the dials that are offered on it."""
        network, known = compile_network(scenario), scenario_hash(scenario)
        policy = {
            "schema": SCHEMA,
            "scenario": scenario.name,
            "scenario_hash": known,
            "hospitals": list(network.hospitals),
            "groups": list(network.groups),
            "dials": [[dial.name, list(dial.options)] for dial in offer.menu(network).dials],
            "observation": list(Encoding(network).labels),
            "offer": offer.plain(),
        }
        origin = {
            "schema": "fairward.checkpoint-manifest/1",
            "scenario": scenario.name,
            "scenario_hash": known,
            "source_hash": source_hash(),
            "versions": versions(),
        }
        return cls(dump_yaml(scenario), policy, origin)


def write_checkpoint(
    folder: Path,
    ground: Ground,
    weights: Arrays,
    normaliser: Normaliser,
    about: Mapping[str, Any],
    resume: Arrays | None = None,
) -> Path:
    """Write a checkpoint to a folder that does not exist yet; returns its absolute path.

    `weights`: of the actor `actor.0.weight`, `actor.0.bias`, `actor.2.weight`, ... as torch names them, and whatever
    else belongs to the policy. `about`: how it was trained, plain values. `resume`: what training needs to go on.
    """
    folder = folder.absolute()
    if folder.exists():
        raise UsageError(f"{folder} exists. A checkpoint goes to a new folder.")
    temporary = folder.with_name(f".{folder.name}-{os.getpid()}")
    shutil.rmtree(temporary, ignore_errors=True)
    try:
        temporary.mkdir(parents=True)
        arrays = {**weights, **{f"normaliser.{name}": value for name, value in normaliser.state().items()}}
        _save(temporary / WEIGHTS, arrays)
        if resume is not None:
            _save(temporary / RESUME, resume)
        (temporary / SCENARIO).write_text(ground.scenario, encoding="utf-8")
        policy = {
            **ground.policy,
            "layers": [list(value.shape) for _, value in _layers(arrays)],
            "checksum": checksum(temporary / WEIGHTS),
        }
        _write_json(temporary / POLICY, policy)
        manifest = {
            **ground.origin,
            "trained": dict(about),
            "files": {path.name: checksum(path) for path in sorted(temporary.iterdir())},
            "written": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        }
        _write_json(temporary / MANIFEST, manifest)
        temporary.rename(folder)
    except OSError as error:
        shutil.rmtree(temporary, ignore_errors=True)
        raise UsageError(
            f"cannot write {folder}: {error.strerror or error}. Choose another folder."
        ) from None
    return folder


def read_checkpoint(folder: Path) -> Checkpoint:
    """Return the policy of a folder. Raises `UsageError` if it is missing, incomplete, damaged or not finite."""
    about = read_about(folder)
    arrays = read_arrays(folder / WEIGHTS)
    if checksum(folder / WEIGHTS) != about["checksum"]:
        raise UsageError(
            f"{folder / WEIGHTS} is not what was written: its checksum differs. Copy it again, or retrain."
        )
    found = dict(_layers(arrays))
    shapes = [list(value.shape) for value in found.values()]
    ends = [len(about["observation"]), sum(len(options) for _, options in about["dials"])]
    if shapes != about["layers"] or not shapes or [shapes[0][1], shapes[-1][0]] != ends:
        raise UsageError(
            f"{folder / WEIGHTS}: expected layers {about['layers']} from {ends[0]} entries of an observation to "
            f"{ends[1]} options, got {shapes}."
        )
    bad = [name for name, value in arrays.items() if not np.isfinite(value).all()]
    if bad:
        raise UsageError(
            f"{folder / WEIGHTS}: {', '.join(bad)} holds NaN or infinite numbers. Training diverged; retrain."
        )
    try:
        layers = tuple(
            (value.astype(np.float64), arrays[f"{name.removesuffix('.weight')}.bias"].astype(np.float64))
            for name, value in found.items()
        )
        kept = {name: arrays[f"normaliser.{name}"] for name in ("mean", "spread", "count")}
    except KeyError as error:
        raise UsageError(f"{folder / WEIGHTS}: {error.args[0]} is missing.") from None
    return Checkpoint(folder, about, layers, Normaliser.of_state(kept))


def read_about(folder: Path) -> dict[str, Any]:
    """Return what a checkpoint says of itself. Raises `UsageError` if there is none, or it is damaged."""
    if not (folder / POLICY).is_file():
        newest = checkpoints_of(folder)[-1:] if folder.is_dir() else []
        there = f"Its newest checkpoint is ckpt:{newest[0]}" if newest else "Train one: fairward train"
        what = "is no checkpoint: it has no policy.json" if folder.is_dir() else "does not exist"
        raise UsageError(f"{folder} {what}. {there}.")
    try:
        about = json.loads((folder / POLICY).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(
            f"{folder / POLICY} cannot be read: {error}. It is truncated; take another checkpoint."
        ) from None
    needed = ("scenario", "scenario_hash", "hospitals", "dials", "observation", "offer", "layers", "checksum")
    if (
        not isinstance(about, dict)
        or about.get("schema") != SCHEMA
        or any(key not in about for key in needed)
    ):
        raise UsageError(f"{folder / POLICY}: expected {SCHEMA} with {', '.join(needed)}.")
    return about


def read_trained(folder: Path) -> Mapping[str, Any]:
    """Return how a checkpoint was trained: `about` of `write_checkpoint`, from its manifest. Raises `UsageError`."""
    try:
        found: Mapping[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["trained"]
    except (OSError, ValueError, KeyError, TypeError):
        raise UsageError(f"{folder / MANIFEST} cannot be read. Take another checkpoint.") from None
    return found


def checkpoints_of(folder: Path) -> list[Path]:
    """Return the checkpoints of a training folder, the newest last."""
    return sorted(path for path in folder.glob(f"{ITERATION}*") if (path / POLICY).is_file())


def identity(folder: Path) -> str:
    """Return the SHA-256 of a policy, wherever it lies: `policy.json` holds the checksum of its weights."""
    read_about(folder)
    return checksum(folder / POLICY)


def read_arrays(path: Path) -> dict[str, NDArray[Any]]:
    """Return the arrays of an `.npz` file, or raise `UsageError`."""
    try:
        # Opened here: NumPy leaves a file open that turns out to be no archive.
        with path.open("rb") as raw, np.load(raw, allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise UsageError(
            f"{path} cannot be read: {error}. It is missing or truncated; take another checkpoint."
        ) from None


def checksum(path: Path) -> str:
    """Return the SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _layers(arrays: Arrays) -> list[tuple[str, NDArray[Any]]]:
    """The actor's weights in order."""
    names = [name for name in arrays if name.startswith("actor.") and name.endswith(".weight")]
    return [(name, arrays[name]) for name in sorted(names, key=lambda name: int(name.split(".")[1]))]


def _difference(trained: Any, here: Any) -> str:
    if isinstance(trained, str):
        return f"trained on {trained}, got {here}"
    missing, strange = _told(trained, here), _told(here, trained)
    parts = [f"lacks {missing}"] * bool(missing) + [f"has {strange} beside"] * bool(strange)
    return f"this scenario {' and '.join(parts) or 'has them in another order'}"


def _told(these: Sequence[Any], others: Sequence[Any]) -> str:
    only = [
        one if isinstance(one, str) else f"{one[0]} ({', '.join(one[1])})"
        for one in these
        if one not in others
    ]
    return ", ".join(only[:3]) + (f" and {len(only) - 3} more" if len(only) > 3 else "")


def _save(path: Path, arrays: Arrays) -> None:
    """Write an `.npz` file without the time in it: equal arrays give equal bytes."""
    with zipfile.ZipFile(path, "w") as file:
        for name, value in arrays.items():
            with file.open(zipfile.ZipInfo(f"{name}.npy"), "w") as member:
                np.lib.format.write_array(member, np.asarray(value), allow_pickle=False)


def _write_json(path: Path, content: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=1, allow_nan=False) + "\n", encoding="utf-8")
