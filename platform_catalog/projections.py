"""What the runtime gets of the catalogue: networks and filter scripts, set-based.

A network's document is exactly the runtime's own Network object: it refuses unknown keys, so
nothing else is in it, and optional keys are there only when set.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db.models import OuterRef, Prefetch, QuerySet, Subquery

from blip0.common.canonical import canonical_bytes
from platform_catalog.models import FilterScript, FilterScriptVersion, Network, RpcEndpoint

FILTER_SCHEMA = 1


@dataclass(frozen=True)
class CatalogueDocument:
    """One document of the platform's scope. `enabled` is always true for a script."""

    key: str
    name: str
    enabled: bool
    body: dict[str, Any]


def network_documents(slugs: Collection[str] | None = None) -> dict[str, CatalogueDocument]:
    """Networks by slug; all of them without `slugs`. Two queries.

    A disabled network is rendered too: it stays in Redis until no document names it.
    """
    endpoints = RpcEndpoint.objects.filter(enabled=True).order_by("position", "id")
    networks = Network.objects.prefetch_related(Prefetch("rpc_endpoints", endpoints))
    if slugs is not None:
        networks = networks.filter(slug__in=slugs)
    return {
        network.slug: CatalogueDocument(
            network.slug, network.name, network.enabled, network_body(network)
        )
        for network in networks
    }


def network_body(network: Network) -> dict[str, Any]:
    """The runtime's Network object. No query where `rpc_endpoints` is prefetched."""
    body: dict[str, Any] = {
        "network_type": network.network_type,
        "slug": network.slug,
        "name": network.name,
        "rpc_urls": [
            {
                "type_": endpoint.rpc_type,
                "url": {"type": endpoint.url_kind, "value": endpoint.url},
                "weight": endpoint.weight,
            }
            for endpoint in network.rpc_endpoints.all()
        ],
        "block_time_ms": network.block_time_ms,
        "confirmation_blocks": network.confirmation_blocks,
        "cron_schedule": network.cron_schedule,
    }
    optional = {
        "chain_id": network.chain_id,
        "network_passphrase": network.network_passphrase or None,
        "max_past_blocks": (
            "unlimited" if network.max_past_blocks_unlimited else network.max_past_blocks
        ),
        "store_blocks": network.store_blocks,
        "recovery_config": network.recovery_config,
    }
    return body | {key: value for key, value in optional.items() if value is not None}


def filter_documents(names: Collection[str] | None = None) -> dict[str, CatalogueDocument]:
    """Filter scripts by name, each at its current version. One query."""
    scripts = _with_content(FilterScript.objects.all())
    if names is not None:
        scripts = scripts.filter(name__in=names)
    return {
        script.name: CatalogueDocument(
            script.name, script.name, enabled=True, body=_filter_body(script, script.content)
        )
        for script in scripts
    }


def _with_content(scripts: QuerySet[FilterScript]) -> QuerySet[Any]:
    current = FilterScriptVersion.objects.filter(
        script=OuterRef("pk"), version=OuterRef("current_version")
    )
    return scripts.annotate(content=Subquery(current.values("content")))


def _filter_body(script: FilterScript, content: str) -> dict[str, Any]:
    signed = {
        "name": script.name,
        "version": script.current_version,
        "language": script.language,
        "content": content,
        "arguments": script.arguments,
        "timeout_ms": script.timeout_ms,
    }
    return signed | {
        "schema": FILTER_SCHEMA,
        "script_path": script.script_path,
        "sha256": hashlib.sha256(content.encode()).hexdigest(),
        "signature": script_signature(signed),
    }


def script_signature(signed: dict[str, Any]) -> str:
    """HMAC-SHA256, hex, over the canonical JSON of what the runtime executes.

    Whoever can write to Redis still cannot make the runtime run code: the key is not there.
    """
    key = settings.SCRIPT_SIGNING_KEY.encode()
    return hmac.new(key, canonical_bytes(signed), hashlib.sha256).hexdigest()
