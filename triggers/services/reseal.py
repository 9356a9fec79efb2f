"""Key rotation of triggers' secrets."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from blip0.common.reseal import Resealed, reseal_rows
from blip0.common.sealing import keyring
from triggers.contracts import TRIGGER_TYPES, TriggerContract
from triggers.contracts.base import secret_text, with_text
from triggers.models import TriggerConfig
from triggers.store import columns_of, config_rows, place_of


def triggers_reseal(*, dry_run: bool) -> Iterator[Resealed]:
    """Seal the secrets of all of the current tenant's triggers, deleted ones too."""
    for contract in TRIGGER_TYPES.values():
        rows = config_rows(contract.kind)
        yield from reseal_rows(rows, partial(_resealed_columns, contract), dry_run=dry_run)


def _resealed_columns(contract: TriggerContract, row: TriggerConfig) -> dict[str, Any]:
    """The columns of a row that change. Raises `CannotOpen`."""
    place, ring = place_of(row.pk), keyring()

    def resealed(field: str, secret: object) -> object:
        return with_text(secret, ring.reseal(secret_text(secret) or "", place(field)))

    columns = columns_of(row)
    values = contract.values(contract.replace_secrets(contract.config(columns), resealed))
    return {name: value for name, value in values.items() if columns[name] != value}
