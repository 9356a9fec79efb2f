"""Which fields of which models are a tenant's own text: derived from the models.

Every one must hold a canary once `planting` has been at work, or stand here with its reason: a new
field without one fails the test.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from django.apps import apps
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.sessions.models import Session
from django.db.models import (
    BinaryField,
    CharField,
    Field,
    ForeignKey,
    JSONField,
    Model,
    QuerySet,
    TextField,
)

from blip0.testing.guards import APPS
from tenants.models import Tenant, User

Texts = (CharField, TextField, JSONField, BinaryField, ArrayField)

_SEALED = "sealed: the secret itself is looked for"
OPAQUE: Final = {
    "cachesync.ProjectedDocument.addresses": "hexadecimal",
    "cachesync.ProjectedDocument.object_id": "an id",
    "cachesync.ProjectedDocument.scope": "an id",
    "cachesync.ProjectedDocument.sha256": "a hash",
    "cachesync.ProjectedScope.scope": "an id",
    "cachesync.ProjectionDifference.document": "an id",
    "cachesync.ProjectionDifference.scope": "an id",
    "monitors.ContractSpec.sha256": "a hash",
    "monitors.Monitor.chain_configurations": _SEALED,
    "monitors.MonitorAddress.address": "hexadecimal",
    "sessions.Session.session_data": "signed and packed",
    "sessions.Session.session_key": "drawn at random",
    "tenants.ApiKey.allowed_networks": "addresses",
    "tenants.ApiKey.secret_hash": "a hash",
    "tenants.AuditRecord.actor_id": "an id",
    "tenants.AuditRecord.object_id": "an id",
    "tenants.ConfigChange.object_id": "an id",
    "tenants.ConfigChange.scope": "an id",
    "tenants.ConfigVersion.scope": "an id",
    "tenants.Invitation.token_hash": "a hash",
    "tenants.KeptAnswer.fingerprint": "a hash",
    "tenants.KeptAnswer.headers": "tags and addresses with an id",
    "tenants.KeptAnswer.id": "a hash",
    "tenants.Tenant.schema_name": "the id in another form",
    "tenants.Tenant.slug": "it never changes; the fixtures' own",
    "tenants.TokenFamily.current_jti": "drawn at random",
    "tenants.TokenFamily.fingerprint": "a hash",
    "tenants.TokenFamily.previous_jti": "drawn at random",
    "triggers.DiscordConfig.discord_url": _SEALED,
    "triggers.EmailConfig.password": _SEALED,
    "triggers.EmailConfig.username": _SEALED,
    "triggers.SlackConfig.slack_url": _SEALED,
    "triggers.TelegramConfig.token": _SEALED,
    "triggers.WebhookConfig.secret": _SEALED,
    "triggers.WebhookConfig.url": _SEALED,
}
"""What can hold no word: its very values are looked for, from 16 characters on."""

_WORDS = "words of the platform's"
_NUMBERS = "numbers and a choice"
EXEMPT: Final = {
    "cachesync.ProjectedDocument.kind": _WORDS,
    "cachesync.ProjectedDocument.networks": "slugs of the catalogue",
    "cachesync.ProjectedDocument.scripts": "names of the catalogue",
    "cachesync.ProjectedScope.other_token": "of another history, which the tests have none of",
    "tenants.ApiKey.prefix": "12 characters at random; `planting` adds it to what is looked for",
    "tenants.ApiKey.scopes": _WORDS,
    "tenants.AuditRecord.action": _WORDS,
    "tenants.AuditRecord.object_kind": _WORDS,
    "tenants.ConfigChange.kind": _WORDS,
    "tenants.User.time_zone": "a name of the zone database, and staff's",
    "tenants.User.password": "salted; the password is all tenants' in the tests",
    "triggers.DeliveryTest.status": "a code",
    "triggers.DiscordConfig.retry_policy": _NUMBERS,
    "triggers.EmailConfig.retry_policy": _NUMBERS,
    "triggers.SlackConfig.retry_policy": _NUMBERS,
    "triggers.TelegramConfig.retry_policy": _NUMBERS,
    "triggers.WebhookConfig.retry_policy": _NUMBERS,
}
"""What can hold no text of a tenant's."""

PLATFORM: Final = {
    "cachesync.ProjectionRun",  # what staff start; it names tenants by id only
    "cachesync.Sample",
    "platform_catalog.BlockProgress",
    "platform_catalog.FilterScript",
    "platform_catalog.FilterScriptVersion",
    "platform_catalog.MonitorTemplate",
    "platform_catalog.Network",
    "platform_catalog.RpcEndpoint",
    "platform_catalog.SpecConflictLook",  # for staff's page only; the beat writes it
    "tenants.Plan",
    "tenants.StaffSession",
    "tenants.SystemSetting",
    "tenants.TwoFactor",
}
"""Models that no tenant owns a row of."""


def models() -> Iterator[type[Model]]:
    """Every model with rows of a tenant; each other one must be in `PLATFORM`."""
    yield from (User, Session)
    for model in apps.get_models():
        label = model._meta.app_label
        if label in APPS and model is not User and model._meta.label not in PLATFORM:
            yield model


def texts(model: type[Model]) -> list[Field[Any, Any]]:
    """Its fields that may hold a text. A choice is no text, and neither is a key elsewhere."""
    return [
        field
        for field in model._meta.concrete_fields
        if isinstance(field, Texts) and not field.choices and not isinstance(field, ForeignKey)
    ]


def rows_of(model: type[Model], tenant: Tenant) -> QuerySet[Model]:
    """The tenant's rows. The connection is in its schema."""
    names = {field.name: field for field in model._meta.concrete_fields}
    rows: QuerySet[Model] = QuerySet(model)
    if model is Tenant:
        return rows.filter(pk=tenant.pk)
    if model is User:
        return rows.filter(memberships__tenant=tenant)
    if model is Session:
        own = [
            each.pk for each in Session.objects.all() if str(tenant.pk) in str(each.get_decoded())
        ]
        return rows.filter(pk__in=own)
    if model._meta.app_label in settings.TENANT_APPS:
        return rows
    if "scope" in names:
        return rows.filter(scope=str(tenant.pk))
    key = "tenant" if "tenant" in names else "tenant_id"
    return rows.filter(**{key: tenant.pk})
