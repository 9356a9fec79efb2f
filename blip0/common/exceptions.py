"""Errors of the domain: what a service raises when a rule of the platform says no.

Each has a stable `code`, a message that names the rule and the fix, and a JSON pointer to the
field at fault. The API turns them into problem details, forms into field errors, commands into
one line; none of them needs to know the rule.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence


class DomainError(Exception):
    """Base of all of them. `pointer` is RFC 6901; "" is the whole document."""

    code = "refused"

    def __init__(self, message: str, *, pointer: str = "", code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.pointer = pointer
        if code is not None:
            self.code = code

    @property
    def extensions(self) -> Mapping[str, object]:
        """What else a caller may need to go on, by name; the API adds it to the problem."""
        return {}


class InvalidField(DomainError):
    """A value breaks its rule; `pointer` names the field."""

    code = "invalid"


class NotFound(DomainError):
    """What was named isn't there, or isn't the caller's."""

    code = "not_found"


class Gone(NotFound):
    """The very object that a service was called for isn't there any more, or never was."""


class Conflict(DomainError):
    """The name or slug is taken, or the object's state doesn't allow this."""

    code = "conflict"


class InUse(Conflict):
    """Cannot be deleted: `users` are who name it, or the first of them, in words."""

    code = "in_use"

    def __init__(self, message: str, *, users: Sequence[str], pointer: str = "") -> None:
        super().__init__(message, pointer=pointer)
        self.users = list(users)

    @property
    def extensions(self) -> Mapping[str, object]:
        return {"users": self.users}


class Stale(DomainError):
    """The caller changed an older version than the stored one; not all objects count theirs."""

    code = "stale"

    def __init__(self, message: str, *, current_version: int | None = None) -> None:
        super().__init__(message)
        self.current_version = current_version


class LimitReached(DomainError):
    """The plan, or staff's override, allows no more."""

    code = "limit_reached"


class TooMany(DomainError):
    """Too often in too short a time; the same may be tried again after `retry_after_s` seconds."""

    code = "too_many"

    def __init__(self, message: str, *, retry_after_s: int) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class NotSignedIn(DomainError):
    """Who asks isn't known: credentials are wrong, or no longer stand."""

    code = "not_signed_in"


class NotAllowed(DomainError):
    """The actor may not do this."""

    code = "not_allowed"
