"""What the README and the documentation promise: links lead somewhere, commands exist, snippets run."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from fairward.cli import app
from policies.parameters import parse
from policies.registry import LEARNED, POLICIES
from scenarios.loader import library_names, load

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("benchmarks/*.md")])
FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"(?<!`)\]\(([^)\s]+)\)")
WRITTEN_BY_THE_READER = ("scenario.yaml", "my-network.yaml", "FILE")


def named(page: Path) -> str:
    return str(page.relative_to(ROOT))


def commands() -> Iterator[tuple[str, str]]:
    """Every `fairward ...` of a code block or of inline code, with its page."""
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        blocks = [body for language, body in FENCE.findall(text) if language in ("", "sh", "console")]
        lines = [line.strip() for body in blocks for line in body.splitlines()]
        lines += re.findall(r"`(fairward [^`]+)`", re.sub(r"\s*\n\s*", " ", FENCE.sub("", text)))
        for line in lines:
            command = line.removeprefix("$ ").removeprefix(".venv/bin/")
            if command.startswith("fairward "):
                yield named(page), command


COMMANDS = sorted(set(commands()))


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_relative_links_lead_to_files_that_exist(page):
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    targets = [t for t in LINK.findall(text) if not re.match(r"[a-z]+:|#", t)]

    missing = [t for t in targets if not (page.parent / t.partition("#")[0]).exists()]

    assert missing == []


def parsed(command: str) -> tuple[Any, dict[str, Any]]:
    """The command and its parameters as the parser reads them; raises for what it does not know."""
    words = [word for word in shlex.split(command, comments=True)[1:] if word != "..."]
    unfinished = "..." in command
    node = typer.main.get_command(app)
    context = node.context_class(node, info_name="fairward")
    while hasattr(node, "commands"):
        options = [word for word in words if word.startswith("-")]
        if not words or words[0].startswith("-"):
            known = {name for parameter in node.get_params(context) for name in parameter.opts}
            assert set(options) <= known
            return node, {}
        assert words[0] in node.commands, f"no command {words[0]!r}"
        node = node.commands[words.pop(0)]
        context = node.context_class(node, parent=context, info_name=node.name)
    known = {name for parameter in node.get_params(context) for name in parameter.opts}
    if "--help" in words or unfinished or not words:  # named, not shown
        assert {word.partition("=")[0] for word in words if word.startswith("-")} <= known
        return node, {}
    values, rest, _ = node.make_parser(context).parse_args(args=words)
    assert rest == []
    missing = [p.name for p in node.params if p.required and values.get(p.name) is None]
    assert missing == []
    return node, values


@pytest.mark.parametrize(("page", "command"), COMMANDS)
def test_commands_shown_exist_with_their_options(page, command):
    _, values = parsed(command)

    for option in ("policy", "policies"):
        for policy in (values.get(option) or "").split(","):
            assert {name for name, _ in parse(policy)} <= {*POLICIES, *LEARNED} if policy else True
    scenario = values.get("scenario")
    if scenario is not None and scenario not in WRITTEN_BY_THE_READER:
        assert scenario in library_names() or (ROOT / scenario).exists()
        load(scenario if scenario in library_names() else ROOT / scenario, values.get("changes") or ())


def test_the_readme_shows_commands():
    assert len([command for page, command in COMMANDS if page == "README.md"]) > 5


def runnable() -> list[tuple[str, str]]:
    pattern = re.compile(r"<!-- runnable -->\n```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
    return [
        (named(page), code) for page in PAGES for code in pattern.findall(page.read_text(encoding="utf-8"))
    ]


@pytest.mark.parametrize(("page", "code"), runnable())
def test_snippets_marked_as_runnable_run(page, code, capsys):
    exec(compile(code, page, "exec"), {"__name__": "snippet"})

    assert capsys.readouterr().out


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_files_shown_are_the_files(page):
    pattern = re.compile(r"<!-- file: (\S+) -->\n```\w*\n(.*?)^```", re.MULTILINE | re.DOTALL)

    for path, shown in pattern.findall(page.read_text(encoding="utf-8")):
        assert shown == (ROOT / path).read_text(encoding="utf-8")


def test_pictures_are_small_and_stand_alone():
    pictures = sorted(ROOT.glob("docs/images/*.svg"))

    assert pictures
    for picture in pictures:
        text = picture.read_text(encoding="utf-8")
        assert len(text) < 60_000
        assert "var(--" not in text
        assert "http" not in text.replace("http://www.w3.org/2000/svg", "")
