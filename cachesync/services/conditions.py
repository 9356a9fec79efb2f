"""What is remembered of scopes that can't be settled: when to try again, and other histories.

None of it decides what is right: that is for Postgres' versions and Redis alone. A row that is
lost costs one more attempt, or, with another history, the log of changes that proves it anew.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from django.db import connection
from django.utils import timezone

from blip0.common.tenancy import in_public
from cachesync.contracts import Result, Version
from cachesync.keys import Scope
from cachesync.models import ProjectedScope, ProjectionDifference

Condition = ProjectedScope.Condition

RETRY_S = (5, 10, 20)
"""Seconds between attempts at a scope that fails. The last one stays: whatever is mended is in
Redis within half a minute."""
ISOLATED_AFTER = 3
"""Failures in a row after which nothing waits for a scope any more."""

_DURATIONS = """
UPDATE cachesync_projectedscope AS scope SET duration_ms = taken.ms
FROM unnest(%s::text[], %s::int[]) AS taken (scope, ms) WHERE scope.scope = taken.scope
"""


def postponed(row: ProjectedScope | None, wanted: Version, now: datetime) -> bool:
    """Whether that version failed a moment ago: other versions are tried at once."""
    return (
        row is not None
        and row.retry_at is not None
        and row.retry_at > now
        and row.failed_rev == wanted.rev
    )


def scope_failed(*, scope: Scope, version: Version, error: Exception, now: datetime) -> None:
    """A scope could not be projected: try it again later, and later still."""
    with in_public():
        row, _ = ProjectedScope.objects.get_or_create(pk=scope.id)
        failures = row.failures + 1
        ProjectedScope.objects.filter(pk=scope.id).update(
            condition=Condition.FAILING,
            since=row.since if row.condition == Condition.FAILING else now,
            error=told(error),
            failures=failures,
            failed_rev=version.rev,
            retry_at=now + timedelta(seconds=RETRY_S[min(failures, len(RETRY_S)) - 1]),
        )


def other_history(scope: Scope, result: Result, held: Version) -> bool:
    """Remember that what Redis holds is no past of this database; whether that is news."""
    with in_public():
        ProjectedScope.objects.bulk_create([ProjectedScope(pk=scope.id)], ignore_conflicts=True)
        known = ProjectedScope.objects.filter(pk=scope.id)
        return bool(
            known.exclude(condition=result, other_token=held.token).update(
                condition=result, since=timezone.now(), other_token=held.token, error=""
            )
        )


def scopes_settled(scopes: Collection[Scope]) -> None:
    """These are as Postgres has them, whatever was wrong before."""
    with in_public():
        ProjectedScope.objects.filter(pk__in=[scope.id for scope in scopes]).update(
            condition=Condition.SETTLED,
            since=None,
            error="",
            failures=0,
            failed_rev=None,
            retry_at=None,
            other_token="",
        )


def scopes_verified(scopes: Collection[Scope], now: datetime) -> None:
    """Every byte of these was compared with a new rendering at that time, and mended."""
    with in_public():
        ProjectionDifference.objects.filter(scope__in=[scope.id for scope in scopes]).delete()
        ProjectedScope.objects.bulk_create(
            [ProjectedScope(pk=scope.id) for scope in scopes], ignore_conflicts=True
        )
        ProjectedScope.objects.filter(pk__in=[scope.id for scope in scopes]).update(verified_at=now)


def durations_remember(seconds: Mapping[Scope, float]) -> None:
    """How long each of these took, for people who look for the slowest."""
    with in_public(), connection.cursor() as cursor:
        milliseconds = [round(taken * 1000) for taken in seconds.values()]
        cursor.execute(_DURATIONS, [[scope.id for scope in seconds], milliseconds])


def told(error: BaseException) -> str:
    """An error for people: class and first line. What follows in a database's may quote rows."""
    first, *_ = str(error).splitlines() or [""]
    return f"{type(error).__name__}: {first}"[:500]
