"""Joining a Ray cluster, or starting one on this machine: loopback, with a token, and no longer than needed."""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scenarios.errors import MissingExtra, RunError, UsageError

ROOT = Path(__file__).resolve().parents[2]
EXCLUDES = [".venv", ".venv-core", "runs", "trained", ".git", "docs", "tests", "benchmarks", "dist", "build"]
"""What of the checkout does not travel to the other machines."""
ANSWER_WITHIN = 5.0
"""Seconds within which a cluster must take a connection."""
OBJECT_STORE = 150_000_000
"""Bytes of a cluster that is started here: batches of hospitals are small."""
AUTO = "auto"
LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True)
class Cluster:
    """Where training runs."""

    address: str | None = None
    """`HOST:PORT` of a running cluster; `auto` in a submitted job: its own; None: one is started for the training."""
    env_runners: int = 0
    """Processes that simulate; 0: the process that trains does it itself."""
    learners: int = 0
    """Processes that learn; 0: the process that trains does it itself."""

    def __post_init__(self) -> None:
        negative = [name for name in ("env_runners", "learners") if getattr(self, name) < 0]
        if negative:
            raise UsageError(f"{', '.join(negative)}: expected at least 0.")

    @property
    def cpus(self) -> int:
        """How many CPUs a cluster of our own must have, the driver's own apart."""
        return max(1, self.env_runners + self.learners)


@contextmanager
def joined(cluster: Cluster) -> Iterator[Any]:
    """Yield Ray, connected; a cluster that was started here is stopped, one that was joined is left.

    Raises `UsageError` within seconds if nobody answers at the address, or the token is not theirs.
    """
    address = _where(cluster.address)
    _prepare(address)
    if address is not None:
        check_address(address)
    ray = imported()
    if ray.is_initialized():
        yield ray
        return
    if address is None:
        _begin(ray, cluster.cpus)
    else:
        _join(ray, address, travel=cluster.address != AUTO)
    try:
        yield ray
    finally:
        ray.shutdown()


def imported() -> Any:
    """Return Ray, or raise `MissingExtra`."""
    try:
        import ray
        import ray.rllib
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in ("ray", "torch", "gymnasium"):
            raise
        raise MissingExtra("train", "training on Ray") from None
    return ray


def check_address(address: str) -> None:
    """Raise `UsageError` if nobody listens at `HOST:PORT`."""
    host, colon, port = address.rpartition(":")
    if not colon or not port.isdigit():
        raise UsageError(f"--ray: expected HOST:PORT such as 127.0.0.1:6379, got {address!r}.")
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=ANSWER_WITHIN).close()
    except (OSError, OverflowError) as error:
        raise UsageError(
            f"--ray {address}: nobody answers ({error}). Start a cluster (docs/cluster.md), "
            "or leave --ray out to train on this machine."
        ) from None


def check_room(ray: Any, cluster: Cluster) -> None:
    """Raise `UsageError` if the cluster has too few CPUs: RLlib would wait for them without a word, for ever."""
    there = float(ray.cluster_resources().get("CPU", 0))
    wanted = cluster.env_runners + cluster.learners
    if wanted > there:
        raise UsageError(
            f"{cluster.address or 'this machine'}: {cluster.env_runners} env runners and {cluster.learners} learners "
            f"need {wanted} CPUs, the cluster has {there:g}. Ask for fewer, or add nodes."
        )


def _prepare(address: str | None) -> None:
    """Settle what Ray reads from the environment when it is imported: token, addresses, no usage statistics."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_AUTH_MODE", "token")
    os.environ.setdefault("RAY_NUM_REDIS_GET_RETRIES", "5")
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    if address is None or address.rpartition(":")[0] in LOOPBACK:
        # Otherwise Ray replaces 127.0.0.1 by the machine's address on the network, and listens there.
        os.environ.setdefault("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", "0")
    if "RAY_AUTH_TOKEN" not in os.environ:
        place = Path(os.environ.setdefault("RAY_AUTH_TOKEN_PATH", str(Path.home() / ".ray" / "auth_token")))
        if not place.exists() and address is None:
            write_token(place)


def write_token(place: Path) -> None:
    """Write a new token that only its owner can read."""
    place.parent.mkdir(parents=True, exist_ok=True)
    with os.fdopen(os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(secrets.token_hex(32))


def _where(address: str | None) -> str | None:
    if address != AUTO:
        return address
    if found := os.environ.get("RAY_ADDRESS"):
        return found
    raise UsageError(
        "--ray auto: RAY_ADDRESS is not set, so this is no job of a cluster. Name it: --ray HOST:PORT."
    )


def _begin(ray: Any, cpus: int) -> None:
    """Start a cluster on this machine."""
    try:
        ray.init(
            address="local",
            num_cpus=cpus,
            include_dashboard=False,
            object_store_memory=OBJECT_STORE,
            log_to_driver=False,
            logging_level="ERROR",
        )
    except Exception as error:  # Ray raises just that when its processes have not answered in time
        first = str(error).strip().partition("\n")[0]
        raise RunError(
            f"Ray cannot be started here ({first}) Is the machine busy, its memory or /tmp full? "
            "Try again, or leave out --env-runners and --learners: one process needs no Ray."
        ) from None


def _join(ray: Any, address: str, travel: bool) -> None:
    # On this machine the checkout is there already, and a submitted job brought its own; elsewhere it travels.
    travel = travel and address.rpartition(":")[0] not in LOOPBACK
    environment = {"working_dir": str(ROOT), "excludes": EXCLUDES} if travel else None
    try:
        ray.init(address=address, log_to_driver=False, logging_level="ERROR", runtime_env=environment)
    except (
        ConnectionError,
        RuntimeError,
        ray.exceptions.RayError,
        ray.exceptions.AuthenticationError,
    ) as error:
        first = str(error).strip().partition("\n")[0]
        raise UsageError(
            f"--ray {address}: cannot join ({first}). Is it Ray {ray.__version__}, and does RAY_AUTH_TOKEN_PATH name "
            "the token of that cluster? See docs/cluster.md."
        ) from None
