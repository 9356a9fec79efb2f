"""Versions and their log: written by the database alone; shortened, or declared void, here."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from django.db import connection, transaction

from blip0.common.actors import Actor
from tenants.models import ConfigVersion
from tenants.models.versions import PLATFORM_SCOPE
from tenants.services.audit import audit_record

KEPT = timedelta(hours=1)

_PRUNE = """
DELETE FROM public.tenants_configchange AS change
USING (
    SELECT scope, max(version) AS newest FROM public.tenants_configchange
    WHERE created_at < %(before)s GROUP BY scope
) AS old
WHERE change.scope = old.scope AND change.version < old.newest
"""


def configchanges_prune(*, now: datetime) -> int:
    """Delete what is older than `KEPT`, but each scope's newest version of that time.

    That one stays, since Redis may hold it for as long as nothing changes: the next change is then
    rendered alone, and a version of another history is still known as such. Returns the number of
    rows. One statement: a subquery for each row would take hours after a busy day.
    """
    with connection.cursor() as cursor:
        cursor.execute(_PRUNE, {"before": now - KEPT})
        return int(cursor.rowcount)


_BEGIN_EPOCH = """
WITH begun AS (
    UPDATE public.tenants_configversion
    SET epoch = %(epoch)s, version = version + 1, token = gen_random_uuid(),
        changed_at = clock_timestamp()
    WHERE scope = ANY(%(scopes)s) RETURNING scope, version, token
)
INSERT INTO public.tenants_configchange (scope, version, token, kind, object_id, created_at)
SELECT scope, version, token, 'all', '*', clock_timestamp() FROM begun
"""


@transaction.atomic
def epoch_begin(
    *, scopes: Collection[str] | None, after: int, actor: Actor, reason: str = ""
) -> int:
    """Declare every earlier history of these scopes void, of all of them without `scopes`.

    What Redis holds of an older epoch counts for nothing: each scope is rendered whole, and its
    readers list it again. `after` is the newest epoch that Redis holds. Returns the new one, which
    is above both. Audited.
    """
    rows = ConfigVersion.objects.order_by("scope")
    if scopes is not None:
        rows = rows.filter(scope__in=scopes)
    # The platform's first, as every transaction that bumps several: no two wait for each other.
    locked = list(rows.filter(scope=PLATFORM_SCOPE).select_for_update())
    locked += rows.exclude(scope=PLATFORM_SCOPE).select_for_update()
    epoch = max([after, *(row.epoch for row in locked)]) + 1
    names = [row.scope for row in locked]
    with connection.cursor() as cursor:
        cursor.execute(_BEGIN_EPOCH, {"epoch": epoch, "scopes": names})
    audit_record(
        action="projection.epoch_begun",
        actor=actor,
        object_kind="projection",
        object_id="all" if scopes is None else ", ".join(names),
        after={"epoch": epoch, "scopes": len(names)},
        reason=reason,
    )
    return epoch
