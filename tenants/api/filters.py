"""Filters of the lists of people and keys."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone
from django_filters import rest_framework as filters

from blip0.common.api.filters import StrictBooleanFilter
from tenants.choices import Role
from tenants.models import Invitation


class MemberFilterSet(filters.FilterSet):  # type: ignore[misc]  # django-filter is untyped
    role = filters.ChoiceFilter(choices=Role.choices)
    search = filters.CharFilter(
        method="filter_search", max_length=200, help_text="Part of the name or email, in any case."
    )

    def filter_search(self, members: QuerySet[Any], _name: str, value: str) -> QuerySet[Any]:
        return members.filter(Q(user__email__icontains=value) | Q(user__name__icontains=value))


class InvitationFilterSet(filters.FilterSet):  # type: ignore[misc]  # django-filter is untyped
    state = filters.ChoiceFilter(
        choices=[(state, state) for state in Invitation.STATES], method="filter_state"
    )
    role = filters.ChoiceFilter(choices=Role.choices)
    search = filters.CharFilter(
        field_name="email",
        lookup_expr="icontains",
        max_length=200,
        help_text="Part of the email, in any case.",
    )

    def filter_state(self, rows: QuerySet[Any], _name: str, value: str) -> QuerySet[Any]:
        now = timezone.now()
        if value in ("accepted", "revoked"):
            return rows.filter(**{f"{value}_at__isnull": False})
        rows = rows.filter(accepted_at=None, revoked_at=None)
        return (
            rows.filter(expires_at__gt=now) if value == "open" else rows.filter(expires_at__lte=now)
        )


class ApiKeyFilterSet(filters.FilterSet):  # type: ignore[misc]  # django-filter is untyped
    usable = StrictBooleanFilter(
        method="filter_usable", help_text="Whether it is neither revoked nor expired."
    )
    search = filters.CharFilter(
        field_name="name",
        lookup_expr="icontains",
        max_length=200,
        help_text="Part of the name, in any case.",
    )

    def filter_usable(self, keys: QuerySet[Any], _name: str, value: bool) -> QuerySet[Any]:
        ended = Q(revoked_at__isnull=False) | Q(expires_at__lte=timezone.now())
        return keys.exclude(ended) if value else keys.filter(ended)
