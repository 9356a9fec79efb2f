"""A tenant of one's own, where the platform lets anybody have one."""

from __future__ import annotations

from dataclasses import astuple

from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from blip0.common.commits import after_commit
from tenants.api.serializers import (
    JoinedSerializer,
    SignUpConfirmSerializer,
    SignUpSerializer,
    body,
)
from tenants.api.views.base import PublicView
from tenants.services.signup import sign_up_begin, sign_up_confirm
from tenants.tasks import send_sign_up


class SignUpView(PublicView):
    """Ask for a tenant: an email brings a token. Nothing is made before that is confirmed."""

    problem_statuses = ("403", "409", "429")

    @extend_schema(
        operation_id="sign_up",
        request=SignUpSerializer,
        responses={202: OpenApiResponse(description="The address gets mail.")},
        auth=[],
    )
    def post(self, request: Request) -> Response:
        given = body(SignUpSerializer, request)
        asked = sign_up_begin(email=given["email"], name=given["name"], slug=given.get("slug", ""))
        after_commit(send_sign_up.apply_async, astuple(asked), retry=False)
        return Response(status=status.HTTP_202_ACCEPTED)


class SignUpConfirmView(PublicView):
    """Make the tenant with the email's token, which is good once; sign in afterwards.

    Those who have an account give its password; others get an account with this one.
    """

    problem_statuses = ("401", "403", "409", "429")

    @extend_schema(
        operation_id="sign_up_confirm",
        request=SignUpConfirmSerializer,
        responses={201: JoinedSerializer},
        auth=[],
    )
    def post(self, request: Request) -> Response:
        given = body(SignUpConfirmSerializer, request)
        membership = sign_up_confirm(
            token=given["token"], password=given["password"], name=given.get("name", "")
        )
        return Response(JoinedSerializer(membership).data, status=status.HTTP_201_CREATED)
