"""What a caller's credentials stand on, at this moment.

From the cache in one round trip, else from Postgres in one query; `tenants.receivers` sees to it
that no fact outlives a change. Whether the credentials are good is for the caller to judge.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from tenants.models import User
from tenants.store.credentials import Row, family_row, key_row
from tenants.store.facts import Fact, facts_keep, facts_read


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """A person in a tenant. `role` is empty where they don't belong to it.

    `host_tenant` is the id of the tenant that the request's host name stands for, or empty.
    """

    user_id: UUID
    email: str
    name: str
    is_active: bool
    fingerprint: str
    tenant_id: UUID
    slug: str
    tenant_name: str
    status: str
    api_calls_per_hour: int
    role: str
    host_tenant: str


@dataclass(frozen=True, kw_only=True, slots=True)
class FamilyStanding:
    """A sign-in that isn't over. Its password may be another by now: compare fingerprints.

    `viewer` is the id and address of staff who see the API as the person, until `expires_at`.
    """

    fingerprint: str
    person: Standing
    viewer: tuple[str, str] | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class KeyStanding:
    """An API key that isn't revoked, and its creator."""

    id: UUID
    name: str
    secret_hash: str
    scopes: frozenset[str]
    allowed_networks: tuple[str, ...]
    expires_at: datetime | None
    person: Standing


def user_key(user_id: object) -> str:
    return f"user:{user_id}"


def tenant_key(tenant_id: object) -> str:
    return f"tenant:{tenant_id}"


def member_key(tenant_id: object, user_id: object) -> str:
    return f"member:{tenant_id}:{user_id}"


def host_key(host: str) -> str:
    return f"host:{host}"


def family_key(family_id: object) -> str:
    return f"family:{family_id}"


def api_key_key(prefix: str) -> str:
    return f"key:{prefix}"


def family_standing(
    *, family_id: UUID, user_id: UUID, tenant_id: UUID, host: str
) -> FamilyStanding | None:
    """None where there is no such sign-in of this user in this tenant, or it is over."""
    own = family_key(family_id)
    keys = [own, *_person_keys(tenant_id, user_id, host)]
    facts = _facts(keys, lambda: _load_family(family_id, host))
    family = facts.get(own)
    if (
        family is None
        or family["ended"]
        or (family["user"], family["tenant"]) != (str(user_id), str(tenant_id))
    ):
        return None
    viewer = family["viewer"]
    return FamilyStanding(
        fingerprint=family["fingerprint"],
        person=_person(facts, tenant_id, user_id, host),
        viewer=None if viewer is None else tuple(viewer),
        expires_at=_time(family["expires_at"]),
    )


def key_standing(prefix: str, *, host: str) -> KeyStanding | None:
    """None where there is no such key, its creator is gone, or it is revoked."""
    own = api_key_key(prefix)
    owner = _owners.get(prefix)
    keys = [own, *(_person_keys(*owner, host) if owner else ())]
    facts = _facts(keys, lambda: _load_key(prefix, host))
    key = facts.get(own)
    if key is None or key["revoked"] or key["user"] is None:
        return None
    found = (UUID(key["tenant"]), UUID(key["user"]))
    if owner != found:
        facts = _facts([own, *_person_keys(*found, host)], lambda: _load_key(prefix, host))
        _remember_owner(prefix, found)
    return KeyStanding(
        id=UUID(key["id"]),
        name=key["name"],
        secret_hash=key["secret_hash"],
        scopes=frozenset(key["scopes"]),
        allowed_networks=tuple(key["networks"]),
        expires_at=_time(key["expires_at"]),
        person=_person(facts, *found, host),
    )


_owners: dict[str, tuple[UUID, UUID]] = {}
"""Tenant and creator of keys, by prefix: they hardly ever become others.

So that a key's request can name all facts that it needs, and asks the cache once.
"""
_OWNERS_KEPT = 10_000


def _remember_owner(prefix: str, owner: tuple[UUID, UUID]) -> None:
    if len(_owners) >= _OWNERS_KEPT:
        _owners.clear()
    _owners[prefix] = owner


def _facts(keys: Sequence[str], load: Callable[[], dict[str, Fact]]) -> Mapping[str, Fact]:
    cached = facts_read(keys)
    if cached is not None and len(cached) == len(keys):
        return cached
    asked_at = time.monotonic()
    stored = load()
    if cached is not None:
        facts_keep(stored, asked_at=asked_at)
    return stored


def _person_keys(tenant_id: UUID, user_id: UUID, host: str) -> tuple[str, str, str, str]:
    member = member_key(tenant_id, user_id)
    return user_key(user_id), tenant_key(tenant_id), member, host_key(host)


def _person(facts: Mapping[str, Fact], tenant_id: UUID, user_id: UUID, host: str) -> Standing:
    known = [facts[key] for key in _person_keys(tenant_id, user_id, host)]
    told = {name: value for fact in known for name, value in fact.items()}
    return Standing(user_id=user_id, tenant_id=tenant_id, **told)


def _load_family(family_id: UUID, host: str) -> dict[str, Fact]:
    row = family_row(family_id, host=host)
    if row is None:
        return {}
    is_view = row["viewer_id"] is not None
    return {
        family_key(family_id): {
            "user": str(row["user_id"]),
            "tenant": str(row["tenant_id"]),
            "fingerprint": row["fingerprint"],
            "ended": row["ended"],
            "viewer": [str(row["viewer_id"]), row["viewer_email"]] if is_view else None,
            # A view never goes on; other sign-ins do, and their tokens say until when.
            "expires_at": row["expires_at"] if is_view else None,
        },
        **_person_facts(row, host),
    }


def _load_key(prefix: str, host: str) -> dict[str, Fact]:
    row = key_row(prefix, host=host)
    if row is None:
        return {}
    return {
        api_key_key(prefix): {
            "id": str(row["id"]),
            "name": row["name"],
            "user": str(row["user_id"]) if row["user_id"] else None,
            "tenant": str(row["tenant_id"]),
            **{name: row[name] for name in ("secret_hash", "scopes", "networks", "expires_at")},
            "revoked": row["revoked"],
        },
        **(_person_facts(row, host) if row["user_id"] else {}),
    }


def _person_facts(row: Row, host: str) -> dict[str, Fact]:
    of_user, of_tenant, of_member, of_host = _person_keys(row["tenant_id"], row["user_id"], host)
    return {
        of_user: {
            "email": row["email"],
            "name": row["user_name"],
            "is_active": row["is_active"],
            "fingerprint": User(password=row["password"]).password_fingerprint(),
        },
        of_tenant: {
            "slug": row["slug"],
            "tenant_name": row["tenant_name"],
            "status": row["status"],
            "api_calls_per_hour": row["calls"],
        },
        of_member: {"role": row["role"]},
        of_host: {"host_tenant": row["host_tenant"]},
    }


def _time(value: str | datetime | None) -> datetime | None:
    """Times are texts in the cache."""
    return datetime.fromisoformat(value) if isinstance(value, str) else value
