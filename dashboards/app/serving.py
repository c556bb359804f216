"""Serving: the loopback by default; passwords, OAuth and origins by flags; a health endpoint."""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import panel as pn
from tornado.web import RequestHandler

from dashboards.app.desk import Desk
from dashboards.app.first import first_result, unchanged
from dashboards.app.service import RunService
from dashboards.app.session import Session, Shelf
from dashboards.app.shell import Shell, address
from scenarios.errors import UsageError

LOOPBACK = "127.0.0.1"
HEALTH = "fairward.health/1"


@dataclass(frozen=True)
class Serving:
    """How it is served."""

    port: int = 5006
    address: str = LOOPBACK
    origins: Sequence[str] = ()
    basic_auth: str | None = None
    """A password, or a JSON file of names and passwords."""
    oauth: dict[str, str] | None = None
    """`oauth_provider`, `oauth_key`, ... as Panel names them."""
    cookie_secret: str | None = None
    show: bool = False

    def check(self) -> None:
        """Raise `UsageError` with everything that would be unsafe or not work."""
        problems = []
        protected = self.basic_auth or self.oauth
        if self.address != LOOPBACK and not protected:
            problems.append(
                f"--address {self.address} lets others in: protect it with --basic-auth or --oauth-provider."
            )
        if self.address != LOOPBACK and not self.origins:
            problems.append(
                "--address other than the loopback needs --allow-origin HOST:PORT, as people type it."
            )
        if protected and not self.cookie_secret:
            problems.append("authentication needs a secret for its cookies: set FAIRWARD_COOKIE_SECRET.")
        if problems:
            raise UsageError("\n".join(problems))


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
    first = first_result()
    threading.Thread(target=service.warm, args=(unchanged,), daemon=True).start()

    def visitor() -> Any:
        session = Session(Desk(service, first, shelf.learned), service, shelf)
        address(session.desk)
        return Shell(session).page()

    more: dict[str, Any] = dict(how.oauth or {})
    if how.basic_auth:
        more["basic_auth"] = how.basic_auth
    if how.cookie_secret:
        more["cookie_secret"] = how.cookie_secret
    origins = [*how.origins, f"{LOOPBACK}:{how.port}", f"localhost:{how.port}"]
    try:
        return pn.serve(
            {"/": visitor}, port=how.port, address=how.address, websocket_origin=origins, show=how.show,
            threaded=threaded, title="Fairward", verbose=False,
            extra_patterns=[("/health", Health, {"service": service})],
            check_unused_sessions_milliseconds=10_000, unused_session_lifetime_milliseconds=60_000, **more,
        )  # fmt: skip
    except OSError as error:
        where = f"port {how.port} of {how.address}"
        raise UsageError(f"{where} cannot be used: {error.strerror}. Choose another --port.") from None
