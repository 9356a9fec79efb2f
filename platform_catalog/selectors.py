"""Reads over the catalogue."""

from __future__ import annotations

from blip0.common.exceptions import NotFound
from platform_catalog.models import FilterScript, FilterScriptVersion, Network


def network_types() -> dict[str, str]:
    """The type of each enabled network by slug: what a monitor may name. One query."""
    return dict(Network.objects.filter(enabled=True).values_list("slug", "network_type"))


def script_paths() -> frozenset[str]:
    """The path of each filter script: what a condition may name. One query."""
    return frozenset(script.script_path for script in FilterScript.objects.all())


def script_version(script: FilterScript, version: int) -> FilterScriptVersion:
    """Raises `NotFound`. One query."""
    found = FilterScriptVersion.objects.filter(script=script, version=version).first()
    if found is None:
        raise NotFound(f"Script {script.name} has no version {version}.", pointer="/version")
    return found
