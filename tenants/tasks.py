"""Work that nobody waits for."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from tenants.services.answers import kept_answers_prune
from tenants.services.lifecycle import lifecycles_continue
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
def prune_kept_answers() -> None:
    """Forget what was answered more than a day ago; beat asks for it every hour."""
    kept_answers_prune(now=timezone.now())
