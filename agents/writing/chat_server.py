"""One JSON question to an HTTP server: a deadline, retries with pauses, and errors that say what happened."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from http.client import HTTPException, HTTPResponse
from typing import Any
from urllib.parse import urlsplit

from scenarios.errors import RunError, UsageError

LARGEST_ANSWER = 4_000_000
"""Bytes. More is not an answer to what was asked."""
PAUSES = (1.0, 2.0, 4.0)
"""Seconds before the second try and the following ones."""
LONGEST_PAUSE = 60.0
"""Seconds that a server may ask for by `Retry-After`."""
WORTH_ANOTHER_TRY = {408, 425, 429, 500, 502, 503, 504, 529}
UNREADABLE = "does not match the expected"
"""What llama.cpp's server says when an answer is cut off within a constrained format."""
RESUME = "What was written before is kept; the same command goes on from there."


class Unexpected(Exception):
    """An answer without what was looked for; the text says what was expected."""


class Unreadable(Exception):
    """The server itself could not read what its model wrote: another seed may do better, another try will not."""


class _Failure(Exception):
    """A try that failed. `pause` is what the server asked for, `final` that no other try would do better."""

    def __init__(self, what: str, pause: float | None = None, final: bool = False) -> None:
        self.pause, self.final = pause, final
        super().__init__(what)


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A key is not carried to another address."""

    def redirect_request(self, *arguments: Any) -> None:
        return None


class ChatServer:
    """A server at an address such as `http://localhost:8080/v1`."""

    def __init__(
        self, url: str, key: str | None, timeout: float, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self.url = _checked(url)
        self._key, self._timeout, self._sleep = key, timeout, sleep
        local = urlsplit(self.url).hostname in ("localhost", "127.0.0.1", "::1")
        direct = [urllib.request.ProxyHandler({})] if local else []
        self._opener = urllib.request.build_opener(_NoRedirect, *direct)

    def ask(self, path: str, body: dict[str, Any] | None, pick: Callable[[Any], Any]) -> Any:
        """Return `pick` of the JSON answered. `pick` raises `Unexpected`.

        Raises `Unreadable`, and `RunError` when every try failed.
        """
        for pause in (*PAUSES, None):
            try:
                return self._try(path, body, pick)
            except _Failure as failure:
                if failure.final or pause is None:
                    tries = "" if failure.final else f" ({len(PAUSES) + 1} tries)"
                    raise RunError(
                        f"{self.url}{path}: {self._hidden(str(failure))}{tries}. {RESUME}"
                    ) from None
                self._sleep(pause if failure.pause is None else min(failure.pause, LONGEST_PAUSE))
        raise AssertionError("unreachable")

    def _try(self, path: str, body: dict[str, Any] | None, pick: Callable[[Any], Any]) -> Any:
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if self._key:
            headers["Authorization"] = f"Bearer {self._key}"
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data=data, headers=headers)
        late = _Failure(f"no complete answer within {self._timeout:g} s")
        try:
            with self._opener.open(request, timeout=self._timeout) as response:
                raw = self._body(response, late)
        except urllib.error.HTTPError as error:
            with error:
                raise self._refusal(error, late) from None
        except TimeoutError:
            raise late from None
        except urllib.error.URLError as error:
            raise (
                late
                if isinstance(error.reason, TimeoutError)
                else _Failure(f"cannot be reached: {error.reason}")
            ) from None
        except (OSError, HTTPException) as error:
            raise _Failure(f"the connection broke ({type(error).__name__})") from None
        try:
            return pick(json.loads(raw))
        except (ValueError, RecursionError):
            raise _Failure(f"expected JSON, got {_short(raw)}") from None
        except Unexpected as error:
            raise _Failure(f"expected {error}, got {_short(raw)}") from None

    def _body(self, response: HTTPResponse | urllib.error.HTTPError, late: _Failure) -> bytes:
        """Read on while there is time: a socket's own timeout would let a server drip for ever."""
        until = time.monotonic() + self._timeout
        raw = b""
        while part := response.read1(65536):
            raw += part
            if time.monotonic() > until:
                raise late
            if len(raw) > LARGEST_ANSWER:
                raise _Failure(f"an answer of more than {LARGEST_ANSWER} bytes", final=True)
        short = getattr(response, "length", None)
        if short:  # what the server promised and did not send
            raise _Failure(f"the connection broke, {short} bytes short")
        return raw

    def _refusal(self, error: urllib.error.HTTPError, late: _Failure) -> _Failure:
        said = f"HTTP {error.code} {error.reason}"
        with suppress(OSError, HTTPException, _Failure):
            said += f": {_short(self._body(error, late))}"
        if error.code == 500 and UNREADABLE in said:
            raise Unreadable
        if error.code in (401, 403):
            said += " (is the key right?)"
        wait = error.headers.get("Retry-After", "")
        pause = float(wait) if wait.isascii() and wait.isdigit() else None
        return _Failure(said, pause, final=error.code not in WORTH_ANOTHER_TRY)

    def _hidden(self, text: str) -> str:
        """Take the key out of what a server echoes."""
        return text.replace(self._key, "***") if self._key else text


def _checked(url: str) -> str:
    example = "Expected an address such as http://localhost:8080/v1."
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise UsageError(f"--backend openai:{url}: {error}. {example}") from None
    if "@" in parts.netloc:
        raise UsageError(
            f"--backend openai: the address holds a password. {example} A key belongs in the environment."
        )
    if (
        parts.scheme not in ("http", "https")
        or not parts.hostname
        or parts.query
        or parts.fragment
        or port == 0
    ):
        raise UsageError(f"--backend openai:{url}: not the address of an endpoint. {example}")
    return url.rstrip("/")


def _short(raw: bytes) -> str:
    text = " ".join(raw[:400].decode("utf-8", "replace").split())
    text = "".join(letter if letter.isprintable() else "?" for letter in text)
    return (repr(text[:160]) + ("..." if len(text) > 160 else "")) if text else "nothing"
