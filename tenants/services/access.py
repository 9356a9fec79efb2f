"""Ending access: revoking API keys and invitations. What is revoked stays for the record."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from blip0.common.actors import Actor
from blip0.common.exceptions import Conflict
from tenants.models import ApiKey, Invitation
from tenants.services.audit import audit_record


@transaction.atomic
def api_key_revoke(*, api_key: ApiKey, actor: Actor, reason: str = "") -> ApiKey:
    """From now on the key opens nothing. Nothing happens where it is revoked already."""
    locked = ApiKey.objects.select_for_update(of=("self",)).get(pk=api_key.pk)
    if locked.revoked_at is None:
        locked.revoked_at = timezone.now()
        locked.save(update_fields=["revoked_at", "updated_at"])
        audit_record(
            action="api_key.revoked",
            actor=actor,
            object_kind="api_key",
            object_id=locked.pk,
            object_name=locked.name,
            tenant_id=locked.tenant_id,
            reason=reason,
        )
    return locked


@transaction.atomic
def invitation_revoke(*, invitation: Invitation, actor: Actor, reason: str = "") -> Invitation:
    """The offer no longer stands. Raises `Conflict` where it was accepted."""
    locked = Invitation.objects.select_for_update(of=("self",)).get(pk=invitation.pk)
    if locked.accepted_at is not None:
        raise Conflict(f"{locked.email} has accepted already; change the membership instead.")
    if locked.revoked_at is None:
        locked.revoked_at = timezone.now()
        locked.save(update_fields=["revoked_at", "updated_at"])
        audit_record(
            action="invitation.revoked",
            actor=actor,
            object_kind="invitation",
            object_id=locked.pk,
            object_name=locked.email,
            tenant_id=locked.tenant_id,
            reason=reason,
        )
    return locked
