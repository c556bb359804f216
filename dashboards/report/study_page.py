"""The results page of a study, made from its manifests alone."""

from __future__ import annotations

from pathlib import Path

from dashboards.report.curves_chart import curves_drawing
from dashboards.report.front_chart import front_drawing
from dashboards.report.live_chart import live_drawing
from dashboards.report.markdown import write_markdown
from dashboards.report.profile_chart import profile_drawing
from policies.study.kept import read_kept
from policies.study.protocol import Protocol
from policies.study.telling import tell_study
from scenarios.errors import UsageError


def write_study_page(protocol: Protocol, manifests: Path, folder: Path) -> Path:
    """Write the page and its charts into a folder; the same manifests give the same bytes. Raises `UsageError`."""
    kept = read_kept(manifests)
    if any(one.manifest["protocol"] != protocol.fingerprint() for one in kept):
        raise UsageError(f"{manifests} holds the results of another protocol. Run the study of this one.")
    page = tell_study(protocol, kept)
    drawings = {name: front_drawing(front) for name, front in page.fronts.items()}
    drawings |= {name: curves_drawing(found) for name, found in page.curves.items() if found}
    drawings |= {name: profile_drawing(found, page.learned) for name, found in page.profiles.items()}
    drawings |= {} if page.live is None else {"live": live_drawing(page.live)}
    foot = (
        "## How to make it again",
        f"Every figure comes from a manifest in `{manifests.name}/`, which names a hash of the source (and the commit, "
        "if it ran in a checkout), seeds, versions and the checksums of its tables.",
        f"```sh\nfairward study run docs/results/{protocol.name}.yaml\n"
        f"fairward study report docs/results/{protocol.name}.yaml\n```",
    )
    return write_markdown(page.told, folder, drawings, foot)
