"""Use cases of monitors. The caller has entered the tenant: `with in_tenant(tenant.pk): …`."""

from monitors.services.changes import (
    monitor_clone,
    monitor_create,
    monitor_delete,
    monitor_update,
)
from monitors.services.documents import document_report
from monitors.services.explaining import monitor_explain
from monitors.services.recheck import findings_recheck, findings_recheck_due
from monitors.services.reseal import viewing_keys_reseal
from monitors.services.reverting import monitor_change_revert, monitor_revert
from monitors.services.spec_conflicts import spec_conflicts_look
from monitors.services.states import (
    monitor_pause,
    monitor_resume,
    monitor_snooze,
    monitor_wake,
    snoozes_end,
)
from monitors.services.templates import monitor_from_template

__all__ = [
    "document_report",
    "findings_recheck",
    "findings_recheck_due",
    "monitor_change_revert",
    "monitor_clone",
    "monitor_create",
    "monitor_delete",
    "monitor_explain",
    "monitor_from_template",
    "monitor_pause",
    "monitor_resume",
    "monitor_revert",
    "monitor_snooze",
    "monitor_update",
    "monitor_wake",
    "snoozes_end",
    "spec_conflicts_look",
    "viewing_keys_reseal",
]
