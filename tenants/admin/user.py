"""People's accounts. Passwords are set on a page of their own, and shown nowhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.contrib.auth import admin as _auth_admin  # noqa: F401  # registers Group
from django.contrib.auth.forms import SetPasswordMixin
from django.contrib.auth.models import Group
from django.http import HttpRequest
from unfold.widgets import UnfoldAdminPasswordWidget

from blip0.common.admin.actions import ConfirmForm, object_action
from blip0.common.admin.base import PlatformAdmin, ViewOnlyAdmin, actor_of
from blip0.common.admin.display import EMPTY
from blip0.common.admin.fields import AnyModelForm
from tenants.models import User
from tenants.services.accounts import user_set_password, user_update
from tenants.services.users import user_create

if TYPE_CHECKING:
    PasswordMixin = SetPasswordMixin[User]
else:
    PasswordMixin = SetPasswordMixin


def _password_fields(*, required: bool) -> tuple[forms.CharField, forms.CharField]:
    pair = SetPasswordMixin.create_password_fields()
    for field in pair:
        field.required = required
        field.widget = UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"})
    return pair


class SetPasswordForm(PasswordMixin, ConfirmForm):
    password1, password2 = _password_fields(required=True)

    def clean(self) -> dict[str, Any]:
        self.validate_passwords()
        self.validate_password_for_user(self.obj)
        return dict(self.cleaned_data)


class AddUserForm(PasswordMixin, AnyModelForm):
    password1, password2 = _password_fields(required=False)

    class Meta:
        model = User
        fields = ("email", "name", "is_staff")

    def clean(self) -> dict[str, Any]:
        data = dict(self.cleaned_data)
        if data.get("password1") != data.get("password2"):
            self.add_error("password2", self.error_messages["password_mismatch"])
        self.validate_password_for_user(self.instance)
        return data


@admin.register(User)
class UserAdmin(PlatformAdmin[User]):
    """Accounts are deactivated, never deleted: history and tenants' rows name them.

    Only superusers touch staff and hand out rights: who sets a password has what it opens.
    """

    audit_kind = "user"
    hidden = ("password",)
    list_display = ("email", "name", "is_active", "is_staff", "is_superuser", "last_login")
    list_filter = ("is_active", "is_staff", "is_superuser")
    search_fields = ("email", "name")
    add_fieldsets = (
        (None, {"fields": ("email", "name", "password1", "password2")}),
        ("Rights", {"fields": ("is_staff",)}),
    )
    fieldsets = (
        (None, {"fields": ("email", "name", "is_active")}),
        ("Rights", {"fields": ("is_staff", "is_superuser", "groups")}),
        ("Belongs to", {"fields": ("tenants_shown", ("last_login", "date_joined"))}),
    )
    actions_detail = ("set_password",)

    def get_form(
        self, request: HttpRequest, obj: User | None = None, change: bool = False, **kwargs: Any
    ) -> type[forms.ModelForm[User]]:
        if obj is None:
            kwargs["form"] = AddUserForm
        return super().get_form(request, obj, change=change, **kwargs)

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> tuple[str, ...]:
        shown = ("tenants_shown", "last_login", "date_joined") if obj else ()
        if request.user.is_superuser:
            return shown
        return (*shown, "is_staff", "is_superuser", "groups")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        target = self.get_object(request, obj) if isinstance(obj, str) else obj
        is_of_staff = target is not None and (target.is_staff or target.is_superuser)
        if is_of_staff and not request.user.is_superuser:
            return False
        return super().has_change_permission(request, target)

    def create_object(self, request: HttpRequest, form: Any) -> User:
        data = form.cleaned_data
        return user_create(
            email=data["email"],
            name=data["name"],
            password=data["password1"] or None,
            is_staff=data.get("is_staff", False),
            actor=actor_of(request),
        )

    def update_object(self, request: HttpRequest, obj: User, form: Any) -> User:
        return user_update(user=obj, data=form.cleaned_data, actor=actor_of(request))

    @admin.display(description="tenants")
    def tenants_shown(self, obj: User) -> str:
        memberships = obj.memberships.select_related("tenant").order_by("tenant__slug")
        return ", ".join(f"{row.tenant.slug} ({row.role})" for row in memberships) or EMPTY

    @object_action(
        "Set password",
        explain="The old password stops working, and they are signed out everywhere.",
        permissions=["change"],
        form=SetPasswordForm,
        icon="password",
    )
    def set_password(self, request: HttpRequest, obj: User, data: dict[str, Any]) -> str:
        user_set_password(user=obj, password=data["password1"], actor=actor_of(request))
        return "The password is set."


admin.site.unregister(Group)


@admin.register(Group)
class GroupAdmin(ViewOnlyAdmin[Group]):
    """Staff's roles; they come with migrations, so that each installation has the same."""

    list_display = ("name",)
    search_fields = ("name",)
    fields = ("name", "rights")

    @admin.display(description="permissions")
    def rights(self, obj: Group) -> str:
        permissions = obj.permissions.select_related("content_type")
        return "\n".join(
            sorted(f"{row.content_type.app_label}.{row.codename}" for row in permissions)
        )
