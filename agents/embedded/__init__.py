"""The small model that is shipped: a distilled sampler of its corpus, not a medical model; and profiles it wrote."""

from pathlib import Path

LIBRARY = Path(__file__).resolve().parent / "library.parquet"
"""A thousand profiles; `library.parquet.origin.json` beside it says who wrote them."""
