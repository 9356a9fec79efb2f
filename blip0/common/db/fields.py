"""Model fields that carry a rule of the platform into the database."""

from __future__ import annotations

from typing import Any

from django.db import models


class SealedTextField(models.TextField):  # type: ignore[type-arg]  # not generic at run time
    """Holds sealed text only: `sealed_check` adds the constraint that refuses plain text."""

    description = "A secret, sealed"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("editable", False)
        super().__init__(*args, **kwargs)


def sealed_check(field: str, *, name: str) -> models.CheckConstraint:
    """A constraint for a `SealedTextField`, null allowed where the field allows it."""
    return models.CheckConstraint(
        condition=models.Q(**{f"{field}__startswith": "sealed:v1:"})
        | models.Q(**{f"{field}__isnull": True}),
        name=name,
        violation_error_message=f"{field} must be sealed before it is stored.",
    )
