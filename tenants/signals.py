"""What this app tells others, and its own receivers."""

from __future__ import annotations

from django.dispatch import Signal

rows_updated = Signal()
"""Rows were changed by a statement, not one by one: `sender` is the model, `fields` the columns."""
