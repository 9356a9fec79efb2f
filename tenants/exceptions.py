"""What the services of this app refuse, beyond the common errors."""

from __future__ import annotations

from blip0.common.exceptions import Conflict, DomainError


class InvalidField(DomainError):
    """A value breaks its rule; `pointer` names the field."""

    code = "invalid"


class LastOwner(Conflict):
    """A tenant would be left without an active owner."""

    code = "last_owner"


class MigrationsRunning(Conflict):
    """No schema is made or dropped while migrations change them; it is done afterwards."""

    code = "migrations_running"


class TemplateMissing(Conflict):
    """There is nothing to copy a tenant's schema from: `migrate` makes it."""

    code = "template_missing"
