"""Filters of lists."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django import forms
from django.db.models import Q, QuerySet
from django_filters import rest_framework as filters
from django_filters.fields import IsoDateTimeField
from drf_spectacular.contrib.django_filters import DjangoFilterExtension
from rest_framework.request import Request
from rest_framework.views import APIView

from blip0.common.api.problems import InvalidParameter


class _StrictBooleanField(forms.Field):
    def to_python(self, value: Any) -> bool | None:
        if value in (None, ""):
            return None
        if value not in ("true", "false"):
            raise forms.ValidationError("It must be true or false.")
        return bool(value == "true")


class StrictBooleanFilter(filters.BooleanFilter):  # type: ignore[misc]  # django-filter is untyped
    """`true` or `false`; django-filter's own takes anything, and ignores it."""

    field_class = _StrictBooleanField

    def __init__(self, **options: Any) -> None:
        super().__init__(widget=forms.TextInput, **options)


class _TimeField(IsoDateTimeField):  # type: ignore[misc]  # django-filter is untyped
    def to_python(self, value: Any) -> datetime | None:
        given: datetime | None = super().to_python(value)
        try:
            # Python knows offsets that Postgres doesn't, and times that have no UTC.
            return given and given.astimezone(UTC)
        except OverflowError:
            raise forms.ValidationError("It must be in the years 1 to 9999 in UTC.") from None


class TimeFilter(filters.IsoDateTimeFilter):  # type: ignore[misc]  # django-filter is untyped
    """A time, with its offset from UTC."""

    field_class = _TimeField


def time_range(column: str) -> tuple[TimeFilter, TimeFilter]:
    """`since, until = time_range("created_at")`, of a filter set."""
    at = TimeFilter
    return (
        at(field_name=column, lookup_expr="gte", help_text="Not before this time."),
        at(field_name=column, lookup_expr="lt", help_text="Before this time."),
    )


class DocumentFilterSet(filters.FilterSet):  # type: ignore[misc]  # django-filter is untyped
    """Search over name and slug, which everything that tenants name has."""

    search = filters.CharFilter(
        method="filter_search", max_length=200, help_text="Part of the name or slug, in any case."
    )

    def filter_search(self, queryset: QuerySet[Any], _name: str, value: str) -> QuerySet[Any]:
        return queryset.filter(Q(name__icontains=value) | Q(slug__icontains=value))


class StrictFilterBackend(filters.DjangoFilterBackend):  # type: ignore[misc]  # untyped
    """Refuses values that a filter can't take. Raises `InvalidParameter`."""

    def filter_queryset(
        self, request: Request, queryset: QuerySet[Any], view: APIView
    ) -> QuerySet[Any]:
        filterset = self.get_filterset(request, queryset, view)
        if filterset is None:
            return queryset
        if not filterset.is_valid():
            name, messages = next(iter(filterset.errors.items()))
            raise InvalidParameter(name, " ".join(str(message) for message in messages))
        filtered: QuerySet[Any] = filterset.qs
        return filtered


class _FilterSchema(DjangoFilterExtension):  # type: ignore[no-untyped-call]  # its registry
    """The document says how long a text may be as well."""

    target_class = f"{__name__}.StrictFilterBackend"
    priority = 1

    def resolve_filter_field(self, *given: Any) -> list[dict[str, Any]]:
        *_, field = given
        of_it: Any = super()
        parameters: list[dict[str, Any]] = of_it.resolve_filter_field(*given)
        if longest := field.extra.get("max_length"):
            for parameter in parameters:
                parameter["schema"]["maxLength"] = longest
        return parameters
