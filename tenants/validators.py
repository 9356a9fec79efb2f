"""Pure rules on values, for services, forms and serializers alike."""

from __future__ import annotations

import re

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from blip0.common.exceptions import InvalidField
from blip0.common.slugs import OBJECT_SLUG
from tenants.choices import Role


def require_slug(slug: str) -> None:
    """Raises `InvalidField` unless it may be a tenant's slug."""
    if not re.fullmatch(OBJECT_SLUG, slug):
        raise InvalidField(
            f"slug {slug!r}: 1 to 63 of a-z, 0-9, hyphen and underscore, starting with a letter "
            "or digit.",
            pointer="/slug",
        )


def cleaned_name(name: str, *, longest: int) -> str:
    """The name without outer blanks. Raises `InvalidField` if it is empty or too long."""
    name = name.strip()
    if not 1 <= len(name) <= longest:
        raise InvalidField(f"name: 1 to {longest} characters.", pointer="/name")
    return name


def cleaned_email(email: str) -> str:
    """The address in the form in which it is stored. Raises `InvalidField`."""
    email = email.strip().lower()
    try:
        validate_email(email)
    except ValidationError:
        raise InvalidField(
            f"email {email!r} is no address; write one like ana@example.org.", pointer="/email"
        ) from None
    return email


def require_role(role: str) -> Role:
    """Raises `InvalidField` unless there is such a role."""
    if role not in Role.values:
        raise InvalidField(f"role {role!r}: one of {', '.join(Role.values)}.", pointer="/role")
    return Role(role)
