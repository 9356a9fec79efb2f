"""Who may work in the tenant: members, invitations and API keys."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from blip0.common.api.views import ChangingViewSet
from blip0.common.commits import after_commit
from tenants.api.filters import ApiKeyFilterSet, InvitationFilterSet, MemberFilterSet
from tenants.api.principals import tenant_principal
from tenants.api.serializers import (
    SCOPES,
    ApiKeyCreatedSerializer,
    ApiKeyCreateSerializer,
    ApiKeySerializer,
    InvitationAcceptSerializer,
    InvitationCreateSerializer,
    InvitationSerializer,
    JoinedSerializer,
    MemberChangeSerializer,
    MemberSerializer,
    UserSerializer,
    body,
    scope_of,
)
from tenants.api.views.base import PublicView
from tenants.models import ApiKey, Invitation, Membership
from tenants.services.api_keys import api_key_create, api_key_revoke
from tenants.services.invitations import (
    invitation_accept,
    invitation_create,
    invitation_revoke,
)
from tenants.services.members import member_change_role, member_remove
from tenants.tasks import send_invitation


class MemberViewSet(ChangingViewSet[Membership]):
    """The tenant's people and their roles. It always keeps an active owner."""

    noun = "membership"
    queryset = Membership.objects.none()
    serializer_class = MemberSerializer
    filterset_class = MemberFilterSet
    read_permission: ClassVar[str | None] = "members.read"
    write_permission: ClassVar[str | None] = "members.write"
    orderings = ("created_at", "-created_at")

    def get_queryset(self) -> QuerySet[Membership]:
        own = Membership.objects.filter(tenant_id=self.principal.tenant_id)
        return own.select_related("user")

    def represent(self, instances: Sequence[Membership]) -> list[dict[str, Any]]:
        return [
            {
                "id": row.pk,
                "user": UserSerializer(row.user).data,
                "role": row.role,
                "created_at": row.created_at,
            }
            for row in instances
        ]

    @extend_schema(request=MemberChangeSerializer, responses=MemberSerializer)
    def partial_update(self, request: Request, **kwargs: Any) -> Response:
        """Give a member another role. Nobody gives or takes what they don't hold."""
        role, held = body(MemberChangeSerializer, request)["role"], self.principal.permissions
        return self.changed_by(member_change_role, role=role, held=held)

    def destroy(self, request: Request, **kwargs: Any) -> Response:
        """Remove a member: their sign-ins and API keys of the tenant end at once."""
        return self.removed_by(member_remove, held=self.principal.permissions)


class InvitationViewSet(ChangingViewSet[Invitation]):
    """Offers to join, sent by email. Their tokens are shown to nobody else."""

    noun = "invitation"
    queryset = Invitation.objects.none()
    serializer_class = InvitationSerializer
    filterset_class = InvitationFilterSet
    read_permission: ClassVar[str | None] = "members.write"
    write_permission: ClassVar[str | None] = "members.write"
    orderings = ("-created_at", "created_at")

    def get_queryset(self) -> QuerySet[Invitation]:
        own = Invitation.objects.filter(tenant_id=self.principal.tenant_id)
        return own.select_related("invited_by")

    def represent(self, instances: Sequence[Invitation]) -> list[dict[str, Any]]:
        now = timezone.now()
        return [
            {
                "id": row.pk,
                "email": row.email,
                "role": row.role,
                "state": row.state_at(now),
                "invited_by": row.invited_by.email if row.invited_by else None,
                "created_at": row.created_at,
                "expires_at": row.expires_at,
            }
            for row in instances
        ]

    @extend_schema(request=InvitationCreateSerializer, responses={201: InvitationSerializer})
    def create(self, request: Request) -> Response:
        """Invite somebody by email, to a role that you could have yourself."""
        principal = tenant_principal(request)
        given = body(InvitationCreateSerializer, request)
        invitation = invitation_create(
            tenant_id=principal.tenant_id,
            email=given["email"],
            role=given["role"],
            inviter=principal.user,
            held=principal.permissions,
            actor=principal.actor,
        )
        after_commit(send_invitation.apply_async, (str(invitation.pk),), retry=False)
        return self.created(invitation)

    def destroy(self, request: Request, **kwargs: Any) -> Response:
        """Take the offer back: its token is good no more."""
        return self.removed_by(invitation_revoke)


class InvitationAcceptView(PublicView):
    """Join the tenant with the email's token.

    Those who have an account give its password; others get an account with this one.
    """

    problem_statuses = ("401", "403", "404", "429")

    @extend_schema(
        operation_id="invitations_accept",
        request=InvitationAcceptSerializer,
        responses={200: JoinedSerializer},
        auth=[],
    )
    def post(self, request: Request) -> Response:
        given = body(InvitationAcceptSerializer, request)
        membership = invitation_accept(
            token=given["token"], password=given["password"], name=given.get("name", "")
        )
        return Response(JoinedSerializer(membership).data)


class ApiKeyViewSet(ChangingViewSet[ApiKey]):
    """Keys for programs. A key may what its scopes say and its creator may, at any moment."""

    noun = "api_key"
    queryset = ApiKey.objects.none()
    serializer_class = ApiKeySerializer
    filterset_class = ApiKeyFilterSet
    read_permission: ClassVar[str | None] = "api_keys.read"
    write_permission: ClassVar[str | None] = "api_keys.write"
    orderings = ("-created_at", "created_at")
    cache_control = "no-store"
    one_time = ("key",)

    def get_queryset(self) -> QuerySet[ApiKey]:
        own: QuerySet[ApiKey] = ApiKey.objects.filter(tenant_id=self.principal.tenant_id)
        return own.select_related("created_by")

    def represent(self, instances: Sequence[ApiKey]) -> list[dict[str, Any]]:
        return [
            {
                "id": row.pk,
                "name": row.name,
                "prefix": row.prefix,
                "scopes": [scope_of(codename) for codename in row.scopes],
                "allowed_networks": row.allowed_networks,
                "created_by": row.created_by.email if row.created_by else None,
                "created_at": row.created_at,
                "expires_at": row.expires_at,
                "last_used_at": row.last_used_at,
                "revoked_at": row.revoked_at,
            }
            for row in instances
        ]

    @extend_schema(request=ApiKeyCreateSerializer, responses={201: ApiKeyCreatedSerializer})
    def create(self, request: Request) -> Response:
        """Make a key. `key` is in this answer and in no other; scopes are some of your own."""
        principal = tenant_principal(request)
        given = body(ApiKeyCreateSerializer, request)
        key, text = api_key_create(
            tenant_id=principal.tenant_id,
            creator=principal.user,
            held=principal.permissions,
            name=given["name"],
            scopes=[SCOPES[scope] for scope in given["scopes"]],
            allowed_networks=given.get("allowed_networks", ()),
            expires_at=given.get("expires_at"),
            actor=principal.actor,
        )
        response = self.created(key)
        response.data["key"] = str(text)
        return response

    def destroy(self, request: Request, **kwargs: Any) -> Response:
        """Revoke the key: the next request with it is refused. It stays in the list."""
        return self.removed_by(api_key_revoke)
