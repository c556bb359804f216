"""What a visitor takes along: the report as HTML or PDF, the numbers as CSV or Parquet; all of one result."""

from __future__ import annotations

import io
import shutil
import subprocess
import tempfile
from pathlib import Path

import pandas as pd

from dashboards.app.result import Result
from dashboards.report.assembly import render
from policies.sentence import FEWEST
from scenarios.errors import UsageError

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
PDF_SECONDS = 60


def file_name(result: Result, suffix: str) -> str:
    """Return a name that says which result it is."""
    return f"fairward-{result.answer.scenario.name}-{result.short}.{suffix}"


def as_html(result: Result) -> io.BytesIO:
    """Return the report: one file that opens offline."""
    return io.BytesIO(render(result.answer, result.folder).encode("utf-8"))


def as_pdf(result: Result) -> io.BytesIO:
    """Return the report as PDF, printed by Chromium. Raises `UsageError` where there is none."""
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        raise UsageError("A PDF needs Chromium on the server. Take the HTML and print it from your browser.")
    with tempfile.TemporaryDirectory() as folder:
        page, printed = Path(folder) / "report.html", Path(folder) / "report.pdf"
        page.write_bytes(as_html(result).getvalue())
        arguments = [
            browser, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking",
            f"--user-data-dir={folder}/profile", "--no-pdf-header-footer", f"--print-to-pdf={printed}", page.as_uri(),
        ]  # fmt: skip
        try:
            subprocess.run(arguments, capture_output=True, timeout=PDF_SECONDS, check=True)
            return io.BytesIO(printed.read_bytes())
        except (OSError, subprocess.SubprocessError) as error:
            raise UsageError(
                f"Chromium could not print the report: {error}. Take the HTML instead."
            ) from None


def as_csv(result: Result) -> io.BytesIO:
    """Return means, intervals and paired differences; groups with too few patients are left out."""
    return io.BytesIO(table(result).to_csv(index=False).encode("utf-8"))


def as_parquet(result: Result) -> io.BytesIO:
    """Return the same table as Parquet."""
    made = io.BytesIO()
    table(result).to_parquet(made, index=False)
    made.seek(0)
    return made


def table(result: Result) -> pd.DataFrame:
    """Return a row for every estimate, with the key of the result and what it is of."""
    answer = result.answer
    frames = [frame.assign(policy=p, kind="level") for p, frame in answer.summaries.items()]
    frames += [frame.assign(policy=p, kind="difference") for p, frame in answer.differences.items()]
    whole = pd.concat(frames, ignore_index=True)
    kept = whole[(whole["attribute"] == "") | (whole["n_mean"] >= FEWEST)]
    first = ["result", "scenario", "kind", "policy"]
    marked = kept.assign(result=result.key, scenario=answer.scenario.name)
    return marked[[*first, *(column for column in kept.columns if column not in first)]]
