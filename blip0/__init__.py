"""Blip0: the configuration plane of a multi-tenant blockchain-monitoring platform."""

from blip0.celery import app as celery_app

__all__ = ["celery_app"]
