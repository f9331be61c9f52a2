"""Folders of the repository; needs the standard library alone."""

import os
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
CACHE = Path(os.environ.get("LAPLAND_CACHE") or REPOSITORY / "cache")
"""Results that are computed once and used again; safe to delete."""
