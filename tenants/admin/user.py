"""People's accounts. Passwords are set on a page of their own, and shown nowhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.contrib.auth import admin as _auth_admin  # noqa: F401  # registers Group
from django.contrib.auth.forms import SetPasswordMixin
from django.contrib.auth.models import Group
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from unfold.widgets import UnfoldAdminPasswordWidget

from blip0.common.admin.actions import ConfirmForm, ReasonForm, held, object_action
from blip0.common.admin.base import PlatformAdmin, ViewOnlyAdmin, actor_of
from blip0.common.admin.display import EMPTY, stamp
from blip0.common.admin.fields import AnyModelForm
from tenants.models import TwoFactor, User
from tenants.services.accounts import user_set_password, user_update
from tenants.services.staff_sessions import staff_sessions_revoke
from tenants.services.two_factor import two_factor_reset
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

    Who sets a password has what it opens: only those who manage staff touch staff, and only
    superusers touch superusers.
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
        ("Rights", {"fields": ("is_staff", "is_superuser", "groups", "factor")}),
        ("Belongs to", {"fields": ("tenants_shown", ("last_login", "date_joined"))}),
    )
    actions_detail = ("set_password", "reset_two_factor", "end_sessions")

    has_end_sessions_permission = held("tenants.change_staffsession")

    def has_reset_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        permitted = request.user.has_perm("tenants.reset_two_factor")
        return permitted and self._may_touch(request, obj)

    def get_form(
        self, request: HttpRequest, obj: User | None = None, change: bool = False, **kwargs: Any
    ) -> type[forms.ModelForm[User]]:
        if obj is None:
            kwargs["form"] = AddUserForm
        return super().get_form(request, obj, change=change, **kwargs)

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> tuple[str, ...]:
        shown = ("tenants_shown", "last_login", "date_joined", "factor") if obj else ()
        if request.user.is_superuser:
            return shown
        if request.user.has_perm("tenants.manage_staff"):
            return (*shown, "is_superuser")
        return (*shown, "is_staff", "is_superuser", "groups")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request) and self._may_touch(request, obj)

    def _may_touch(self, request: HttpRequest, obj: Any) -> bool:
        """`obj` is a user, the id of one as unfold passes it, or nobody in particular."""
        target = self.get_object(request, obj) if isinstance(obj, str) else obj
        if target is None or request.user.is_superuser:
            return True
        if target.is_superuser:
            return False
        return not target.is_staff or request.user.has_perm("tenants.manage_staff")

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

    @object_action(
        "Reset two-factor",
        explain="For somebody who lost phone and recovery codes, once you know that it is them. "
        "All their sessions end, and their password alone opens the account until they set it up "
        "again.",
        permissions=["reset"],
        form=ReasonForm,
        when=lambda user: TwoFactor.objects.filter(pk=user.pk).exists(),
        icon="phonelink_erase",
        danger=True,
    )
    def reset_two_factor(self, request: HttpRequest, obj: User, data: dict[str, Any]) -> str:
        two_factor_reset(
            user=obj, reason=data["reason"], now=timezone.now(), actor=actor_of(request)
        )
        return f"The two-factor sign-in of {obj.email} is reset."

    @object_action(
        "End sessions",
        explain="All their sessions of the back office end at once; they may sign in again.",
        permissions=["end_sessions"],
        form=ReasonForm,
        when=lambda user: user.is_staff,
        icon="logout",
    )
    def end_sessions(self, request: HttpRequest, obj: User, data: dict[str, Any]) -> str:
        ended = staff_sessions_revoke(
            user=obj, now=timezone.now(), actor=actor_of(request), note=data["reason"]
        )
        return f"Sessions of {obj.email} that ended: {ended}."

    @admin.display(description="two-factor sign-in")
    def factor(self, obj: User) -> str:
        held_factor = TwoFactor.objects.filter(pk=obj.pk).first()
        return format_html("On since {}", stamp(held_factor.created_at)) if held_factor else "Off"


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
