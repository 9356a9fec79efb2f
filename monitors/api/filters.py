"""Filters of the list of monitors."""

from __future__ import annotations

from django_filters import rest_framework as filters

from blip0.common.api.filters import DocumentFilterSet, StrictBooleanFilter
from monitors.choices import MonitorState
from monitors.models import MonitorAddress
from monitors.querysets import MonitorQuerySet


class MonitorFilterSet(DocumentFilterSet):
    state = filters.ChoiceFilter(
        choices=MonitorState.choices,
        method="filter_state",
        help_text="What its owners want: a paused one that is also snoozed is `paused`.",
    )
    paused = StrictBooleanFilter()
    network = filters.CharFilter(
        field_name="network_links__network", max_length=63, help_text="Slug of a network."
    )
    trigger = filters.CharFilter(
        field_name="trigger_links__trigger__slug", max_length=63, help_text="Slug of a trigger."
    )
    address = filters.CharFilter(
        method="filter_address", max_length=200, help_text="A whole address, in any case."
    )

    def filter_state(self, monitors: MonitorQuerySet, _name: str, value: str) -> MonitorQuerySet:
        return monitors.in_state(MonitorState(value))

    def filter_address(self, monitors: MonitorQuerySet, _name: str, value: str) -> MonitorQuerySet:
        # A subquery: a monitor may name an address twice.
        named = MonitorAddress.objects.filter(address__iexact=value)
        return monitors.filter(pk__in=named.values("monitor"))
