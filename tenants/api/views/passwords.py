"""A new password by email, for those who forgot theirs."""

from __future__ import annotations

from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from blip0.common.commits import after_commit
from tenants.api.serializers import (
    PasswordResetConfirmSerializer,
    PasswordResetSerializer,
    body,
)
from tenants.api.views.base import PublicView
from tenants.services.passwords import password_reset_confirm, password_reset_count
from tenants.tasks import send_password_reset


class PasswordResetView(PublicView):
    """Ask for an email with a token. The answer is the same whether there is such an account."""

    problem_statuses = ("429",)

    @extend_schema(
        operation_id="password_reset",
        request=PasswordResetSerializer,
        responses={202: OpenApiResponse(description="If there is such an account, it gets mail.")},
        auth=[],
    )
    def post(self, request: Request) -> Response:
        email = body(PasswordResetSerializer, request)["email"]
        password_reset_count(email=email)
        after_commit(send_password_reset.apply_async, (email,), retry=False)
        return Response(status=status.HTTP_202_ACCEPTED)


class PasswordResetConfirmView(PublicView):
    """Set a new password with the email's token, which is good once. All sign-ins end."""

    @extend_schema(
        operation_id="password_reset_confirm",
        request=PasswordResetConfirmSerializer,
        responses={204: None},
        auth=[],
    )
    def post(self, request: Request) -> Response:
        given = body(PasswordResetConfirmSerializer, request)
        password_reset_confirm(token=given["token"], password=given["password"])
        return Response(status=status.HTTP_204_NO_CONTENT)
