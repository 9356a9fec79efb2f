"""A form for each type of trigger, made of its contract: a new type needs none of its own.

Secrets are written and never read: an empty field keeps what is stored.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from types import new_class
from typing import Any, cast

from django import forms
from django.contrib.postgres.fields import ArrayField
from django.db import models
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminNullBooleanSelectWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
)

from blip0.common.admin.actions import RevertForm
from blip0.common.admin.fields import (
    DocumentForm,
    JsonField,
    LinesField,
    MultilineField,
    SecretField,
    switch_field,
    text_field,
)
from blip0.common.validation.findings import pointer
from triggers.choices import TriggerKind
from triggers.contracts import TRIGGER_TYPES, TriggerContract
from triggers.contracts.base import plain_secret
from triggers.models import Trigger
from triggers.selectors import trigger_representation
from triggers.store import config_model

REMOVE = "remove_"
KEEP = "keep_"
_POINTERS = {
    "/config/message/title": "message_title",
    "/config/message/body": "message_body",
    "/config/message": "message_body",
    "/config/retry_policy": "retry_policy",
}


class TriggerForm(DocumentForm):
    """What every type has. `contract` is that of the subclass's type."""

    contract: TriggerContract

    name = text_field(max_length=200)
    slug = text_field(
        max_length=63, required=False, help_text="Left empty, it is made of the name."
    )
    enabled = switch_field(initial=True)
    message_title = text_field(required=False, strip=False)
    message_body = MultilineField(
        rows=8, required=False, help_text="Variables as in ${transaction.hash}."
    )
    retry_policy = JsonField(
        rows=5, required=False, help_text="Left empty, the runtime's own policy holds."
    )
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    class Meta:
        model = Trigger
        fields = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.stored: dict[str, Any] = {}
        if self.is_stored:
            self._show(trigger_representation(self.instance))

    def _show(self, shown: dict[str, Any]) -> None:
        config = self.stored = shown["config"]
        message = config.get("message", {})
        self.initial |= {key: shown[key] for key in ("name", "slug", "enabled", "version")}
        self.initial |= {key: config[key] for key in self.contract.options if key in config}
        self.initial |= {
            "message_title": message.get("title", ""),
            "message_body": message.get("body", ""),
            "retry_policy": config.get("retry_policy"),
            "headers": config.get("headers"),
        }
        for key in self.contract.secrets:
            if isinstance(field := self.fields.get(key), SecretField):
                field.show_stored(config.get(key))

    def document(self) -> dict[str, Any]:
        """What the service takes: secrets that are left empty aren't in it."""
        data = self.cleaned_data
        config = {key: data[key] for key in self.contract.options if data[key] not in (None, "")}
        for key in self.contract.secrets:
            if data[key]:
                config[key] = plain_secret(data[key])
            elif data.get(f"{REMOVE}{key}"):
                config[key] = None
        message = {"title": data["message_title"], "body": data["message_body"]}
        if any(message.values()) or "headers" not in self.fields or "message" in self.stored:
            config["message"] = message
        if data["retry_policy"] is not None:
            config["retry_policy"] = data["retry_policy"]
        if data.get("headers") is not None:
            config["headers"] = data["headers"]
        document = {"name": data["name"], "enabled": data["enabled"], "config": config}
        return document | ({"slug": data["slug"]} if data["slug"] else {})


class TriggerRevertForm(RevertForm):
    """With the secrets that the change replaced. `asked` are their fields by the form's."""

    asked: Mapping[str, str] = {}

    def clean(self) -> dict[str, Any]:
        data = {key: self.cleaned_data.get(key) for key in ("newest", "reason")}
        secrets: dict[str, Any] = {}
        for name, field in self.asked.items():
            if text := self.cleaned_data.get(name):
                secrets[field] = text
            elif self.cleaned_data.get(f"{KEEP}{name}"):
                secrets[field] = {"set": True}
        return {**data, "secrets": secrets}


def revert_form_for(lost: Sequence[str]) -> type[RevertForm]:
    """A field for each of these secrets, and a switch to let the stored one stay."""
    asked = {f"secret_{number}": field for number, field in enumerate(lost)}
    fields: dict[str, Any] = {}
    for name, field in asked.items():
        label = field.replace("headers.", "Header ", 1) if "." in field else _label(field)
        told = "The one from before this change: the history keeps no secrets."
        fields[name] = SecretField(label=label, required=False, help_text=told)
        fields[f"{KEEP}{name}"] = switch_field(label=f"{label}: keep the one that is stored now")
    pointers = {pointer(((None, "secrets"), field)): name for name, field in asked.items()}
    namespace = {**fields, "asked": asked, "pointers": pointers}
    made = new_class(
        "TriggerRevertForm", (TriggerRevertForm,), exec_body=lambda body: body.update(namespace)
    )
    return cast(type[RevertForm], made)


@cache
def form_for(kind: str) -> type[TriggerForm]:
    """The form of a type. Raises `KeyError` for an unknown one."""
    contract = TRIGGER_TYPES.get(kind)
    model = config_model(kind)
    fields: dict[str, Any] = {}
    for key in contract.secrets:
        column = model._meta.get_field(key)
        fields[key] = SecretField(label=_label(key), required=not column.null)
        if column.null:
            fields[f"{REMOVE}{key}"] = switch_field(label=f"Remove the stored {_label(key)}")
    for key in contract.options:
        fields[key] = _option_field(model._meta.get_field(key))
    if "headers" in contract.keys:
        fields["headers"] = JsonField(
            rows=5,
            required=False,
            help_text="Names and values. A value shown as set is kept if it is left as it is.",
        )
    pointers = {f"/config/{key}": key for key in contract.keys if key in fields}
    namespace = {**fields, "contract": contract, "pointers": {**_POINTERS, **pointers}}
    made = new_class(
        f"{kind.title()}TriggerForm", (TriggerForm,), exec_body=lambda body: body.update(namespace)
    )
    return cast(type[TriggerForm], made)


def fieldsets_for(kind: str, *, is_new: bool) -> list[tuple[str | None, dict[str, Any]]]:
    """The fields of a type's form in groups."""
    own = [
        name
        for name in form_for(kind).declared_fields
        if name not in TriggerForm.declared_fields and not (is_new and name.startswith(REMOVE))
    ]
    return [
        (None, {"fields": ["name", "slug", "enabled", "version", "tenant"]}),
        (f"Where to send it: {TriggerKind(kind).label}", {"fields": own}),
        ("Message", {"fields": ["message_title", "message_body"]}),
        ("Retries", {"fields": ["retry_policy"]}),
    ]


def _option_field(column: Any) -> forms.Field:
    label, required = _label(column.name), not (column.null or column.blank)
    if isinstance(column, ArrayField):
        return LinesField(label=label, required=required, rows=4, help_text="One a line.")
    widgets: dict[type[models.Field[Any, Any]], Any] = {
        models.BooleanField: UnfoldAdminNullBooleanSelectWidget,
        models.PositiveIntegerField: UnfoldAdminIntegerFieldWidget,
    }
    choices = UnfoldAdminSelectWidget if column.choices else UnfoldAdminTextInputWidget
    widget = widgets.get(type(column), choices)
    field: forms.Field | None = column.formfield(label=label, required=required, widget=widget())
    if field is None:
        raise TypeError(f"{column} has no form field.")
    return field


def _label(key: str) -> str:
    return key.replace("_", " ").capitalize().replace("url", "URL").replace("Url", "URL")
