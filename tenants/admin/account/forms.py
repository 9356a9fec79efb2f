"""What the sign-in and the account's pages ask for."""

from __future__ import annotations

import zoneinfo
from typing import Any

from django import forms
from unfold.widgets import (
    UnfoldAdminPasswordWidget,
    UnfoldAdminSelect2Widget,
    UnfoldAdminTextInputWidget,
)

from blip0.common.admin.actions import ConfirmForm


def _password_field(label: str, autocomplete: str = "current-password") -> forms.CharField:
    widget = UnfoldAdminPasswordWidget(attrs={"autocomplete": autocomplete})
    return forms.CharField(label=label, max_length=1024, strip=False, widget=widget)


def _code_field(help_text: str) -> forms.CharField:
    attrs = {"autocomplete": "one-time-code", "spellcheck": "false", "autocapitalize": "off"}
    return forms.CharField(
        label="Code",
        max_length=40,
        help_text=help_text,
        widget=UnfoldAdminTextInputWidget(attrs=attrs),
    )


class CodeForm(ConfirmForm):
    code = _code_field("Six digits of your authenticator app, or a recovery code.")


class EnableForm(ConfirmForm):
    code = _code_field("The six digits that the app shows now.")
    password = _password_field("Your password")


class DisableForm(ConfirmForm):
    password = _password_field("Your password")
    code = _code_field("Six digits of your authenticator app, or a recovery code.")


class PasswordForm(ConfirmForm):
    pointers = {"/current_password": "current", "/new_password": "new"}

    current = _password_field("Your password now")
    new = _password_field("New password", "new-password")
    again = _password_field("The same again", "new-password")

    def clean(self) -> dict[str, Any]:
        data = dict(self.cleaned_data)
        if data.get("new") != data.get("again"):
            self.add_error("again", "It differs from the new password above.")
        return data


class TimeZoneForm(forms.Form):
    time_zone = forms.ChoiceField(required=False, label="Time zone")

    def __init__(self, *args: Any, default: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        zones = [(name, name) for name in sorted(zoneinfo.available_timezones())]
        choices = [("", f"The platform's ({default})"), *zones]
        field = self.fields["time_zone"]
        field.widget = UnfoldAdminSelect2Widget(choices=choices)
        field.choices = choices  # type: ignore[attr-defined]  # a choice field's
