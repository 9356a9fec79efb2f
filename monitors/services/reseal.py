"""Key rotation of viewing keys."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from blip0.common.reseal import Resealed, reseal_rows
from blip0.common.sealing import keyring
from monitors.contracts import map_viewing_keys
from monitors.models import Monitor
from monitors.selectors import viewing_key_place


def viewing_keys_reseal(*, dry_run: bool) -> Iterator[Resealed]:
    """Seal the viewing keys of all of the current tenant's monitors, deleted ones too."""
    rows = Monitor.objects.exclude(chain_configurations=[])
    yield from reseal_rows(rows, _resealed_columns, dry_run=dry_run)


def _resealed_columns(monitor: Monitor) -> dict[str, Any]:
    """The column if it changes. Raises `CannotOpen`."""
    ring, place = keyring(), viewing_key_place(monitor.pk)
    resealed = map_viewing_keys(
        monitor.chain_configurations,
        lambda _pointer, key: {**key, "value": ring.reseal(key["value"], place)},
    )
    if resealed == monitor.chain_configurations:
        return {}
    return {"chain_configurations": resealed}
