"""Middleware of every request."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from blip0.common.tenancy import leave_tenant


class Utf8Middleware:
    """Queries and forms are UTF-8, whatever charset a client names.

    Django would take any codec of Python's from the header; some aren't for text, and fail.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.encoding = "utf-8"
        return self.get_response(request)


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
