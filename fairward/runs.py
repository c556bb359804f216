"""Run folders: `runs/<time>-<name>-<hash8>/`, complete or not there at all."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from fairward.answer_json import answer_json
from policies.answer import Answer
from policies.parts import Parts, policy_folder, write_parquet
from scenarios.errors import UsageError
from scenarios.loader import dump_yaml
from sim.replications import available_cores

MANIFEST = "manifest.json"
MANIFEST_SCHEMA = "fairward.manifest/1"
PARTIAL = ".partial"
RUN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]*")
LATEST = "latest"


@dataclass(frozen=True)
class Command:
    """What was asked for, and when."""

    arguments: Mapping[str, Any]
    """Every argument with its value."""
    began: float
    """Seconds since 1970."""


@contextmanager
def partial(runs: Path, results_hash: str) -> Iterator[Parts]:
    """Yield the store of finished replications, which outlives an interruption.

    Should another process be running the same scenario in this folder, this one gets a store of its own.
    """
    folder = runs / PARTIAL / results_hash[:16]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / ".lock").open("w")
    except OSError as error:
        raise UsageError(
            f"cannot write to {runs}: {error.strerror}. Choose another folder with --out."
        ) from None
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            folder = folder.with_name(f"{folder.name}-{os.getpid()}")
            folder.mkdir(exist_ok=True)
        yield Parts(folder)


def save(answer: Answer, parts: Parts, runs: Path, command: Command) -> Path:
    """Write the run folder of an answer and remove the replications that went into it."""
    from dashboards.report import write_report

    temporary = parts.folder / f"assembling-{os.getpid()}"
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    for policy in answer.policies:
        _concatenate(parts, policy, answer.replications, temporary / "tables" / policy_folder(policy))
    write_parquet(_with_policy(answer), temporary / "outcomes.parquet")
    (temporary / "scenario.resolved.yaml").write_text(dump_yaml(answer.scenario), encoding="utf-8")
    (temporary / "answer.json").write_text(json.dumps(answer_json(answer), indent=1) + "\n", encoding="utf-8")
    write_report(answer, temporary)
    write_manifest(
        temporary,
        {
            "scenario": answer.scenario.name,
            "title": answer.scenario.title,
            "policies": list(answer.policies),
            "seed": answer.seed,
            "replications": list(answer.replications),
            "sentence": answer.sentence,
            "arguments": dict(command.arguments),
            "provenance": dict(answer.provenance),
        },
        command.began,
    )
    identity = ":".join(
        str(part)
        for part in (
            answer.provenance["results_hash"], answer.policies, answer.replications,
            *answer.provenance["checkpoints"].values(),
        )
    )  # fmt: skip
    place = publish(temporary, runs, answer.scenario.name, identity, command.began)
    forget(parts, answer.policies)
    return place


def publish(temporary: Path, runs: Path, name: str, identity: str, began: float) -> Path:
    """Rename a complete folder to `<time>-<name>-<hash8>`; a number follows if there is one already."""
    stamp = time.strftime("%Y%m%d-%H%M%S", time.localtime(began))
    slug = re.sub(r"[^A-Za-z0-9._+-]+", "-", name).strip("-.") or "unnamed"
    wanted = f"{stamp}-{slug}-{hashlib.sha256(identity.encode()).hexdigest()[:8]}"
    for n in range(1, 1000):
        place = runs / (wanted if n == 1 else f"{wanted}-{n}")
        if not place.exists():
            temporary.rename(place)
            return place
    raise UsageError(
        f"there are a thousand runs called {wanted} in {runs}. Remove some, or choose another --out."
    )


def write_manifest(folder: Path, content: Mapping[str, Any], began: float) -> None:
    """Write what is needed to make the same run again, and to know that it is the same; last into a folder.

    `content` says what was run; its files, the commit, the time and the machine are added here.
    """
    whole = {
        "schema": MANIFEST_SCHEMA,
        **content,
        "commit": commit(),
        "files": checksums(folder),
        "began": time.strftime("%Y-%m-%dT%H:%M:%S%z", time.localtime(began)),
        "wall_seconds": round(time.time() - began, 3),
        "machine": machine(),
    }
    (folder / MANIFEST).write_text(json.dumps(whole, indent=1) + "\n", encoding="utf-8")


def checksums(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of every file of a folder by its relative path."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files
    }


def machine() -> dict[str, Any]:
    """Return what it runs on; no names of people or hosts."""
    return {"system": platform.platform(), "processor": platform.machine(), "cores": available_cores()}


def commit() -> str | None:
    """Return the commit of the checkout, with `+` if there are changes; None outside one."""
    root = Path(__file__).resolve().parents[1]
    try:
        head = _git(root, "rev-parse", "HEAD")
        return head + ("+" if _git(root, "status", "--porcelain", "--untracked-files=no") else "")
    except (OSError, subprocess.SubprocessError):
        return None


def past_runs(runs: Path) -> list[tuple[Path, dict[str, Any]]]:
    """Return the runs of a folder with their manifests, the newest last."""
    if not runs.is_dir():
        return []
    found = []
    for path in sorted(runs.iterdir()):
        if path.name.startswith(".") or not (path / MANIFEST).is_file():
            continue
        found.append((path, read_manifest(path)))
    return found


def find_run(runs: Path, name: str) -> Path:
    """Return the folder of a run: its name or an unambiguous beginning of it, or `latest`."""
    names = [path.name for path, _ in past_runs(runs)]
    if not names:
        raise UsageError(f"there are no runs in {runs}. Make one: fairward demo")
    if name == LATEST:
        return runs / names[-1]
    if not RUN_NAME.fullmatch(name):
        raise UsageError(
            f"expected the name of a run, without folders, got {name!r}. See `fairward runs list`."
        )
    if name in names:
        return runs / name
    near = [known for known in names if known.startswith(name) or name in known.split("-")]
    if len(near) != 1:
        what = "is not a run" if not near else f"could be any of {', '.join(near)}"
        raise UsageError(f'"{name}" {what} in {runs}. See `fairward runs list`.')
    return runs / near[0]


def read_manifest(folder: Path) -> dict[str, Any]:
    """Return the manifest of a run."""
    try:
        content = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(f"{folder / MANIFEST} cannot be read: {error}. Move the folder away.") from None
    if not isinstance(content, dict) or content.get("schema") != MANIFEST_SCHEMA:
        raise UsageError(f"{folder / MANIFEST}: expected {MANIFEST_SCHEMA}. Move the folder away.")
    return content


def _concatenate(parts: Parts, policy: str, replications: Sequence[int], folder: Path) -> None:
    """Write each table of all replications, one row group a replication."""
    folder.mkdir(parents=True)
    for name in parts.table_names(policy, replications[0]):
        tables = [
            _numbered(pq.read_table(parts.place(policy, number) / f"{name}.parquet"), number)
            for number in replications
        ]
        schema = pa.unify_schemas([table.schema for table in tables], promote_options="permissive")
        with pq.ParquetWriter(folder / f"{name}.parquet", schema, compression="zstd") as writer:
            for table in tables:
                writer.write_table(table.cast(schema), row_group_size=max(len(table), 1))


def _numbered(table: pa.Table, number: int) -> pa.Table:
    column = pa.repeat(pa.scalar(number, pa.int32()), len(table))
    return table.replace_schema_metadata(None).add_column(0, "replication", column)


def _with_policy(answer: Answer) -> pd.DataFrame:
    frames = [
        frame.assign(policy=policy)[["policy", *frame.columns]] for policy, frame in answer.outcomes.items()
    ]
    return pd.concat(frames, ignore_index=True)


def forget(parts: Parts, policies: Sequence[str]) -> None:
    """Remove the finished replications of some policies, and the store when it is empty."""
    for policy in policies:
        shutil.rmtree(parts.home(policy), ignore_errors=True)
    if all(path.name == ".lock" for path in parts.folder.iterdir()):
        shutil.rmtree(parts.folder, ignore_errors=True)


def _git(root: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", "-C", str(root), *arguments], capture_output=True, text=True, check=True, timeout=10
    )
    return done.stdout.strip()
