"""The log of changes: written by the database alone, shortened here."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import connection

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
