"""What the runtime gets of a tenant: one document a monitor, denormalised with its triggers."""

from monitors.projections.documents import MonitorDocument, monitor_documents, monitor_ids_for
from monitors.projections.showing import body_without_secrets

__all__ = ["MonitorDocument", "body_without_secrets", "monitor_documents", "monitor_ids_for"]
