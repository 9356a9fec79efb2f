"""What the apps above may want to hear of triggers."""

from django.dispatch import Signal

trigger_changed = Signal()
"""Sent inside the transaction that writes a trigger, with `trigger` as it is then and `has_grown`:
whether it takes more room in documents. Who can't have that raises `InvalidDocument`."""
