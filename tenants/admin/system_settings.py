"""System settings: all that are registered, each with a form of its type."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from unfold.widgets import UnfoldAdminIntegerFieldWidget

from blip0.common.admin.actions import object_action
from blip0.common.admin.base import PlatformAdmin, actor_of
from blip0.common.admin.display import EMPTY, link, stamp
from blip0.common.admin.fields import AnyModelForm, LinesField, MultilineField, switch_field
from blip0.common.setting_kinds import Kind, Number, Switch, Text, Texts
from blip0.common.system_settings import KEPT_S, SETTINGS, SettingDefinition
from tenants.models import SystemSetting
from tenants.selectors import SettingState, setting_state, setting_states
from tenants.services.system_settings import setting_reset, setting_update


class SettingForm(AnyModelForm):
    """One field, `value`, of the setting's type. The service checks it and writes."""

    class Meta:
        model = SystemSetting
        fields = ()

    def _post_clean(self) -> None:
        """Nothing: the instance stays as it is stored."""

    def save(self, commit: bool = True) -> Any:
        return self.instance


@admin.register(SystemSetting)
class SystemSettingAdmin(PlatformAdmin[SystemSetting]):
    """A row is there for what staff have set; a page is there for every registered setting."""

    audit_kind = "system_setting"
    readonly_fields = ("default", "changed")
    fields = ("value", "default", "changed")
    actions_detail = ("reset",)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        return TemplateResponse(
            request,
            "admin/table_page.html",
            {
                **self.admin_site.each_context(request),
                "opts": self.opts,
                "title": "System settings",
                "explain": "What staff set holds at once for what is saved, and everywhere within "
                f"{KEPT_S:.0f} s. A value equal to its default isn't kept: the default holds.",
                "table": {
                    "headers": ["setting", "value", "default", "changed", "by"],
                    "rows": [self._row(state) for state in setting_states()],
                },
            },
        )

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> SystemSetting | None:
        """The stored row, or one that isn't stored, with the default; None for unknown keys."""
        if object_id not in SETTINGS:
            return None
        row = SystemSetting.objects.filter(pk=object_id).first()
        state = setting_state(SETTINGS.get(object_id), row)
        return row or SystemSetting(key=object_id, value=state.value)

    def get_form(
        self,
        request: HttpRequest,
        obj: SystemSetting | None = None,
        change: bool = False,
        **kwargs: Any,
    ) -> type[forms.ModelForm[SystemSetting]]:
        if obj is not None:
            field = _field(SETTINGS.get(obj.key))
            kwargs["form"] = type("SettingForm", (SettingForm,), {"value": field})
        return super().get_form(request, obj, change=change, **kwargs)

    def update_object(self, request: HttpRequest, obj: SystemSetting, form: Any) -> SystemSetting:
        setting_update(key=obj.key, value=form.cleaned_data["value"], actor=actor_of(request))
        return obj

    @object_action(
        "Reset to the default",
        explain="What staff have set goes; the setting follows its default again, everywhere "
        f"within {KEPT_S:.0f} s.",
        permissions=["change"],
        when=lambda row: row.updated_at is not None,
        icon="restart_alt",
    )
    def reset(self, request: HttpRequest, obj: SystemSetting, data: dict[str, Any]) -> str:
        setting_reset(key=obj.key, actor=actor_of(request))
        return f"{obj} follows its default."

    @admin.display(description="default")
    def default(self, obj: SystemSetting) -> str:
        return _shown(SETTINGS.get(obj.key).default())

    @admin.display(description="changed")
    def changed(self, obj: SystemSetting) -> str:
        return stamp(obj.updated_at)

    def _row(self, state: SettingState) -> list[Any]:
        key = state.definition.key
        value = f"{_shown(state.value)} ({state.problem})" if state.problem else _shown(state.value)
        return [
            link(self.change_url(key), state.definition.label),
            value,
            _shown(state.default),
            stamp(state.row.updated_at if state.row else None),
            state.row.updated_by if state.row else EMPTY,
        ]


def _field(definition: SettingDefinition[Any]) -> forms.Field:
    options: dict[str, Any] = {"label": definition.label, "help_text": definition.help}
    kind: Kind[Any] = definition.kind
    if isinstance(kind, Switch):
        return switch_field(**options)
    if isinstance(kind, Number):
        return forms.IntegerField(widget=UnfoldAdminIntegerFieldWidget(), **options)
    if isinstance(kind, Texts):
        options["help_text"] += " One a line."
        return LinesField(required=False, **options)
    if isinstance(kind, Text):
        return MultilineField(required=False, rows=3, **options)
    raise TypeError(f"The setting {definition.key} is of a type that has no form field yet.")


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, tuple):
        value = ", ".join(value)
    return str(value) or EMPTY
