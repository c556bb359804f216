"""The dashboard as others meet it: a server of its own, asked over HTTP and WebSocket without a browser."""

import asyncio
import http.client
import json
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from http.cookies import SimpleCookie
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from typer.testing import CliRunner

pytest.importorskip("panel_material_ui")

from bokeh.util.token import generate_jwt_token, generate_session_id
from tornado.httpclient import HTTPRequest
from tornado.websocket import websocket_connect

from dashboards.app.serving import OAuth, Serving
from fairward.cli import app
from fairward.shelf import KEPT, kept
from tests.dashboards.app.site import free_port

ROOT = Path(__file__).resolve().parents[3]
SECRET = {"FAIRWARD_COOKIE_SECRET": "only a test"}
OAUTH = {"FAIRWARD_OAUTH_KEY": "the key", "FAIRWARD_OAUTH_SECRET": "the secret"}
PROTECTED = ("/", "/autoload.js?bokeh-autoload-element=1", "/metadata")


@contextmanager
def served(folder, *arguments, **environment):
    """A server by its command; its port."""
    port = free_port()
    command = [
        sys.executable,
        "-m",
        "fairward.cli",
        "dashboard",
        str(folder),
        "--port",
        str(port),
        *arguments,
    ]
    command = [part.replace("PORT", str(port)) for part in command]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **environment}
    with subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True) as server:
        try:
            for _ in range(400):
                try:
                    assert get(port, "/health")[0] == 200
                    break
                except OSError:
                    assert server.poll() is None, server.stderr.read()
                    time.sleep(0.1)
            yield port
        finally:
            server.send_signal(signal.SIGINT)
            server.stderr.read()


def get(port, path, cookies="", body=None):
    """Status, headers and text of an answer; where it sends one is not followed."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    headers = {"Cookie": cookies} if cookies else {}
    try:
        if body is None:
            connection.request("GET", path, headers=headers)
        else:
            form = {"Content-Type": "application/x-www-form-urlencoded"}
            connection.request("POST", path, urlencode(body), {**headers, **form})
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read().decode()
    finally:
        connection.close()


def log_in(port, name, password):
    """The cookies of a login, and where it sends."""
    status, headers, _ = get(port, "/login", body={"username": name, "password": password})
    assert status == 302
    jar = SimpleCookie()
    for line in headers.get_all("Set-Cookie") or []:
        jar.load(line)
    return "; ".join(f"{key}={one.value}" for key, one in jar.items() if one.value), headers["Location"]


def heard(port, cookies="", origin="", token=""):
    """What a WebSocket says first; None: it is closed, or never opened."""
    headers = {"Cookie": cookies, "Origin": origin or f"http://127.0.0.1:{port}"}
    request = HTTPRequest(f"ws://127.0.0.1:{port}/ws", headers=headers)

    async def ask():
        made = token or generate_jwt_token(generate_session_id())
        try:
            connection = await websocket_connect(request, subprotocols=["bokeh", made])
            message = await asyncio.wait_for(connection.read_message(), 30)
            connection.close()
        except Exception as refused:
            return str(refused)
        return message

    return asyncio.run(ask())


def token_of(page):
    """The token of the session that a page begins."""
    return page.partition('"token":"')[2].partition('"')[0]


@pytest.mark.slow
def test_a_password_is_asked_for_everywhere_and_a_foreign_page_gets_no_session(tmp_path):
    users = tmp_path / "users.json"
    users.write_text(json.dumps({"ada": "right"}))
    arguments = (
        "--address",
        "0.0.0.0",
        "--basic-auth",
        str(users),
        "--allow-origin",
        "plan.example.org:PORT",
    )
    with served(tmp_path, *arguments, **SECRET) as port:
        outside = [get(port, path)[:2] for path in PROTECTED]
        nobody, sent = log_in(port, "ada", "wrong")
        stranger, _ = log_in(port, "bob", "right")
        ada, home = log_in(port, "ada", "right")
        forged = get(port, "/", "user=2|1:0|10:1700000000|4:user|4:YWRh|0000")[0]
        page = get(port, "/", ada)
        own = {"cookies": ada, "token": token_of(page[2])}
        sockets = {
            "no cookie": heard(port, token=own["token"]),
            "foreign origin": heard(port, origin="http://evil.example.org", **own),
            "token made up": heard(port, cookies=ada),
            "as it should be": heard(port, origin=f"http://plan.example.org:{port}", **own),
        }

    assert [status for status, _ in outside] == [302] * len(PROTECTED)
    assert all(headers["Location"].removeprefix(".").startswith("/login") for _, headers in outside)
    assert (nobody, stranger) == ("", "")
    assert "error=" in sent
    assert "user=" in ada
    assert home == "/"
    assert forged == 302
    assert page[0] == 200
    assert "ACK" in sockets.pop("as it should be")
    assert not any(said and "ACK" in said for said in sockets.values()), sockets


@pytest.mark.slow
def test_oauth_sends_visitors_to_the_provider_with_our_key_and_lets_nobody_in_without_it(tmp_path):
    arguments = ("--oauth-provider", "github", "--allow-user", "ada")
    with served(tmp_path, *arguments, **SECRET, **OAUTH) as port:
        status, headers, _ = get(port, "/")
        login, to, _ = get(port, headers["Location"].removeprefix("."))

    assert (status, login) == (302, 302)
    provider = urlsplit(to["Location"])
    assert provider.netloc == "github.com"
    assert parse_qs(provider.query)["client_id"] == ["the key"]
    assert "the secret" not in to["Location"]


def test_only_those_named_come_in_through_oauth():
    some, all_of_them = OAuth("github", "k", "s", ["Ada@example.org"]), OAuth("github", "k", "s", ["*"])

    assert some.lets_in("ada@example.org")
    assert not some.lets_in("eve@example.org")
    assert not some.lets_in(None)
    assert all_of_them.lets_in("eve@example.org")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--address", "0.0.0.0"], ["lets others in", "--allow-origin HOST:PORT"]),
        (["--basic-auth", "nowhere.json"], ["expected a JSON file of names and passwords", "COOKIE_SECRET"]),
        (["--oauth-provider", "nobody"], ["expected one of", "FAIRWARD_OAUTH_KEY", "--allow-user", "COOKIE_SECRET"]),
        (["--oauth-provider", "github", "--basic-auth", "users.json"], ["expected one of them"]),
    ],
)  # fmt: skip
def test_what_would_be_unsafe_is_refused_before_anything_is_served(arguments, says, tmp_path):
    done = CliRunner().invoke(
        app, ["dashboard", str(tmp_path), *arguments], env={"FAIRWARD_COOKIE_SECRET": ""}
    )

    assert done.exit_code == 2
    for words in says:
        assert words in done.output


def test_this_machine_alone_needs_no_password():
    for address in ("127.0.0.1", "localhost", "::1"):
        Serving(address=address).check()


def test_what_was_simulated_is_found_again_unless_another_server_has_it(tmp_path):
    with kept(tmp_path) as first:
        (first / "run").write_text("kept")
        with kept(tmp_path) as second:
            assert second != first
            (second / "run").write_text("for now")
        assert not second.exists()
    with kept(tmp_path) as again:
        assert again == tmp_path / KEPT
        assert (again / "run").read_text() == "kept"
