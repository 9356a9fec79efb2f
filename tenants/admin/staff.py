"""Sessions of staff, over all of them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html

from blip0.common.admin.actions import ReasonForm, each_selected, held, object_action
from blip0.common.admin.base import ViewOnlyAdmin, actor_of
from blip0.common.admin.display import EMPTY, badge, stamp
from tenants.choices import SessionEnd
from tenants.models import StaffSession
from tenants.selectors.staff import session_stands
from tenants.services.staff_sessions import idle_limit, staff_session_end

STATE_COLOURS = {"open": "success", "over": "default"}


@admin.register(StaffSession)
class StaffSessionAdmin(ViewOnlyAdmin[StaffSession]):
    """Who is signed in to the back office, since when and from where; it can be ended."""

    audit_kind = "user"
    list_display = ("user", "state_shown", "began", "seen", "address", "two_factor")
    list_filter = ("two_factor", "began_at", ("ended_at", admin.EmptyFieldListFilter))
    list_select_related = ("user",)
    search_fields = ("user__email", "=address")
    fields = (
        "user",
        "state",
        "began",
        "seen",
        "expires",
        "address",
        "user_agent",
        "two_factor",
        "ended",
    )
    actions = ("end_selected",)
    actions_detail = ("end",)

    has_end_permission = held("tenants.change_staffsession")

    def audited_as(self, obj: StaffSession) -> tuple[str, UUID | None]:
        return str(obj.user_id), None

    def get_queryset(self, request: HttpRequest) -> QuerySet[StaffSession]:
        stands = session_stands(now=timezone.now(), idle=idle_limit())
        return super().get_queryset(request).annotate(stands=stands)

    @badge("state", colours=STATE_COLOURS)
    def state_shown(self, obj: Any) -> tuple[str, str]:
        return ("open", "Open") if obj.stands else ("over", "Over")

    @admin.display(description="state")
    def state(self, obj: Any) -> str:
        return self.state_shown(obj)[1]

    @admin.display(description="since", ordering="began_at")
    def began(self, obj: StaffSession) -> str:
        return stamp(obj.began_at)

    @admin.display(description="last seen", ordering="last_seen_at")
    def seen(self, obj: StaffSession) -> str:
        return stamp(obj.last_seen_at)

    @admin.display(description="ends at the latest")
    def expires(self, obj: StaffSession) -> str:
        return stamp(obj.expires_at)

    @admin.display(description="ended")
    def ended(self, obj: StaffSession) -> str:
        if obj.ended_at is None:
            return EMPTY
        return format_html("{}: {}", stamp(obj.ended_at), obj.get_end_reason_display())

    @object_action(
        "End",
        explain="Their next click leads to the sign-in. What they have saved stays.",
        permissions=["end"],
        form=ReasonForm,
        when=lambda session: session.ended_at is None,
        icon="logout",
        danger=True,
    )
    def end(self, request: HttpRequest, obj: StaffSession, data: dict[str, Any]) -> str:
        self._end(request, obj, data["reason"])
        return f"The session of {obj.user.email} is over."

    @each_selected(
        "End selected sessions",
        permissions=["end"],
        explain="Whoever works in them has to sign in again.",
        danger=True,
    )
    def end_selected(self, request: HttpRequest, obj: StaffSession) -> None:
        self._end(request, obj, "")

    def _end(self, request: HttpRequest, obj: StaffSession, note: str) -> None:
        staff_session_end(
            session_id=obj.pk,
            reason=SessionEnd.REVOKED,
            now=timezone.now(),
            actor=actor_of(request),
            note=note,
        )
