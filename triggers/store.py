"""The rows of triggers' configurations, and the secrets in them: sealing, opening, masking.

Everything here works inside the current tenant's schema; secrets are bound to that tenant.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from functools import lru_cache
from typing import Any, cast
from uuid import UUID

import orjson
from django.db import connection
from django.db.models import QuerySet

from blip0.common.sealing import CannotOpen, Place, hint, keyring
from blip0.common.tenancy import current_tenant_id
from triggers.contracts import TRIGGER_TYPES
from triggers.contracts.base import Config, secret_text, with_text
from triggers.models import Trigger, TriggerConfig


def config_model(kind: str) -> type[TriggerConfig]:
    """The model of a type's configuration. Raises `KeyError` for an unknown type."""
    field = Trigger._meta.get_field(TRIGGER_TYPES.get(kind).relation)
    return cast(type[TriggerConfig], field.related_model)


def config_rows(kind: str) -> QuerySet[TriggerConfig]:
    """All rows of a type's table."""
    return QuerySet(config_model(kind))


def columns_of(row: TriggerConfig) -> dict[str, Any]:
    """What `TriggerContract.config` takes, from a row that is loaded."""
    return {
        field.attname: getattr(row, field.attname)
        for field in row._meta.concrete_fields
        if not field.primary_key
    }


def sealed_configs(ids: Iterable[UUID]) -> dict[UUID, dict[str, Any]]:
    """The stored documents of triggers. One query, or none.

    A trigger without a row of its type is left out.
    """
    listed = list(ids)
    if not listed:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_configs(), [listed])
        return {
            pk: TRIGGER_TYPES.get(kind).config(orjson.loads(columns))
            for pk, kind, columns in cursor.fetchall()
            if columns is not None
        }


def live_triggers(
    slugs: Collection[str] | None = None, *, lock: bool = False
) -> Iterator[tuple[UUID, str, str, str, dict[str, Any]]]:
    """Id, slug, name, type and stored document of the live triggers, or of those among `slugs`.

    `lock` is that of a change which leaves keys alone. One query, or none.
    """
    if slugs is not None and not slugs:
        return
    with connection.cursor() as cursor:
        named = slugs is not None
        cursor.execute(_live(named=named, lock=lock), [list(slugs or ())] if named else [])
        for pk, slug, name, kind, columns in cursor.fetchall():
            config = TRIGGER_TYPES.get(kind).config(orjson.loads(columns)) if columns else {}
            yield pk, slug, name, kind, config


def config_columns() -> str:
    """SQL in a query of `triggers_trigger`: the columns of the type's table as JSON, or null.

    A CASE, since five joins take longer to plan than a few triggers take to read.
    """
    cases = " ".join(
        f"WHEN '{kind}' THEN (SELECT row_to_json(config)::text "
        f"FROM {config_model(kind)._meta.db_table} AS config WHERE trigger_id = id)"
        for kind in TRIGGER_TYPES
    )
    return f"CASE trigger_type {cases} END"


@lru_cache(maxsize=1)
def _configs() -> str:
    return f"SELECT id, trigger_type, {config_columns()} FROM triggers_trigger WHERE id = ANY(%s)"


@lru_cache(maxsize=4)
def _live(*, named: bool, lock: bool) -> str:
    return (
        f"SELECT id, slug, name, trigger_type, {config_columns()} FROM triggers_trigger "
        f"WHERE deleted_at IS NULL{' AND slug = ANY(%s)' if named else ''} "
        f"ORDER BY id{' FOR NO KEY UPDATE' if lock else ''}"
    )


def place_of(trigger_id: UUID) -> Callable[[str], Place]:
    """Where a field's secret of this trigger stands, in the current tenant."""
    tenant_id = current_tenant_id()
    return lambda field: Place(tenant_id, trigger_id, field)


def open_secret(trigger_id: UUID, field: str, secret: object) -> str:
    """The plain text of a stored secret. Raises `CannotOpen`."""
    return keyring().open(secret_text(secret) or "", place_of(trigger_id)(field))


def opened_config(kind: str, trigger_id: UUID, config: Config) -> dict[str, Any]:
    """The document with its secrets in plain text. Raises `CannotOpen`."""

    def opened(field: str, secret: object) -> object:
        return with_text(secret, open_secret(trigger_id, field, secret))

    return TRIGGER_TYPES.get(kind).replace_secrets(config, opened)


def sealed_config(
    kind: str,
    trigger_id: UUID,
    config: Config,
    *,
    stored: Config | None = None,
    kept: Collection[str] = (),
) -> dict[str, Any]:
    """The plain document with its secrets sealed.

    A `kept` field's sealed text is taken from `stored` verbatim; any other one's too, where its
    plain text hasn't changed: equal content keeps equal bytes.
    """
    place, ring = place_of(trigger_id), keyring()
    secrets = secrets_in(kind, stored or {})

    def sealed(field: str, secret: object) -> object:
        text = secret_text(secrets.get(field))
        if text is None or field not in kept:
            text = ring.keep_or_seal(secret_text(secret) or "", place(field), text)
        return with_text(secret, text)

    return TRIGGER_TYPES.get(kind).replace_secrets(config, sealed)


def masked_config(kind: str, trigger_id: UUID, config: Config) -> dict[str, Any]:
    """The stored document as people may see it: `{"set": true, "hint": "…abcd"}` for a secret.

    A secret for which an import had no value reads `{"set": false}`.
    """

    def masked(field: str, secret: object) -> object:
        try:
            plain = open_secret(trigger_id, field, secret)
        except CannotOpen:
            return {"set": True, "hint": hint("")}
        return {"set": True, "hint": hint(plain)} if plain else {"set": False}

    return TRIGGER_TYPES.get(kind).replace_secrets(config, masked)


def secrets_in(kind: str, config: Config) -> dict[str, object]:
    """What stands at each secret's place in a document, by field."""
    found: dict[str, object] = {}

    def collect(field: str, secret: object) -> object:
        found[field] = secret
        return secret

    TRIGGER_TYPES.get(kind).replace_secrets(config, collect)
    return found
