"""Middleware of every request."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from blip0.common.exceptions import TooMany
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


class TooManyMiddleware:
    """A page that says when to try again. The API's views answer with a problem of their own."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Django's hook, for what a view raises."""
        if not isinstance(exception, TooMany):
            return None
        response = render(request, "too_many.html", {"message": exception.message}, status=429)
        response["Retry-After"] = str(exception.retry_after_s)
        return response
