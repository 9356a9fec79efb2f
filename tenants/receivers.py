"""No cached fact outlives a change of the rows that it was read from, whoever makes it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from functools import partial
from typing import Any

from django.db import connection
from django.db.models import Model
from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver

from blip0.common.commits import after_commit
from tenants.models import (
    ApiKey,
    Domain,
    LimitOverride,
    Membership,
    Plan,
    Tenant,
    TokenFamily,
    User,
)
from tenants.selectors import standing
from tenants.signals import rows_updated
from tenants.store.facts import facts_forget, facts_forget_all

# What facts say, by model: any other column may change as it likes.
_FIELDS: Mapping[type[Model], frozenset[str]] = {
    User: frozenset({"email", "name", "is_active", "password"}),
    Tenant: frozenset({"slug", "name", "status", "plan", "plan_id"}),
    Membership: frozenset({"tenant", "user", "role"}),
    TokenFamily: frozenset({"user", "tenant", "fingerprint", "ended_at"}),
    ApiKey: frozenset(
        {
            "tenant", "created_by", "name", "prefix", "secret_hash", "scopes",
            "allowed_networks", "expires_at", "revoked_at",
        }
    ),
    LimitOverride: frozenset({"tenant", "limit", "value"}),
    Domain: frozenset({"domain", "tenant"}),
    Plan: frozenset({"api_calls_per_hour"}),
}  # fmt: skip

_KEY: Mapping[type[Model], Callable[[Any], str]] = {
    User: lambda row: standing.user_key(row.pk),
    Tenant: lambda row: standing.tenant_key(row.pk),
    Membership: lambda row: standing.member_key(row.tenant_id, row.user_id),
    TokenFamily: lambda row: standing.family_key(row.pk),
    ApiKey: lambda row: standing.api_key_key(row.prefix),
    LimitOverride: lambda row: standing.tenant_key(row.tenant_id),
    Domain: lambda row: standing.host_key(row.domain),
}
"""The one fact that a row is in. A plan is in those of all its tenants."""


_UNKNOWN_WHEN_NEW = (User, Tenant, TokenFamily, ApiKey)
"""No fact can speak of these before they are there; of a membership it can say that it isn't."""


def _forget_row(
    sender: type[Model],
    instance: Model,
    created: bool = False,
    update_fields: Collection[str] | None = None,
    **_: Any,
) -> None:
    if created and sender in _UNKNOWN_WHEN_NEW:
        return
    if update_fields is not None and _FIELDS[sender].isdisjoint(update_fields):
        return
    key = _KEY.get(sender)
    _now_and_at_commit(partial(facts_forget, [key(instance)]) if key else facts_forget_all)


for _model in _FIELDS:
    post_save.connect(_forget_row, sender=_model)
    post_delete.connect(_forget_row, sender=_model)


@receiver(rows_updated)
def _forget_all(sender: type[Model], fields: Collection[str], **_: Any) -> None:
    if not _FIELDS.get(sender, frozenset()).isdisjoint(fields):
        _now_and_at_commit(facts_forget_all)


def _now_and_at_commit(forget: Callable[[], None]) -> None:
    """Now, since a process may be killed right after its commit; and then, for others to see."""
    if connection.in_atomic_block:
        forget()
    after_commit(forget)
