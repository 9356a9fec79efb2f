"""Form fields of the back office: JSON, lists, ordered choices and secrets that never come back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.html import format_html
from unfold.widgets import (
    UnfoldAdminPasswordWidget,
    UnfoldAdminSelect2MultipleWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from blip0.common.admin.display import json_text
from blip0.common.strict_json import NotStrictJSON, loads
from blip0.common.tenancy import current_tenant_id

if TYPE_CHECKING:
    AnyModelForm = forms.ModelForm[Any]
else:
    AnyModelForm = forms.ModelForm  # not subscriptable at run time

MONOSPACE = "font-family: ui-monospace, monospace; font-size: 12px"


def text_field(**options: Any) -> forms.CharField:
    """A line of text in Unfold's dress."""
    return forms.CharField(widget=UnfoldAdminTextInputWidget(), **options)


def switch_field(**options: Any) -> forms.BooleanField:
    return forms.BooleanField(widget=UnfoldBooleanSwitchWidget(), required=False, **options)


def choice_field(choices: Iterable[Any], *, empty: str, **options: Any) -> forms.ChoiceField:
    """One of `choices`, or nothing, which is called `empty`."""
    return forms.ChoiceField(
        choices=[("", empty), *choices], widget=UnfoldAdminSelectWidget(), **options
    )


class MultilineField(forms.CharField):
    """Text as it was written: outer blanks stay, and browsers' line ends become ours."""

    area: type[forms.Textarea] = UnfoldAdminTextareaWidget

    def __init__(self, *, rows: int = 6, monospace: bool = False, **options: Any) -> None:
        attrs = {"rows": rows, "spellcheck": "false", **({"style": MONOSPACE} if monospace else {})}
        super().__init__(widget=self.area(attrs=attrs), strip=False, **options)

    def to_python(self, value: Any) -> str:
        text = super().to_python(value) or ""
        return text.replace("\r\n", "\n").replace("\r", "\n")


class CodeArea(UnfoldAdminTextareaWidget):  # type: ignore[misc]  # Unfold has no types
    class Media:
        js = ("blip0/admin/code_size.js",)


class CodeField(MultilineField):
    """A program's text. The page counts its lines and its bytes in UTF-8, of at most `max_bytes`.

    The service has the last word on the size.
    """

    area = CodeArea

    def __init__(self, *, max_bytes: int, rows: int = 24, **options: Any) -> None:
        super().__init__(rows=rows, monospace=True, **options)
        self.widget.attrs["data-max-bytes"] = max_bytes
        self.widget.attrs["wrap"] = "off"


class JsonField(MultilineField):
    """JSON, shown indented and read as strictly as the runtime reads it; nothing is null."""

    def __init__(self, *, rows: int = 8, **options: Any) -> None:
        super().__init__(rows=rows, monospace=True, **options)

    def prepare_value(self, value: Any) -> Any:
        return value if value is None or isinstance(value, str) else json_text(value)

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        if not text.strip():
            return None
        try:
            return loads(text)
        except NotStrictJSON as error:
            raise forms.ValidationError(
                f"Line {error.line}, column {error.column}: {error.message}"
            ) from error

    def validate(self, value: Any) -> None:
        if value is None and self.required:
            raise forms.ValidationError(self.error_messages["required"], code="required")

    def run_validators(self, value: Any) -> None:
        """None: the service checks what stands in it."""

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool(self.prepare_value(initial) != data)


class LinesField(MultilineField):
    """A list of texts, one a line; empty lines don't count."""

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list | tuple) else value

    def to_python(self, value: Any) -> Any:
        return [line.strip() for line in super().to_python(value).split("\n") if line.strip()]

    def validate(self, value: Any) -> None:
        if self.required and not value:
            raise forms.ValidationError(self.error_messages["required"], code="required")

    def run_validators(self, value: Any) -> None:
        """None: the service checks what stands in it."""


class OrderedSelect(UnfoldAdminSelect2MultipleWidget):  # type: ignore[misc]  # Unfold has no types
    """Chosen options come first, in their order; one that is chosen goes to their end.

    A browser sends them in the order in which they stand.
    """

    class Media:
        js = ("blip0/admin/ordered_select.js",)

    choices: Any

    def __init__(self) -> None:
        super().__init__(attrs={"data-ordered": "true"})

    def optgroups(self, name: str, value: list[str], attrs: Any = None) -> list[Any]:
        place = {key: index for index, key in enumerate(value)}
        choices = list(self.choices)
        self.choices = sorted(choices, key=lambda choice: place.get(str(choice[0]), len(place)))
        groups: list[Any] = super().optgroups(name, value, attrs)
        self.choices = choices
        return groups


class OrderedChoiceField(forms.MultipleChoiceField):
    """Several of `choices`, in an order that counts."""

    widget = OrderedSelect

    def has_changed(self, initial: Any, data: Any) -> bool:
        return list(initial or []) != list(data or [])


class SecretField(forms.CharField):
    """A secret to write. What is stored never comes back: a hint says that there is one."""

    def __init__(self, **options: Any) -> None:
        widget = UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"})
        super().__init__(widget=widget, strip=False, **options)

    def show_stored(self, mask: Mapping[str, Any] | None) -> None:
        """Take the mask that a read gives, `{"set": true, "hint": "…abcd"}`."""
        if mask and mask.get("set"):
            self.required = False
            # Unfold marks help texts as safe, and a hint is the end of what a tenant wrote.
            hint = mask.get("hint", "…")
            self.help_text = format_html("Stored: {}. Leave empty to keep it.", hint)
        else:
            self.help_text = "None is stored yet."


class DocumentForm(AnyModelForm):
    """A form whose document a service checks: the model has no say, and nothing is saved here.

    `pointers` maps places of the document to fields where their names differ. `tenant` is whose
    form it is: with another tenant entered in another tab, nothing of it may be saved there.
    """

    pointers: Mapping[str, str] = {}

    initial: dict[str, Any]

    tenant = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["tenant"] = str(current_tenant_id())

    def clean(self) -> dict[str, Any]:
        data = dict(super().clean() or self.cleaned_data)
        if data.get("tenant") != self.initial["tenant"]:
            raise forms.ValidationError(
                "This form was opened inside another tenant than the one you are in now; "
                "nothing was saved. Enter that tenant again, and open the form anew."
            )
        return data

    def _post_clean(self) -> None:
        """Nothing: the instance stays as it is stored."""

    def save(self, commit: bool = True) -> Any:
        return self.instance

    @property
    def is_stored(self) -> bool:
        """Whether this is the form of something that is there already."""
        return self.instance.pk is not None and bool(self.instance.created_at)
