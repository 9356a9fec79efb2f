"""Filters of the list of monitors."""

from __future__ import annotations

from django_filters import rest_framework as filters

from blip0.common.api.filters import DocumentFilterSet, StrictBooleanFilter


class MonitorFilterSet(DocumentFilterSet):
    paused = StrictBooleanFilter()
    network = filters.CharFilter(
        field_name="network_links__network", max_length=63, help_text="Slug of a network."
    )
    trigger = filters.CharFilter(
        field_name="trigger_links__trigger__slug", max_length=63, help_text="Slug of a trigger."
    )
