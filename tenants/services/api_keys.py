"""API keys: made once, shown once, used until they expire or are revoked."""

from __future__ import annotations

import hashlib
import ipaddress
import secrets
import string
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from blip0.common.actors import Actor
from blip0.common.exceptions import InvalidField, Stale
from tenants.choices import TenantStatus
from tenants.contracts import PERMISSIONS, ApiKeyText
from tenants.exceptions import GrantsTooMuch, TenantNotUsable
from tenants.models import ApiKey, Membership, Tenant, User
from tenants.services.audit import audit_record
from tenants.validators import cleaned_name

USE_NOTED_EVERY = timedelta(minutes=1)
MAX_NETWORKS = 50
_PREFIX_ALPHABET = string.ascii_lowercase + string.digits
_PREFIX_LENGTH = 12
_noted: dict[UUID, datetime] = {}
"""When this process last noted the use of a key."""
_NOTED_KEPT = 10_000


def secret_hash(secret: str) -> str:
    """A plain hash is enough: the secret is 256 random bits, nobody can try them all."""
    return hashlib.sha256(secret.encode()).hexdigest()


@transaction.atomic
def api_key_create(
    *,
    tenant_id: UUID,
    creator: User,
    held: frozenset[str],
    name: str,
    scopes: Collection[str],
    actor: Actor,
    allowed_networks: Iterable[str] = (),
    expires_at: datetime | None = None,
) -> tuple[ApiKey, ApiKeyText]:
    """Make a key, and the text that is its owner's alone and stored nowhere.

    `held` are the caller's permissions: the scopes must be among them (`GrantsTooMuch`). Raises
    `InvalidField` too.
    """
    wanted = _cleaned_scopes(scopes, held)
    networks = _cleaned_networks(allowed_networks)
    if expires_at is not None and expires_at <= timezone.now():
        raise InvalidField("expires_at: it must lie in the future.", pointer="/expires_at")
    # Nobody purges the tenant, or removes the creator, in between.
    tenant = Tenant.objects.select_for_update(no_key=True, of=("self",)).get(pk=tenant_id)
    if tenant.status != TenantStatus.ACTIVE:
        raise TenantNotUsable("This tenant can't be used.", code="tenant_not_usable")
    Membership.objects.select_for_update(no_key=True).get(tenant=tenant, user=creator)
    text = ApiKeyText(_random_prefix(), secrets.token_urlsafe(32))
    key = ApiKey.objects.create(
        tenant=tenant,
        name=cleaned_name(name, longest=100),
        prefix=text.prefix,
        secret_hash=secret_hash(text.secret),
        scopes=wanted,
        allowed_networks=networks,
        created_by=creator,
        expires_at=expires_at,
    )
    _audit(
        "api_key.created",
        key,
        actor,
        after={
            "name": key.name,
            "prefix": key.prefix,
            "scopes": wanted,
            "allowed_networks": networks,
            "expires_at": expires_at,
        },
    )
    return key, text


@transaction.atomic
def api_key_revoke(
    *, api_key: ApiKey, actor: Actor, reason: str = "", expected: datetime | None = None
) -> ApiKey:
    """From now on the key opens nothing. Nothing happens where it is revoked already.

    Raises `Stale` where it is no longer as it was at `expected`, its `updated_at`.
    """
    locked = ApiKey.objects.select_for_update(of=("self",)).get(pk=api_key.pk)
    if expected is not None and locked.updated_at != expected:
        raise Stale("This API key was changed since you read it.")
    if locked.revoked_at is None:
        locked.revoked_at = timezone.now()
        locked.save(update_fields=["revoked_at", "updated_at"])
        _audit("api_key.revoked", locked, actor, reason=reason)
    return locked


def api_keys_revoke_of(*, user: User, tenant: Tenant, actor: Actor, reason: str) -> int:
    """Revoke what somebody made who leaves the tenant. Within the caller's transaction."""
    keys = list(ApiKey.objects.filter(created_by=user, tenant=tenant, revoked_at=None))
    for key in keys:
        api_key_revoke(api_key=key, actor=actor, reason=reason)
    return len(keys)


def api_key_note_use(*, api_key_id: UUID, now: datetime) -> None:
    """Remember the use, but not each: steady use costs a process a small write a minute."""
    due = now - USE_NOTED_EVERY
    noted = _noted.get(api_key_id)
    if noted is not None and noted > due:
        return
    if len(_noted) >= _NOTED_KEPT:
        _noted.clear()
    _noted[api_key_id] = now
    ApiKey.objects.filter(Q(last_used_at=None) | Q(last_used_at__lte=due), pk=api_key_id).update(
        last_used_at=now
    )


def _cleaned_scopes(scopes: Collection[str], held: frozenset[str]) -> list[str]:
    if not scopes:
        raise InvalidField("scopes: name at least one.", pointer="/scopes")
    for scope in scopes:
        if scope not in PERMISSIONS:
            raise InvalidField(f"scope {scope!r}: there is no such scope.", pointer="/scopes")
        if scope not in held:
            raise GrantsTooMuch(f"scope {scope!r}: you don't hold it yourself.", pointer="/scopes")
    return sorted(set(scopes))


def _cleaned_networks(networks: Iterable[str]) -> list[str]:
    cleaned = []
    for network in networks:
        try:
            cleaned.append(str(ipaddress.ip_network(network.strip())))
        except ValueError:
            raise InvalidField(
                f"network {network!r}: write it like 192.0.2.0/24 or 2001:db8::/32, without bits "
                "beyond its mask.",
                pointer="/allowed_networks",
            ) from None
    if len(cleaned) > MAX_NETWORKS:
        raise InvalidField(f"networks: at most {MAX_NETWORKS}.", pointer="/allowed_networks")
    return list(dict.fromkeys(cleaned))


def _random_prefix() -> str:
    return "".join(secrets.choice(_PREFIX_ALPHABET) for _ in range(_PREFIX_LENGTH))


def _audit(action: str, key: ApiKey, actor: Actor, **details: object) -> None:
    audit_record(
        action=action,
        actor=actor,
        object_kind="api_key",
        object_id=key.pk,
        object_name=key.name,
        tenant_id=key.tenant_id,
        **details,  # type: ignore[arg-type]  # before, after or reason
    )
