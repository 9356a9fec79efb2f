"""Points in time as people write them."""

from __future__ import annotations

from datetime import datetime, time

from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime


def moment(text: str) -> datetime:
    """An aware time from `2026-11-28`, `2026-11-28 12:30` or ISO 8601; without a zone in ours.

    "Ours" is the zone that is active: the viewer's in a request, else the setting's. Raises
    `ValueError`, which says what is understood.
    """
    written = text.strip()
    try:
        day = parse_date(written)
        found = datetime.combine(day, time()) if day else parse_datetime(written)
    except ValueError:
        found = None
    if found is None:
        raise ValueError(f"{text!r} is no time: write it like 2026-11-28 or 2026-11-28 12:30.")
    return timezone.make_aware(found) if timezone.is_naive(found) else found
