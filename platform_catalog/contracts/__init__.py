from platform_catalog.contracts.loading import LoadReport
from platform_catalog.contracts.probing import Outcome, Probe, ProbeTarget

__all__ = ["LoadReport", "Outcome", "Probe", "ProbeTarget"]
