"""What loading the shipped catalogue did."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class LoadReport:
    """Objects in words, such as "network base". What equals the shipped one is in none."""

    added: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    """Differ from what is shipped, and stay as they are."""
    left_out: list[str] = field(default_factory=list)
    """Staff deleted them: they do not come back by themselves."""
