"""Reads over the catalogue."""

from __future__ import annotations

from typing import TypeVar

from django.db.models import Func, IntegerField, QuerySet

from blip0.common.exceptions import NotFound
from platform_catalog.models import (
    FilterScript,
    FilterScriptVersion,
    MonitorTemplate,
    Network,
)

Row = TypeVar("Row", FilterScript, MonitorTemplate, Network)


def network_types() -> dict[str, str]:
    """The type of each enabled network by slug: what a monitor may name. One query."""
    return dict(Network.objects.filter(enabled=True).values_list("slug", "network_type"))


def script_paths() -> frozenset[str]:
    """The path of each filter script: what a condition may name. One query."""
    return frozenset(script.script_path for script in FilterScript.objects.all())


def network_called(slug: str) -> Network:
    """Raises `NotFound`. One query."""
    return _called(Network.objects.all(), slug, "network")


def script_called(name: str) -> FilterScript:
    """Raises `NotFound`. One query."""
    return _called(FilterScript.objects.all(), name, "filter script")


def template_called(slug: str) -> MonitorTemplate:
    """Raises `NotFound`. One query."""
    return _called(MonitorTemplate.objects.all(), slug, "template")


def script_version(script: FilterScript, version: int) -> FilterScriptVersion:
    """Raises `NotFound`. One query."""
    found = FilterScriptVersion.objects.filter(script=script, version=version).first()
    if found is None:
        raise NotFound(f"Script {script.name} has no version {version}.", pointer="/version")
    return found


def sized_versions(versions: QuerySet[FilterScriptVersion]) -> QuerySet[FilterScriptVersion]:
    """Without their contents, but with how many bytes these have in UTF-8: `size`."""
    size = Func("content", function="octet_length", output_field=IntegerField())
    return versions.annotate(size=size).defer("content")


def _called(rows: QuerySet[Row], key: str, noun: str) -> Row:
    found = rows.filter(pk=key).first()
    if found is None:
        raise NotFound(f"There is no {noun} {key}.")
    return found
