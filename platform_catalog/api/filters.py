"""Filters of the catalogue's lists."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django_filters import rest_framework as filters

from blip0.common.api.filters import DocumentFilterSet, StrictBooleanFilter
from platform_catalog.choices import NetworkType, ScriptLanguage


class NetworkFilterSet(DocumentFilterSet):
    network_type = filters.ChoiceFilter(choices=NetworkType.choices)
    enabled = StrictBooleanFilter()


class FilterScriptFilterSet(filters.FilterSet):  # type: ignore[misc]  # django-filter is untyped
    language = filters.ChoiceFilter(choices=ScriptLanguage.choices)
    search = filters.CharFilter(
        field_name="name", lookup_expr="icontains", max_length=200, help_text="Part of the name."
    )


class MonitorTemplateFilterSet(DocumentFilterSet):
    network_type = filters.ChoiceFilter(choices=NetworkType.choices, method="filter_network_type")

    def filter_network_type(self, queryset: QuerySet[Any], _name: str, value: str) -> QuerySet[Any]:
        return queryset.filter(network_types__contains=[value])
