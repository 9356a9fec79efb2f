"""The back office of the projection: what it has written, and what people do about it."""

from cachesync.admin import home, runtimes, searching  # noqa: F401  # they register themselves
from cachesync.admin.documents import ProjectedDocumentAdmin, ProjectedScopeAdmin, SampleAdmin
from cachesync.admin.drift import ProjectionDifferenceAdmin
from cachesync.admin.runs import ProjectionRunAdmin

__all__ = [
    "ProjectedDocumentAdmin",
    "ProjectedScopeAdmin",
    "ProjectionDifferenceAdmin",
    "ProjectionRunAdmin",
    "SampleAdmin",
]
