"""Pausing and snoozing: small changes that need no look at the document, so they always work.

Each does nothing where the monitor already is as asked: no version, no audit record.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from blip0.common.actors import Actor
from monitors.exceptions import InvalidSnooze
from monitors.models import Monitor
from monitors.services.records import monitor_lock, monitor_save, record

MAX_REASON = 500


def monitor_pause(
    *, monitor: Monitor, actor: Actor, expected_version: int | None = None, reason: str = ""
) -> Monitor:
    """The monitor doesn't run until it is resumed. Raises `MonitorGone` and `Stale`."""
    return _set_paused(True, "paused", monitor, actor, expected_version, reason)


def monitor_resume(
    *, monitor: Monitor, actor: Actor, expected_version: int | None = None, reason: str = ""
) -> Monitor:
    """Undo a pause; a snooze stays. Raises `MonitorGone` and `Stale`."""
    return _set_paused(False, "resumed", monitor, actor, expected_version, reason)


@transaction.atomic
def monitor_snooze(
    *,
    monitor: Monitor,
    until: datetime,
    now: datetime,
    actor: Actor,
    reason: str = "",
    expected_version: int | None = None,
) -> Monitor:
    """The monitor doesn't run until that time, or until it is woken.

    `snoozes_end` ends it, at most a beat late. Raises `InvalidSnooze`, `MonitorGone` and `Stale`.
    """
    if until.tzinfo is None:
        raise InvalidSnooze("`until` needs a time zone, such as Z.", pointer="/until")
    if until <= now:
        raise InvalidSnooze("`until` must be in the future.", pointer="/until")
    if len(reason) > MAX_REASON or "\x00" in reason:
        raise InvalidSnooze(
            f"`reason` takes at most {MAX_REASON} characters, and no NUL.", pointer="/reason"
        )
    current = monitor_lock(monitor, expected_version)
    if (current.snoozed_until, current.snooze_reason) != (until, reason):
        before = current.snoozed_until
        current.snoozed_until, current.snooze_reason = until, reason
        monitor_save(current, "snoozed_until", "snooze_reason")
        record(
            "snoozed",
            current,
            actor=actor,
            before={"snoozed_until": before},
            after={"snoozed_until": until},
            reason=reason,
        )
    return current


@transaction.atomic
def monitor_wake(
    *, monitor: Monitor, actor: Actor, expected_version: int | None = None, reason: str = ""
) -> Monitor:
    """End a snooze now; a pause stays. Raises `MonitorGone` and `Stale`."""
    current = monitor_lock(monitor, expected_version)
    if current.snoozed_until is not None:
        _end_snooze(current, "woken", actor, reason)
    return current


@transaction.atomic
def snoozes_end(*, now: datetime) -> int:
    """End the current tenant's snoozes whose time has come; how many these were.

    What another transaction is changing right now is left to the next beat.
    """
    ended = (
        Monitor.objects.live()
        .filter(snoozed_until__lte=now)
        .select_for_update(no_key=True, skip_locked=True)
        .order_by("pk")
    )
    actor = Actor.system("snoozes")
    monitors = list(ended)
    for monitor in monitors:
        _end_snooze(monitor, "snooze_ended", actor)
    return len(monitors)


@transaction.atomic
def _set_paused(
    paused: bool,
    verb: str,
    monitor: Monitor,
    actor: Actor,
    expected_version: int | None,
    reason: str,
) -> Monitor:
    current = monitor_lock(monitor, expected_version)
    if current.paused != paused:
        current.paused = paused
        monitor_save(current, "paused")
        before, after = {"paused": not paused}, {"paused": paused}
        record(verb, current, actor=actor, before=before, after=after, reason=reason)
    return current


def _end_snooze(monitor: Monitor, verb: str, actor: Actor, reason: str = "") -> None:
    before = {"snoozed_until": monitor.snoozed_until}
    monitor.snoozed_until, monitor.snooze_reason = None, ""
    monitor_save(monitor, "snoozed_until", "snooze_reason")
    after = {"snoozed_until": None}
    record(verb, monitor, actor=actor, before=before, after=after, reason=reason)
