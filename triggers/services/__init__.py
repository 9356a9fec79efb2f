"""Use cases of triggers. The caller has entered the tenant; see each function."""

from triggers.services.changes import trigger_create, trigger_update
from triggers.services.deliveries import trigger_test
from triggers.services.findings import trigger_findings_recheck, trigger_validate
from triggers.services.reseal import triggers_reseal
from triggers.services.reverting import trigger_revert
from triggers.services.states import trigger_delete, trigger_disable, trigger_enable

__all__ = [
    "trigger_create",
    "trigger_delete",
    "trigger_disable",
    "trigger_enable",
    "trigger_findings_recheck",
    "trigger_revert",
    "trigger_test",
    "trigger_update",
    "trigger_validate",
    "triggers_reseal",
]
