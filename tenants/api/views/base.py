"""Bases of identity's views."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from blip0.common.api.parameters import require_known
from blip0.common.api.views import TenantView


class PublicView(APIView):
    """Needs no credentials: it gives them, or ends them. Nothing of it is ever kept."""

    authentication_classes = []
    permission_classes = []
    problem_statuses: ClassVar[Sequence[str]] = ()
    """What else it may answer, for the OpenAPI document."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        require_known(request, ())

    def finalize_response(
        self, request: Request, response: Response, *args: Any, **kwargs: Any
    ) -> Response:
        response = super().finalize_response(request, response, *args, **kwargs)
        response["Cache-Control"] = "no-store"
        return response


class PersonalView(TenantView):
    """Asks for no permission: it is about the caller.

    Passwords and tokens go in and out: nothing of a request is kept for another, as a hash neither;
    and nothing is tried: what it answers is what it does.
    """

    keeps_answers = False
    can_be_tried = False
    read_permission: ClassVar[str | None] = None
    write_permission: ClassVar[str | None] = None
    cache_control = "no-store"
    problem_statuses: ClassVar[Sequence[str]] = ()
