"""What the services of this app refuse, beyond the common errors."""

from __future__ import annotations

from collections.abc import Mapping

from blip0.common.exceptions import Conflict, NotAllowed, NotSignedIn


class LastOwner(Conflict):
    """A tenant would be left without an active owner."""

    code = "last_owner"


class MigrationsRunning(Conflict):
    """No schema is made or dropped while migrations change them; it is done afterwards."""

    code = "migrations_running"


class TemplateMissing(Conflict):
    """There is nothing to copy a tenant's schema from: `migrate` makes it."""

    code = "template_missing"


class BadCredentials(NotSignedIn):
    """The address is unknown, the password wrong, or the account disabled: nobody learns which."""

    code = "bad_credentials"


class NotAMember(NotAllowed):
    """A person whose password is right belongs to no tenant, or not to the one that is named."""

    code = "not_a_member"


class TenantNotUsable(NotAllowed):
    """The tenant is suspended, or about to be deleted."""


class TenantRequired(Conflict):
    """The user belongs to several tenants; `extensions` lists their slugs."""

    code = "tenant_required"

    def __init__(self, slugs: list[str]) -> None:
        super().__init__(
            f"You belong to several tenants; name one of {', '.join(slugs)}.", pointer="/tenant"
        )
        self._slugs = slugs

    @property
    def extensions(self) -> Mapping[str, object]:
        return {"tenants": self._slugs}


class CannotCopy(Conflict):
    """The template holds what `services.schemas` does not know to copy: a programming error."""

    code = "cannot_copy"
