"""How long the audit log goes back."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.db import connection, transaction

from blip0.common.actors import Actor
from blip0.common.setting_kinds import Number
from blip0.common.system_settings import SettingDefinition, setting_value
from tenants.services.audit import audit_record

AUDIT_RETENTION_DAYS: Final = SettingDefinition(
    key="audit_retention_days",
    label="Audit retention",
    help="Days that audit records are kept, staff's and tenants'. Older ones go for good within "
    "an hour; export them before you lower it.",
    kind=Number(least=30, most=3650),
    default=lambda: 730,
)

AT_ONCE: Final = 5_000
# The oldest have the lowest ids: the table needs no index on time for this.
_DELETE = """
DELETE FROM public.tenants_auditrecord WHERE id IN (
    SELECT id FROM (
        SELECT id, created_at FROM public.tenants_auditrecord ORDER BY id LIMIT %s
    ) oldest WHERE created_at < %s
)
"""


def audit_prune(*, now: datetime) -> int:
    """Delete what is older than the retention; how many records these were.

    In steps of `AT_ONCE`, each a transaction. That it was done is itself a record.
    """
    before = now - timedelta(days=setting_value(AUDIT_RETENTION_DAYS))
    total = 0
    while deleted := _prune_once(before):
        total += deleted
    if total:
        audit_record(
            action="audit_log.pruned",
            actor=Actor.system("audit retention"),
            object_kind="audit_log",
            object_id="platform",
            after={"records": total, "before": before.isoformat()},
        )
    return total


@transaction.atomic
def _prune_once(before: datetime) -> int:
    with connection.cursor() as cursor:
        # The table's own trigger refuses every other deletion.
        cursor.execute("SELECT set_config('blip0.audit_retention', 'on', true)")
        cursor.execute(_DELETE, [AT_ONCE, before])
        deleted = int(cursor.rowcount)
        cursor.execute("SELECT set_config('blip0.audit_retention', '', true)")
    return deleted
