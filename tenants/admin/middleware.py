"""The tenant that a member of staff has entered, for the pages of tenant-owned models."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse


class StaffTenantMiddleware:
    """Placeholder of the order of middleware; the admin's tenant switch fills it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)
