"""Where scenarios are found: the library that is shipped, and the user's files."""

import os
from pathlib import Path as FilePath

from scenarios.errors import Problem, ScenarioError
from scenarios.shape import did_you_mean
from scenarios.tree import Place

LIBRARY = FilePath(__file__).parent / "library"
SUFFIXES = (".yaml", ".yml")


def library_names() -> tuple[str, ...]:
    """Return the names of the library scenarios, for example `surge` or `validation/erlang-c-5-3`."""
    return tuple(
        sorted(path.relative_to(LIBRARY).with_suffix("").as_posix() for path in LIBRARY.rglob("*.yaml"))
    )


def locate(
    name_or_path: str | os.PathLike[str], beside: FilePath | None, place: Place
) -> tuple[FilePath, str]:
    """Return the file of a scenario and how to show it in problems.

    A text that ends in `.yaml` is a file, relative to the file `beside` which it is
    written; any other is a library name first, then a file. `place` is where a
    problem with it is reported.
    """
    text = os.fspath(name_or_path)
    if "\0" in text:
        raise _unknown(text, place)
    in_library = LIBRARY / f"{text}.yaml"
    if not text.endswith(SUFFIXES) and text in library_names():
        return in_library, _shown(in_library)
    file = FilePath(text) if beside is None else beside.parent / text
    if text.endswith(SUFFIXES) or file.is_file():
        return file, text if beside is None else _shown(file)
    raise _unknown(text, place)


def _unknown(text: str, place: Place) -> ScenarioError:
    remedy = did_you_mean(text, library_names(), "See `fairward list`.")
    path = "extends" if place.line is not None else ""
    if "\0" not in text and FilePath(text).is_dir():
        files = sorted(file for suffix in SUFFIXES for file in FilePath(text).glob(f"*{suffix}"))
        example = f", such as {files[0]}" if files else ""
        got = f'"{text}" is a folder'
        return ScenarioError([Problem(*place, path, "", got, f"Name a scenario file{example}.")])
    got = f'"{text}" is neither a scenario of the library nor a file'
    return ScenarioError([Problem(*place, path, "", got, remedy)])


def _shown(file: FilePath) -> str:
    relative = os.path.relpath(file)
    return str(file) if relative.startswith("..") else relative
