"""Who the caller is, their tenants and their password."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from tenants.api.principals import tenant_principal
from tenants.api.serializers import (
    LoginResponseSerializer,
    MeSerializer,
    MyTenantsSerializer,
    PasswordChangeSerializer,
    SwitchTenantSerializer,
    TenantSerializer,
    body,
)
from tenants.api.tokens import FamilyRefreshToken
from tenants.api.views.base import PersonalView
from tenants.api.views.signin import tokens_of
from tenants.choices import FamilyEnd
from tenants.models import Membership
from tenants.services.families import family_begin, family_end
from tenants.services.passwords import password_change
from tenants.services.signin import membership_choose


class MeView(PersonalView):
    """Who the credentials stand for, in which tenant, and what they may do there."""

    @extend_schema(operation_id="me", responses={200: MeSerializer})
    def get(self, request: Request) -> Response:
        principal = tenant_principal(request)
        person = principal.person
        return Response(
            {
                "user": {"id": person.user_id, "email": person.email, "name": person.name},
                "tenant": {
                    "id": person.tenant_id,
                    "slug": person.slug,
                    "name": person.tenant_name,
                },
                "role": person.role,
                "permissions": sorted(principal.permissions),
            }
        )


class MyTenantsView(PersonalView):
    """The tenants that the caller belongs to, by slug."""

    @extend_schema(operation_id="me_tenants", responses={200: MyTenantsSerializer})
    def get(self, request: Request) -> Response:
        principal = tenant_principal(request)
        results: list[dict[str, Any]] = [
            {
                **TenantSerializer(membership.tenant).data,
                "role": membership.role,
                "current": membership.tenant_id == principal.tenant_id,
            }
            for membership in Membership.objects.of_person(principal.person.user_id)
        ]
        return Response({"results": results})


class SwitchTenantView(PersonalView):
    """Go on in another of the caller's tenants, with new tokens.

    The sign-in in the tenant before ends: its access token is good no more.
    """

    @extend_schema(
        operation_id="me_switch_tenant",
        request=SwitchTenantSerializer,
        responses={200: LoginResponseSerializer},
    )
    def post(self, request: Request) -> Response:
        principal = tenant_principal(request)
        before = principal.sign_in
        slug = body(SwitchTenantSerializer, request)["tenant"]
        membership = membership_choose(user=principal.user, tenant_slug=slug)
        now = timezone.now()
        family = family_begin(membership=membership, lifetime=FamilyRefreshToken.lifetime, now=now)
        family_end(family_id=before, reason=FamilyEnd.SWITCHED, now=now)
        return tokens_of(family)


class PasswordView(PersonalView):
    """Change the caller's password. All their other sign-ins end, in every tenant."""

    problem_statuses = ("429",)

    @extend_schema(
        operation_id="me_password", request=PasswordChangeSerializer, responses={204: None}
    )
    def post(self, request: Request) -> Response:
        principal = tenant_principal(request)
        stay = principal.sign_in
        given = body(PasswordChangeSerializer, request)
        password_change(
            user=principal.user,
            current=given["current_password"],
            new=given["new_password"],
            stay=stay,
            actor=principal.actor,
        )
        return Response(status=status.HTTP_204_NO_CONTENT)
