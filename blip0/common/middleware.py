"""Middleware of every request."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from blip0.common.tenancy import leave_tenant

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")


class RequestIdMiddleware:
    """Every response names its request: `X-Request-ID`, as in the logs and the audit records.

    A proxy's id is kept if it is plain and short; anything else is replaced, since it ends up in
    log lines. django-structlog reads it from the request and binds it to every line.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request_id = request.META.get("HTTP_X_REQUEST_ID", "")
        if not _REQUEST_ID.fullmatch(request_id):
            request_id = str(uuid.uuid4())
        request.META["HTTP_X_REQUEST_ID"] = request_id
        response = self.get_response(request)
        response["X-Request-ID"] = request_id
        return response


class PublicSchemaMiddleware:
    """Each request starts and ends in the public schema; a view enters its tenant explicitly.

    The connection outlives a request. Without this, one that failed inside a tenant would leave
    the next request of the same thread there.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        leave_tenant()
        try:
            return self.get_response(request)
        finally:
            leave_tenant()
