"""Use cases of monitors. The caller has entered the tenant: `with in_tenant(tenant.pk): …`."""

from monitors.services.changes import (
    monitor_clone,
    monitor_create,
    monitor_delete,
    monitor_update,
)
from monitors.services.documents import document_report
from monitors.services.recheck import findings_recheck, findings_recheck_due
from monitors.services.reseal import viewing_keys_reseal
from monitors.services.states import (
    monitor_pause,
    monitor_resume,
    monitor_snooze,
    monitor_wake,
    snoozes_end,
)

__all__ = [
    "document_report",
    "findings_recheck",
    "findings_recheck_due",
    "monitor_clone",
    "monitor_create",
    "monitor_delete",
    "monitor_pause",
    "monitor_resume",
    "monitor_snooze",
    "monitor_update",
    "monitor_wake",
    "snoozes_end",
    "viewing_keys_reseal",
]
