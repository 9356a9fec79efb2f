"""Changing people's accounts; `users` creates them."""

from __future__ import annotations

import zoneinfo
from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from blip0.common.actors import Actor
from blip0.common.exceptions import Conflict, InvalidField, NotAllowed
from blip0.common.setting_kinds import Text
from blip0.common.system_settings import SettingDefinition
from tenants.choices import FamilyEnd, SessionEnd
from tenants.models import TokenFamily, User
from tenants.services.audit import audit_record
from tenants.services.families import families_end
from tenants.services.staff_sessions import staff_sessions_end
from tenants.validators import cleaned_email

STAFF_KEYS = ("is_staff", "is_superuser")
USER_KEYS = ("email", "name", "is_active", *STAFF_KEYS)


def time_zone_clean(name: str) -> str:
    """The name as it is. Raises `InvalidField` where no such zone is known."""
    if name not in zoneinfo.available_timezones():
        raise InvalidField(
            f"no time zone is called {name!r}; write one like Europe/Berlin or UTC.",
            pointer="/time_zone",
        )
    return name


STAFF_TIME_ZONE: Final = SettingDefinition(
    key="staff_time_zone",
    label="Time zone of staff",
    help="Of times in the back office, for those who have chosen none on their account page.",
    kind=Text(longest=63),
    default=lambda: "UTC",
    clean=time_zone_clean,
)


@transaction.atomic
def user_update(*, user: User, data: Mapping[str, Any], actor: Actor) -> User:
    """Change what `data` names of `USER_KEYS`, and `groups`, which are staff's roles.

    Nobody deactivates themself or takes their own rights, and the last active superuser stays:
    these raise `NotAllowed`. Raises `InvalidField`, and `Conflict` for an address that is taken.
    """
    locked = User.objects.select_for_update(no_key=True).get(pk=user.pk)
    wanted = {key: data[key] for key in USER_KEYS if key in data}
    if "email" in wanted:
        wanted["email"] = cleaned_email(wanted["email"])
        if User.objects.filter(email=wanted["email"]).exclude(pk=locked.pk).exists():
            raise Conflict("email: another account has this address.", pointer="/email")
    before = _stated(locked)
    changed = {key: value for key, value in wanted.items() if before[key] != value}
    for key in ("is_active", *STAFF_KEYS):
        if changed.get(key) is False:
            _require_may_lose(locked, actor, key)
    for key, value in changed.items():
        setattr(locked, key, value)
    if changed:
        locked.save(update_fields=list(changed))
    now = timezone.now()
    if changed.get("is_active") is False:
        families_end(user=locked, reason=FamilyEnd.DISABLED, now=now)
    if changed.get("is_active") is False or changed.get("is_staff") is False:
        staff_sessions_end(user=locked, reason=SessionEnd.DISABLED, now=now)
    if "groups" in data:
        locked.groups.set(data["groups"])
    after = _stated(locked)
    if after != before:
        _audit("user.updated", locked, actor, before=before, after=after)
    return locked


@transaction.atomic
def user_set_password(
    *,
    user: User,
    password: str | None,
    actor: Actor,
    stay: UUID | None = None,
    session: UUID | None = None,
) -> User:
    """Give a checked password, or none: then nobody can sign in with one.

    All of the user's sign-ins end, but the one that is to `stay`; so do all sessions of the back
    office, but `session`.
    """
    locked = User.objects.select_for_update(no_key=True).get(pk=user.pk)
    locked.set_password(password)
    locked.save(update_fields=["password"])
    now = timezone.now()
    families_end(user=locked, reason=FamilyEnd.PASSWORD, now=now, but=stay)
    staff_sessions_end(user=locked, reason=SessionEnd.PASSWORD, now=now, but=session)
    if stay is not None:
        family = TokenFamily.objects.select_for_update().get(pk=stay, user=locked)
        family.fingerprint = locked.password_fingerprint()
        family.save(update_fields=["fingerprint"])
    _audit("user.password_set", locked, actor)
    return locked


def user_set_time_zone(*, user: User, name: str) -> None:
    """The zone of the times that they see; "" follows the setting. Raises `InvalidField`."""
    User.objects.filter(pk=user.pk).update(time_zone=time_zone_clean(name) if name else "")


def _stated(user: User) -> dict[str, Any]:
    groups = sorted(user.groups.values_list("name", flat=True))
    return {**{key: getattr(user, key) for key in USER_KEYS}, "groups": groups}


def _require_may_lose(user: User, actor: Actor, key: str) -> None:
    if actor.kind == "staff" and actor.id == str(user.pk):
        raise NotAllowed(f"{key}: you can't take this from yourself.", pointer=f"/{key}")
    others = User.objects.filter(is_superuser=True, is_active=True).exclude(pk=user.pk)
    if user.is_superuser and not others.exists():
        raise NotAllowed(f"{key}: {user.email} is the only active superuser.", pointer=f"/{key}")


def _audit(action: str, user: User, actor: Actor, **details: Any) -> None:
    audit_record(
        action=action,
        actor=actor,
        object_kind="user",
        object_id=user.pk,
        object_name=user.email,
        **details,
    )
