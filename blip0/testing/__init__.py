"""The test ground: a pytest plugin, two named tenants, guards. Nothing here runs in production."""

from __future__ import annotations

from pathlib import Path

PROJECT_ROOT = Path(__file__).resolve().parents[2]


def shared_dir() -> Path | None:
    """The folder of the maintainers' reference data beside a checkout; None where it isn't."""
    path = PROJECT_ROOT.parent / "shared"
    return path if (path / "vectors").is_dir() else None
