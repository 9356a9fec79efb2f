"""The form of a monitor's document, and what a snooze asks for."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.timezone import get_current_timezone_name
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminSplitDateTimeWidget

from blip0.common.admin.actions import OptionalReasonForm, RevertForm
from blip0.common.admin.fields import (
    DocumentForm,
    JsonField,
    MultilineField,
    OrderedChoiceField,
    choice_field,
    switch_field,
    text_field,
)
from monitors.choices import Severity
from monitors.models import Monitor
from monitors.selectors import monitor_representation
from platform_catalog.models import Network
from triggers.models import Trigger

DEFAULT = "The tenant's default"
NO_CONDITIONS: dict[str, list[Any]] = {"functions": [], "events": [], "transactions": []}
JSON_KEYS = ("addresses", "match_conditions", "trigger_conditions", "chain_configurations")
PLAIN_KEYS = ("name", "description", "paused", "networks", "triggers")


def _number_field(label: str) -> forms.IntegerField:
    return forms.IntegerField(
        label=label, required=False, min_value=1, widget=UnfoldAdminIntegerFieldWidget()
    )


class MonitorForm(DocumentForm):
    """All of a monitor that people write. Its service checks it, and names what is wrong."""

    name = text_field(max_length=200)
    slug = text_field(
        max_length=63, required=False, help_text="Left empty, it is made of the name."
    )
    description = MultilineField(rows=3, required=False)
    paused = switch_field()
    networks = OrderedChoiceField(help_text="In the order of the document.")
    addresses = JsonField(
        rows=12,
        required=False,
        help_text='Like [{"address": "0x…", "contract_spec": […]}].',
    )
    match_conditions = JsonField(
        rows=14,
        initial=NO_CONDITIONS,
        help_text="Lists of functions and events (signature, expression) and of transactions "
        "(status, expression).",
    )
    trigger_conditions = JsonField(
        rows=6,
        required=False,
        label="Script conditions",
        help_text='Like [{"script_path": "filters/….py", "language": "Python", '
        '"timeout_ms": 1000}].',
    )
    triggers = OrderedChoiceField(required=False, help_text="In the order in which they fire.")
    chain_configurations = JsonField(
        rows=4,
        required=False,
        help_text="A viewing key that is shown as set is kept if it is left as it is.",
    )
    severity = choice_field(Severity.choices, empty=DEFAULT, required=False)
    threshold_amount = _number_field("Threshold: matches")
    threshold_window_s = _number_field("Threshold: within seconds")
    min_interval_s = forms.IntegerField(
        label="At most one alert in seconds",
        required=False,
        min_value=0,
        widget=UnfoldAdminIntegerFieldWidget(),
    )
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    pointers = {
        "/alerting/severity": "severity",
        "/alerting/threshold": "threshold_amount",
        "/alerting/threshold/amount": "threshold_amount",
        "/alerting/threshold/window_s": "threshold_window_s",
        "/alerting/min_interval_s": "min_interval_s",
    }

    class Meta:
        model = Monitor
        fields = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        shown: dict[str, Any] = {}
        if self.is_stored:
            shown = monitor_representation(self.instance)
            self._show(shown)
        self._offer("networks", _networks(shown.get("networks", ())))
        self._offer("triggers", _triggers())

    def _offer(self, name: str, choices: list[tuple[str, str]]) -> None:
        field = self.fields[name]
        if isinstance(field, forms.ChoiceField):
            field.choices = choices

    def _show(self, shown: dict[str, Any]) -> None:
        alerting = shown["alerting"]
        threshold = alerting.get("threshold", {})
        keys = (*PLAIN_KEYS, *JSON_KEYS, "slug", "version")
        self.initial |= {key: shown[key] for key in keys}
        self.initial |= {
            "severity": alerting.get("severity", ""),
            "threshold_amount": threshold.get("amount"),
            "threshold_window_s": threshold.get("window_s"),
            "min_interval_s": alerting.get("min_interval_s"),
        }

    def document(self) -> dict[str, Any]:
        """The monitor as its services take it."""
        data = self.cleaned_data
        empty = {**{key: [] for key in JSON_KEYS}, "match_conditions": NO_CONDITIONS}
        document = {
            **{key: data[key] for key in PLAIN_KEYS},
            **{key: empty[key] if data[key] is None else data[key] for key in JSON_KEYS},
            "alerting": self._alerting(),
        }
        return document | ({"slug": data["slug"]} if data["slug"] else {})

    def _alerting(self) -> dict[str, Any]:
        data = self.cleaned_data
        alerting: dict[str, Any] = {}
        if data["severity"]:
            alerting["severity"] = data["severity"]
        threshold = {"amount": data["threshold_amount"], "window_s": data["threshold_window_s"]}
        given = {key: value for key, value in threshold.items() if value is not None}
        if given:
            alerting["threshold"] = given  # one without the other is for the check to refuse
        if data["min_interval_s"] is not None:
            alerting["min_interval_s"] = data["min_interval_s"]
        return alerting


class MonitorRevertForm(RevertForm):
    """With what the history names and doesn't keep."""

    secrets = JsonField(
        rows=3,
        required=False,
        help_text="Viewing keys that are asked for above, by their fingerprints.",
    )
    contract_specs = JsonField(
        rows=3,
        required=False,
        help_text="Contract specs that are asked for above, by their SHA-256.",
    )


class SnoozeForm(OptionalReasonForm):
    until = forms.SplitDateTimeField(widget=UnfoldAdminSplitDateTimeWidget())
    field_order = ("until", "reason")

    def __init__(self, data: Any = None, *, obj: Any) -> None:
        super().__init__(data, obj=obj)
        self.fields["until"].help_text = f"In your time zone, {get_current_timezone_name()}."


def _networks(chosen: Any) -> list[tuple[str, str]]:
    """Enabled networks, and those that the monitor names already. One query."""
    rows = Network.objects.values_list("slug", "name", "enabled")
    return [
        (slug, f"{name} ({slug})" if enabled else f"{name} ({slug}, disabled)")
        for slug, name, enabled in rows
        if enabled or slug in chosen
    ]


def _triggers() -> list[tuple[str, str]]:
    """The tenant's live triggers. One query."""
    rows = Trigger.objects.live().values_list("slug", "name", "trigger_type")
    return [(slug, f"{name} ({kind}, {slug})") for slug, name, kind in rows]
