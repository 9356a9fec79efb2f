"""Contract specs: stored once a tenant by the hash of their canonical JSON.

Callers hold the tenant's lock (`tenant_lock`): otherwise one transaction could remove as an
orphan the very spec that another is about to name.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

from django.db import connection

from blip0.common.canonical import canonical_bytes, sha256_hex
from monitors.choices import SpecKind
from monitors.models import ContractSpec

_REMOVE_ORPHANS: Final = """
DELETE FROM monitors_contractspec WHERE sha256 = ANY(%s)
    AND NOT EXISTS (SELECT FROM monitors_monitoraddress WHERE contract_spec_id = sha256)
"""


def specs_of(addresses: list[dict[str, Any]]) -> list[ContractSpec | None]:
    """The spec of each address of a checked document, not yet stored. No query."""
    return [_spec(entry.get("contract_spec")) for entry in addresses]


def spec_kind(value: Any) -> SpecKind:
    """Which chain's spec it is, as the runtime reads it: an empty list is an EVM ABI."""
    if isinstance(value, dict):
        return SpecKind.SOLANA
    return SpecKind.EVM if all("type" in item for item in value) else SpecKind.STELLAR


def store_specs(specs: Collection[ContractSpec | None]) -> None:
    """Insert those that the tenant doesn't have yet. At most one query."""
    unique = {spec.sha256: spec for spec in specs if spec is not None}
    if unique:
        ContractSpec.objects.bulk_create(unique.values(), ignore_conflicts=True)


def remove_orphans(sha256s: Collection[str]) -> None:
    """Remove those of the given specs that no address names.

    Addresses of deleted monitors count: they are history.
    """
    if sha256s:
        # Through the models, deleting would select the rows first.
        with connection.cursor() as cursor:
            cursor.execute(_REMOVE_ORPHANS, [list(sha256s)])


def _spec(value: Any) -> ContractSpec | None:
    if value is None:
        return None
    content = canonical_bytes(value)
    return ContractSpec(
        sha256=sha256_hex(content),
        kind=spec_kind(value),
        content=content.decode(),
        size=len(content),
    )
