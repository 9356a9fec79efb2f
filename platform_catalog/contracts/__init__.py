from platform_catalog.contracts.loading import LoadReport
from platform_catalog.contracts.probing import Outcome, Probe, ProbeTarget
from platform_catalog.contracts.templates import (
    TEMPLATE_KEYS,
    TemplatePreview,
    document_from_template,
)

__all__ = [
    "TEMPLATE_KEYS",
    "LoadReport",
    "Outcome",
    "Probe",
    "ProbeTarget",
    "TemplatePreview",
    "document_from_template",
]
