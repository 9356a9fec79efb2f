"""What the services of this app refuse, beyond the common errors."""

from __future__ import annotations

from collections.abc import Mapping

from blip0.common.exceptions import Conflict, NotAllowed, NotFound, NotSignedIn, TooMany


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


class SignUpClosed(NotAllowed):
    """Only staff make tenants: the platform's setting `sign_up` is off."""

    code = "sign_up_closed"


class TooManyAttempts(TooMany):
    """Signing in failed too often, for this account or from this address."""

    code = "too_many_attempts"


class TokenRefused(NotSignedIn):
    """A token is malformed, forged or expired (`token_invalid`), or was revoked."""

    code = "token_revoked"


class CrossSite(NotAllowed):
    """Another site's page tries to use the refresh cookie."""

    code = "cross_site"


class RefreshRaced(Conflict):
    """Another request refreshed with the same token a moment ago; its answer has the new one."""

    code = "refresh_raced"


class GrantsTooMuch(NotAllowed):
    """Somebody would give, or take away, rights that they don't hold themselves."""

    code = "grants_too_much"


class InvitationNotOpen(NotFound):
    """There is no such invitation, or it was accepted or revoked, or its time is over."""

    code = "invitation_not_open"


class NeedsPerson(NotAllowed):
    """An API key asks for what is a person's alone."""

    code = "needs_person"


class NotAMember(NotAllowed):
    """A person whose password is right belongs to no tenant, or not to the one that is named."""

    code = "not_a_member"


class ViewOnly(NotAllowed):
    """Staff see the API as a member does; they change nothing there."""

    code = "view_only"


class TenantMismatch(NotAllowed):
    """A request names a tenant that isn't the one of its credentials."""

    code = "tenant_mismatch"


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


class CannotRevert(Conflict):
    """The audit log doesn't hold what a state before that change needs."""

    code = "cannot_revert"
