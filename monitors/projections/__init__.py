"""What the runtime gets of a tenant: one document a monitor, denormalised with its triggers."""

from monitors.projections.documents import MonitorDocument, monitor_documents, monitor_ids_for

__all__ = ["MonitorDocument", "monitor_documents", "monitor_ids_for"]
