"""Members, sign-ins, invitations and API keys. Hashes of secrets are shown nowhere."""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from blip0.common.admin.actions import ReasonForm, each_selected, held, object_action
from blip0.common.admin.base import PlatformAdmin, ViewOnlyAdmin, actor_of
from blip0.common.admin.display import stamp
from tenants.choices import FamilyEnd
from tenants.models import ApiKey, Invitation, Membership, TokenFamily, User
from tenants.services.api_keys import api_key_revoke
from tenants.services.families import family_end, view_begin
from tenants.services.invitations import invitation_revoke
from tenants.services.members import member_add, member_change_role, member_remove


@admin.register(Membership)
class MembershipAdmin(PlatformAdmin[Membership]):
    audit_kind = "member"
    list_display = ("user", "tenant", "role", "created_at")
    list_filter = ("role",)
    list_select_related = ("user", "tenant")
    search_fields = ("user__email", "user__name", "tenant__slug")
    autocomplete_fields = ("user", "tenant")
    fields = ("tenant", "user", "role")
    actions_detail = ("view_as",)

    has_view_as_permission = held("tenants.view_as_member")

    def audited_as(self, obj: Membership) -> tuple[str, UUID | None]:
        return str(obj.user_id), obj.tenant_id

    @object_action(
        "View as this member",
        explain="For a quarter of an hour you see the API as this member does, in this browser, "
        "and can change nothing. The audit log names you both. Leave at the top of its pages.",
        permissions=["view_as"],
        form=ReasonForm,
        icon="visibility",
    )
    def view_as(self, request: HttpRequest, obj: Membership, data: dict[str, Any]) -> HttpResponse:
        family = view_begin(
            membership=obj,
            viewer=cast(User, request.user),
            reason=data["reason"],
            now=timezone.now(),
            actor=actor_of(request),
        )
        return redirect("rest_framework:view-as", family.pk)

    def get_readonly_fields(
        self, request: HttpRequest, obj: Membership | None = None
    ) -> tuple[str, ...]:
        return ("tenant", "user") if obj else ()

    def create_object(self, request: HttpRequest, form: Any) -> Membership:
        return member_add(**form.cleaned_data, actor=actor_of(request))

    def update_object(self, request: HttpRequest, obj: Membership, form: Any) -> Membership:
        role = form.cleaned_data["role"]
        return member_change_role(membership=obj, role=role, actor=actor_of(request))

    def delete_object(self, request: HttpRequest, obj: Membership) -> None:
        member_remove(membership=obj, actor=actor_of(request))


@admin.register(TokenFamily)
class TokenFamilyAdmin(ViewOnlyAdmin[TokenFamily]):
    """Who is signed in to which tenant, since when; staff can end it."""

    audit_kind = "user"
    hidden = ("fingerprint", "current_jti", "previous_jti")
    list_display = ("user", "tenant", "viewer", "created_at", "rotated_at", "ended", "end_reason")
    list_filter = ("end_reason",)
    list_select_related = ("user", "tenant", "viewer")
    search_fields = ("user__email", "tenant__slug")
    actions_detail = ("end",)

    def audited_as(self, obj: TokenFamily) -> tuple[str, UUID | None]:
        return str(obj.user_id), None

    @admin.display(description="ended", ordering="ended_at")
    def ended(self, obj: TokenFamily) -> str:
        return stamp(obj.ended_at)

    has_end_permission = held("tenants.change_tokenfamily")

    @object_action(
        "End",
        explain="All tokens of this sign-in are refused from now on.",
        permissions=["end"],
        form=ReasonForm,
        when=lambda obj: obj.ended_at is None,
        icon="logout",
        danger=True,
    )
    def end(self, request: HttpRequest, obj: TokenFamily, data: dict[str, Any]) -> str:
        family_end(
            family_id=obj.pk,
            reason=FamilyEnd.STAFF,
            now=timezone.now(),
            actor=actor_of(request),
            note=data["reason"],
        )
        return f"{obj.user.email} is signed out of {obj.tenant.slug}."


class RevocableAdmin(ViewOnlyAdmin[Any]):
    """Nothing of it is edited; it can only be revoked."""

    actions = ("revoke_selected",)
    actions_detail = ("revoke",)

    def has_revoke_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return request.user.has_perm(f"{self.opts.app_label}.change_{self.opts.model_name}")


def _is_open(obj: Any) -> bool:
    return obj.revoked_at is None and getattr(obj, "accepted_at", None) is None


@admin.register(Invitation)
class InvitationAdmin(RevocableAdmin):
    audit_kind = "invitation"
    hidden = ("token_hash",)
    list_display = ("email", "tenant", "role", "state", "expires_at")
    list_filter = ("role",)
    list_select_related = ("tenant",)
    search_fields = ("email", "tenant__slug")

    @admin.display(description="state")
    def state(self, obj: Invitation) -> str:
        return obj.state_at(timezone.now())

    @object_action(
        "Revoke",
        explain="The link in the invitation stops working at once.",
        permissions=["revoke"],
        form=ReasonForm,
        when=_is_open,
        icon="block",
        danger=True,
    )
    def revoke(self, request: HttpRequest, obj: Invitation, data: dict[str, Any]) -> str:
        invitation_revoke(invitation=obj, reason=data["reason"], actor=actor_of(request))
        return f"The invitation of {obj.email} is revoked."

    @each_selected(
        "Revoke selected invitations",
        permissions=["revoke"],
        explain="Their links are good for nothing from now on.",
        danger=True,
    )
    def revoke_selected(self, request: HttpRequest, obj: Invitation) -> None:
        invitation_revoke(invitation=obj, actor=actor_of(request))


@admin.register(ApiKey)
class ApiKeyAdmin(RevocableAdmin):
    audit_kind = "api_key"
    hidden = ("secret_hash",)
    list_display = ("name", "tenant", "prefix", "created_by", "used", "revoked")
    list_select_related = ("tenant", "created_by")
    list_filter = ("created_at", "revoked_at")
    search_fields = ("name", "=prefix", "tenant__slug", "created_by__email")

    @admin.display(description="last used", ordering="last_used_at")
    def used(self, obj: ApiKey) -> str:
        return stamp(obj.last_used_at)

    @admin.display(description="revoked", ordering="revoked_at")
    def revoked(self, obj: ApiKey) -> str:
        return stamp(obj.revoked_at)

    @object_action(
        "Revoke",
        explain="Requests with this key are refused from now on. This can't be undone.",
        permissions=["revoke"],
        form=ReasonForm,
        when=_is_open,
        icon="block",
        danger=True,
    )
    def revoke(self, request: HttpRequest, obj: ApiKey, data: dict[str, Any]) -> str:
        api_key_revoke(api_key=obj, reason=data["reason"], actor=actor_of(request))
        return f"The key {obj.name} is revoked."

    @each_selected(
        "Revoke selected keys",
        permissions=["revoke"],
        explain="Whoever uses them is refused at once, and for good.",
        danger=True,
    )
    def revoke_selected(self, request: HttpRequest, obj: ApiKey) -> None:
        api_key_revoke(api_key=obj, actor=actor_of(request))
