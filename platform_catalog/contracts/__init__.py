from platform_catalog.contracts.loading import LoadReport

__all__ = ["LoadReport"]
