"""Servers that hang, drip, drop, refuse, lose their temper or talk nonsense: a clear error each, and no key in it."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from agents.profiles.compact import picture_text
from agents.writing.chat_server import ChatServer
from agents.writing.endpoint_writer import KEY_VARIABLE, EndpointWriter
from agents.writing.forms import json_form, line_form
from agents.writing.line import line_of
from agents.writing.writer import Rejected
from scenarios.errors import RunError, UsageError
from tests.agents.writing.pictures import calibrated_profiles

KEY = "sk-very-secret"
PROFILE = calibrated_profiles(1, 1)[0]
Answer = Callable[[BaseHTTPRequestHandler, Any], None]


def reply(status: int, body: bytes | str | dict[str, Any], **headers: str) -> Answer:
    """An answer with this body."""
    raw = (
        json.dumps(body).encode()
        if isinstance(body, dict)
        else body.encode()
        if isinstance(body, str)
        else body
    )

    def answer(handler: BaseHTTPRequestHandler, request: Any) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", str(len(raw)))
        handler.end_headers()
        handler.wfile.write(raw)

    return answer


def completion(text: str | None, end: str = "stop") -> dict[str, Any]:
    return {"choices": [{"message": {"role": "assistant", "content": text}, "finish_reason": end}]}


@contextmanager
def serving(*answers: Answer) -> Iterator[tuple[str, list[Any]]]:
    """A server that gives these answers in turn, the last one for ever; yields its address and the requests."""
    asked: list[Any] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.do_POST()

        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length)) if length else None
            asked.append((self.path, body, dict(self.headers)))
            with suppress(BrokenPipeError, ConnectionResetError):
                answers[min(len(asked), len(answers)) - 1](self, body)

        def log_message(self, *arguments: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def hang(handler: BaseHTTPRequestHandler, request: Any) -> None:
    time.sleep(1.2)


def drip(handler: BaseHTTPRequestHandler, request: Any) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    for _ in range(30):
        handler.wfile.write(b" ")
        handler.wfile.flush()
        time.sleep(0.05)


def drop(handler: BaseHTTPRequestHandler, request: Any) -> None:
    handler.connection.close()


def drop_midway(handler: BaseHTTPRequestHandler, request: Any) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b'{"choices":')
    handler.wfile.flush()
    handler.connection.close()


def writer(url: str, pauses: list[float] | None = None, timeout: float = 0.4, **more: Any) -> EndpointWriter:
    """A writer that notes its pauses instead of making them."""
    options: dict[str, Any] = {"form": json_form(), "model": "m", **more}
    return EndpointWriter(
        url, timeout=timeout, sleep=(pauses if pauses is not None else []).append, **options
    )


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (hang, "no complete answer within 0.4 s"),
        (drip, "no complete answer within 0.4 s"),
        (drop, "the connection broke"),
        (drop_midway, "the connection broke"),
        (reply(500, "out of memory"), "HTTP 500 Internal Server Error: 'out of memory'"),
        (reply(503, b"\x00\x1b[31mbusy\xff"), "HTTP 503"),
        (reply(200, "<html>login here</html>"), "expected JSON, got '<html>login here</html>'"),
        (reply(200, ""), "expected JSON, got nothing"),
        (reply(200, "[" * 100_000), "expected JSON"),
        (reply(200, {"error": "no such model"}), "expected a chat completion, got "),
        (reply(200, {"choices": []}), "expected a chat completion"),
        (reply(200, completion(None)), "expected a chat completion with text"),
    ],
)
def test_a_server_that_fails_each_time_is_asked_four_times_and_then_named(answer, said):
    pauses: list[float] = []
    with serving(answer) as (url, asked), pytest.raises(RunError) as failed:
        writer(url, pauses).write(PROFILE.demographics, seed=1, attempt=0)

    message = str(failed.value)
    assert message.startswith(f"{url}/chat/completions: {said}")
    assert "(4 tries)" in message
    assert "the same command goes on from there" in message
    assert message.isprintable()
    assert len(message) < 500
    assert len(asked) == 4
    assert pauses == [1.0, 2.0, 4.0]


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (reply(400, "schema not supported"), "HTTP 400 Bad Request: 'schema not supported'"),
        (reply(401, f"bad key {KEY}"), "HTTP 401 Unauthorized: 'bad key ***' (is the key right?)"),
        (reply(404, ""), "HTTP 404 Not Found: nothing"),
        (reply(307, "", Location="http://127.0.0.1:1/elsewhere"), "HTTP 307"),
        (reply(302, "", Location="http://127.0.0.1:1/elsewhere"), "HTTP 302"),
        (reply(200, b" " * 5_000_000), "an answer of more than 4000000 bytes"),
    ],
)
def test_what_no_second_try_would_mend_is_said_at_once(answer, said, monkeypatch):
    monkeypatch.setenv(KEY_VARIABLE, KEY)
    with serving(answer) as (url, asked), pytest.raises(RunError) as failed:
        writer(url, timeout=5).write(PROFILE.demographics, seed=1, attempt=0)

    assert str(failed.value).startswith(f"{url}/chat/completions: {said}")
    assert KEY not in str(failed.value)
    assert len(asked) == 1


def test_a_server_that_recovers_is_not_complained_of():
    pauses: list[float] = []
    good = reply(200, completion(picture_text(PROFILE.picture)))
    with serving(reply(429, "slow down", Retry_After="7"), drop, reply(500, ""), good) as (url, _):
        picture = writer(url, pauses, timeout=5).write(PROFILE.demographics, seed=1, attempt=0)

    assert picture == PROFILE.picture
    assert pauses == [7.0, 2.0, 4.0]


def test_a_server_cannot_make_us_wait_for_hours():
    pauses: list[float] = []
    with serving(reply(503, "", Retry_After="86400")) as (url, _), pytest.raises(RunError):
        writer(url, pauses).write(PROFILE.demographics, seed=1, attempt=0)

    assert max(pauses) == 60.0


def test_nobody_listening_is_said():
    with serving(drop) as (url, _):
        pass

    with pytest.raises(RunError, match="cannot be reached"):
        writer(url).write(PROFILE.demographics, seed=1, attempt=0)


def test_what_is_asked_holds_the_patient_the_schema_and_the_key_in_its_header_only(monkeypatch):
    monkeypatch.setenv(KEY_VARIABLE, KEY)
    good = reply(200, completion(picture_text(PROFILE.picture)))
    with serving(good) as (url, asked):
        one = writer(url, timeout=5)
        one.write(PROFILE.demographics, seed=1, attempt=0)
        one.write(PROFILE.demographics, seed=1, attempt=1)

    (path, body, headers), (_, again, _) = asked
    assert path == "/v1/chat/completions"
    assert headers["Authorization"] == f"Bearer {KEY}"
    assert KEY not in json.dumps(body) + repr(one) + repr(one.identity) + one.label
    assert body["response_format"]["json_schema"]["schema"]["required"][0] == "smoking"
    assert f'"age":{PROFILE.demographics.age}' in body["messages"][-1]["content"]
    assert PROFILE.demographics.profile_id not in json.dumps(body)
    assert (body["temperature"], body["top_p"]) == (1, 1)
    assert body["seed"] != again["seed"]


def test_the_embedded_model_behind_a_server_is_asked_in_its_own_form():
    with serving(reply(200, completion(line_of(PROFILE.picture)))) as (url, asked):
        picture = writer(url, timeout=5, form=line_form()).write(PROFILE.demographics, seed=1, attempt=0)

    assert picture == PROFILE.picture
    body = asked[0][1]
    assert body["grammar"].startswith("root ::= ")
    assert "response_format" not in body
    assert len(body["messages"]) == 1


def test_what_a_server_writes_is_checked_like_all_else():
    with serving(
        reply(200, completion('{"pulse":900,"complaints":["fall"]}')),
        reply(200, completion("{}", end="length")),
    ) as (url, _):
        one = writer(url, timeout=5)
        for reason in ("vitals.pulse", "longer than it may be"):
            with pytest.raises(Rejected, match=reason):
                one.write(PROFILE.demographics, seed=1, attempt=0)


def test_a_model_that_its_own_server_cannot_read_is_rejected_at_once():
    said = {
        "error": {"message": "The model produced output that does not match the expected peg-native format"}
    }
    with serving(reply(500, said)) as (url, asked), pytest.raises(Rejected, match="by its own server"):
        writer(url, timeout=5).write(PROFILE.demographics, seed=1, attempt=0)

    assert len(asked) == 1


def test_the_first_listed_model_is_used_and_no_list_says_what_to_do():
    with serving(reply(200, {"data": [{"id": "first"}, {"id": "second"}]})) as (url, asked):
        assert writer(url, timeout=5, model=None).identity["model"] == "first"
    assert asked[0][0] == "/v1/models"

    with serving(reply(404, "no")) as (url, _), pytest.raises(RunError) as failed:
        writer(url, timeout=5, model=None)
    assert "--model" in failed.value.__notes__[0]


@pytest.mark.parametrize(
    "url",
    [
        "localhost:8080",
        "ftp://a/v1",
        "http://",
        "http:///v1",
        "http://a:b/v1",
        "http://a:99999/v1",
        "http://a/v1?x=1",
    ],
)
def test_an_address_that_is_none_is_refused_before_anything_is_asked(url):
    with pytest.raises(UsageError, match="http://localhost:8080/v1"):
        ChatServer(url, None, 1)


def test_a_password_in_the_address_is_refused_and_not_repeated():
    with pytest.raises(UsageError) as refused:
        ChatServer("http://me:hunter2@host/v1", None, 1)

    assert "hunter2" not in str(refused.value)
