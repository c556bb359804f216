"""All environments by name. A new one is a class and one line here."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from policies.parameters import suggestion
from scenarios.errors import MissingExtra, UsageError

ENVIRONMENTS: dict[str, str] = {
    "hospital_network_v0": "policies.environments.hospital_network:HospitalNetwork",
    "hospital_network_lockstep_v0": "policies.environments.lockstep:LockstepNetwork",
    "hospital_desk_v0": "policies.environments.hospital_desk:HospitalDesk",
}
"""Name -> module and class; imported when made, for all but the one in lockstep need the extra `env`."""


def make(name: str, **settings: Any) -> Any:
    """Return an environment. Raises `UsageError` on a strange name, `MissingExtra` without the extra `env`."""
    if name not in ENVIRONMENTS:
        raise UsageError(f'environment "{name}" is not known. {suggestion(name, ENVIRONMENTS)}')
    module, _, kind = ENVIRONMENTS[name].partition(":")
    try:
        found = getattr(import_module(module), kind)
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in ("gymnasium", "pettingzoo"):
            raise
        raise MissingExtra("env", name) from None
    return found(**settings)
