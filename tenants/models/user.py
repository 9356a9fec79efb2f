"""People: one account for a person, whichever tenants they belong to."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone

from blip0.common.models import UuidModel
from tenants.querysets import WatchedQuerySet

_FINGERPRINT_LENGTH = 16


class UserManager(BaseUserManager["User"]):
    """Creates users with a lower-cased email, which is how they are stored and looked up."""

    use_in_migrations = True

    def get_queryset(self) -> WatchedQuerySet[User]:
        return WatchedQuerySet(self.model, using=self._db)

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email=(username or "").strip().lower())

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        """A tenant's person. Without a password the account cannot sign in until one is set."""
        if not email.strip():
            raise ValueError("email: a user needs an email address.")
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)


class User(UuidModel, AbstractBaseUser, PermissionsMixin):
    """Signs in with an email. `is_staff` opens the admin and gives no right in any tenant."""

    email = models.EmailField(unique=True)
    name = models.CharField(max_length=150, blank=True)
    is_staff = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)
    time_zone = models.CharField(
        max_length=63,
        blank=True,
        db_default="",
        help_text="Of times in the back office; empty: the setting's.",
    )
    date_joined = models.DateTimeField(default=timezone.now, editable=False)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        ordering = ["email"]
        permissions = [
            ("manage_staff", "Can give and take staff's rights, but not a superuser's"),
            ("reset_two_factor", "Can reset the two-factor sign-in of staff"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(email=Lower("email")), name="user_email_lower_case"
            ),
        ]

    def __str__(self) -> str:
        return self.email

    def clean(self) -> None:
        super().clean()
        self.email = self.email.strip().lower()

    def get_full_name(self) -> str:
        return self.name or self.email

    def get_short_name(self) -> str:
        return self.name or self.email

    def password_fingerprint(self) -> str:
        """Changes with the password, so that what was given for one password ends with it.

        A keyed hash: it tells nothing about the password.
        """
        return self.get_session_auth_hash()[:_FINGERPRINT_LENGTH]
