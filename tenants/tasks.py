"""Work that nobody waits for."""

from __future__ import annotations

from importlib import import_module
from smtplib import SMTPException
from uuid import UUID

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from tenants.services import mail
from tenants.services.answers import kept_answers_prune
from tenants.services.families import families_prune
from tenants.services.lifecycle import lifecycles_continue
from tenants.services.retention import audit_prune
from tenants.services.signup import SignUp
from tenants.services.staff_sessions import staff_sessions_prune
from tenants.services.versions import configchanges_prune


@shared_task
def continue_lifecycles() -> None:
    """Finish interrupted provisioning and end grace times; beat asks for it every minute."""
    lifecycles_continue(now=timezone.now())


@shared_task
def prune_config_changes() -> None:
    """Shorten the log of changes; beat asks for it every ten minutes."""
    configchanges_prune(now=timezone.now())


@shared_task
def prune_token_families() -> None:
    """Delete sign-ins that expired; beat asks for it every hour."""
    families_prune(now=timezone.now())


@shared_task
def prune_staff_sessions() -> None:
    """Delete sessions that were over long ago, and browsers'; beat asks for it every hour."""
    staff_sessions_prune(now=timezone.now())
    import_module(settings.SESSION_ENGINE).SessionStore.clear_expired()


# A mail server that is away for a while: again after 2, 4, 8 … s, for about a quarter of an hour.
_send_task = shared_task(
    autoretry_for=(SMTPException, OSError), retry_backoff=2, retry_backoff_max=300, max_retries=9
)


@_send_task
def send_invitation(invitation_id: str) -> None:
    """Each try makes a new token."""
    mail.invitation_send(invitation_id=UUID(invitation_id))


@_send_task
def send_sign_up(email: str, name: str, slug: str) -> None:
    """The token is made when the mail is."""
    mail.sign_up_send(SignUp(email, name, slug))


@_send_task
def send_password_reset(email: str) -> None:
    """For unknown addresses too: whoever asks for a reset waits for neither."""
    mail.password_reset_send(email=email)


@shared_task
def prune_audit_log() -> None:
    """Delete what is older than its retention; beat asks for it every hour."""
    audit_prune(now=timezone.now())


@shared_task
def prune_kept_answers() -> None:
    """Forget what was answered more than a day ago; beat asks for it every hour."""
    kept_answers_prune(now=timezone.now())
