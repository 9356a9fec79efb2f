"""Filters of lists that are too long for lists of choices: a text, matched by an index."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.contrib.filters.admin import TextFilter

from blip0.common.moments import moment


class ExactFilter(TextFilter):  # type: ignore[misc]  # Unfold has no types
    """Rows whose field of the parameter's name is this very text."""

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        wanted = (self.value() or "").strip()
        return self.narrowed(request, queryset, wanted) if wanted else queryset

    def narrowed(
        self, _request: HttpRequest, queryset: QuerySet[Any], wanted: str
    ) -> QuerySet[Any]:
        return queryset.filter(**{self.parameter_name: wanted})


class TimeFilter(ExactFilter):
    """Rows from, or until, a time in the viewer's zone. `lookup` is one of the field."""

    lookup = ""

    def narrowed(self, request: HttpRequest, queryset: QuerySet[Any], wanted: str) -> QuerySet[Any]:
        try:
            return queryset.filter(**{self.lookup: moment(wanted)})
        except ValueError as error:
            messages.error(request, f"{self.title}: {error}")
            return queryset.none()


def exact_filter(name: str, title: str) -> type[ExactFilter]:
    """A filter by the text of a field."""
    return type("ExactFilter", (ExactFilter,), {"parameter_name": name, "title": title})


def time_filter(name: str, title: str, lookup: str) -> type[TimeFilter]:
    """A filter by a time: `time_filter("since", "since", "created_at__gte")`."""
    members = {"parameter_name": name, "title": title, "lookup": lookup}
    return type("TimeFilter", (TimeFilter,), members)
