"""Serving: the loopback by default; passwords, OAuth and origins by flags; a health endpoint."""

from __future__ import annotations

import json
import secrets
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import panel as pn
from tornado.web import RequestHandler

from dashboards.app import look
from dashboards.app.desk import Desk
from dashboards.app.first import first_result, unchanged
from dashboards.app.service import RunService
from dashboards.app.session import Session, Shelf
from dashboards.app.shell import Shell, address
from scenarios.errors import UsageError

LOOPBACK = "127.0.0.1"
HERE = (LOOPBACK, "localhost", "::1")
NO_OAUTH = ("pam",)
"""What Panel lists among its OAuth providers and is none."""
ANYBODY = "*"
HEALTH = "fairward.health/1"


@dataclass(frozen=True)
class OAuth:
    """Who says who a visitor is, and which of them may come in."""

    provider: str
    """As Panel names it."""
    key: str
    secret: str
    users: Sequence[str] = ()
    """As the provider names them; `*`: everybody whom it knows."""

    def problems(self) -> Iterator[str]:
        """Yield everything that would be unsafe or not work."""
        from panel.auth import AUTH_PROVIDERS

        known = [name for name in AUTH_PROVIDERS if name not in NO_OAUTH]
        if self.provider not in known:
            yield f'--oauth-provider: expected one of {", ".join(known)}, got "{self.provider}".'
        if not self.key or not self.secret:
            yield "--oauth-provider: set FAIRWARD_OAUTH_KEY and FAIRWARD_OAUTH_SECRET, which the provider gave you."
        if not self.users:
            yield (
                f"--oauth-provider: everybody with an account at {self.provider} could come in. Name those who may "
                f"with --allow-user, or say --allow-user '{ANYBODY}'."
            )

    def lets_in(self, user: str | None) -> bool:
        """Whether a visitor may come in."""
        allowed = {one.casefold() for one in self.users}
        return ANYBODY in allowed or (user is not None and user.casefold() in allowed)


@dataclass(frozen=True)
class Serving:
    """How it is served."""

    port: int = 5006
    address: str = LOOPBACK
    origins: Sequence[str] = ()
    basic_auth: Path | None = None
    """A JSON file of names and passwords."""
    oauth: OAuth | None = None
    cookie_secret: str | None = None
    show: bool = False

    def check(self) -> None:
        """Raise `UsageError` with everything that would be unsafe or not work."""
        if problems := list(self._problems()):
            raise UsageError("\n".join(problems))

    def _problems(self) -> Iterator[str]:
        protected = self.basic_auth is not None or self.oauth is not None
        if self.address not in HERE and not protected:
            yield f"--address {self.address} lets others in: protect it with --basic-auth or --oauth-provider."
        if self.address not in HERE and not self.origins:
            yield "--address other than the loopback needs --allow-origin HOST:PORT, as people type it."
        if protected and not self.cookie_secret:
            yield "authentication needs a secret for its cookies: set FAIRWARD_COOKIE_SECRET."
        if self.basic_auth is not None and self.oauth is not None:
            yield "--basic-auth and --oauth-provider: expected one of them."
        if self.basic_auth is not None and not _names_and_passwords(self.basic_auth):
            # Panel would take the name of a file that is not there for the password.
            yield f'--basic-auth: expected a JSON file of names and passwords, {{"ada": "..."}}, got {self.basic_auth}.'
        if self.oauth is not None:
            yield from self.oauth.problems()


class Health(RequestHandler):
    """Says that the server answers, and how busy it is; opens no session."""

    def initialize(self, service: RunService) -> None:
        """Take what it tells of."""
        self.service = service

    def get(self) -> None:
        """Answer."""
        self.set_header("Content-Type", "application/json")
        self.set_header("Cache-Control", "no-store")
        self.finish(json.dumps({"schema": HEALTH, "status": "ok", "busy": self.service.busy}))


def serve(service: RunService, shelf: Shelf, how: Serving, threaded: bool = False) -> Any:
    """Serve until interrupted; `threaded`: return at once with something to stop. Raises `UsageError`."""
    how.check()
    pn.extension(throttled=False, sizing_mode="stretch_width")
    pn.config.nthreads = None
    pn.config.raw_css = [look.STILL]
    first = first_result()
    threading.Thread(target=_warm, args=(service,), daemon=True).start()

    def visitor() -> Any:
        session = Session(Desk(service, first, shelf.learned), service, shelf)
        address(session.desk)
        return Shell(session).page()

    more = _authentication(how)
    origins = [*how.origins, f"{LOOPBACK}:{how.port}", f"localhost:{how.port}"]
    try:
        return pn.serve(
            {"/": visitor}, port=how.port, address=how.address, websocket_origin=origins, show=how.show,
            threaded=threaded, title="Fairward", verbose=False,
            extra_patterns=[("/health", Health, {"service": service})],
            check_unused_sessions_milliseconds=10_000, unused_session_lifetime_milliseconds=60_000,
            # Signed: a session begins with a page that this server has given, after all its checks.
            sign_sessions=True, secret_key=secrets.token_hex(32), **more,
        )  # fmt: skip
    except OSError as error:
        where = f"port {how.port} of {how.address}"
        raise UsageError(f"{where} cannot be used: {error.strerror}. Choose another --port.") from None


def _warm(service: RunService) -> None:
    """Do what takes time before somebody waits for it."""
    Desk(service).policy_choices()
    service.warm(unchanged)


def _authentication(how: Serving) -> dict[str, Any]:
    """Return what Panel is told of who may come in."""
    if how.oauth is None:
        return {} if how.basic_auth is None else {
            "basic_auth": str(how.basic_auth), "cookie_secret": how.cookie_secret,
        }  # fmt: skip
    oauth = how.oauth
    pn.config.authorize_callback = lambda _: oauth.lets_in(pn.state.user)
    return {
        "oauth_provider": oauth.provider, "oauth_key": oauth.key, "oauth_secret": oauth.secret,
        "cookie_secret": how.cookie_secret,
    }  # fmt: skip


def _names_and_passwords(path: Path) -> bool:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(found, dict) and bool(found) and all(isinstance(v, str) and v for v in found.values())
