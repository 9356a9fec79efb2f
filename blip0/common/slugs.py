"""Slugs: the patterns, as used by database constraints, validators and forms alike."""

from __future__ import annotations

import re
import unicodedata

CATALOGUE_SLUG = r"^[a-z][a-z0-9_]{0,62}$"
"""Networks and filter scripts: what the runtime's own rule for network slugs allows."""
OBJECT_SLUG = r"^[a-z0-9][a-z0-9_-]{0,62}$"
"""Tenants, monitors, triggers and templates."""


def slug_from(name: str, fallback: str) -> str:
    """An object slug made of a name: ASCII, lower case, blanks as hyphens, at most 63 long."""
    ascii_name = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9_]+", "-", ascii_name).strip("-_")[:63].rstrip("-_")
    return slug or fallback
