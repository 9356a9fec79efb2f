"""Where a request comes from."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar

from django.conf import settings
from django.http import HttpRequest, HttpResponse

_address: ContextVar[str] = ContextVar("client_address", default="")


class ClientAddressMiddleware:
    """Notes the client's address for the time of the request, for those who see no request."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        token = _address.set(_address_of(request))
        try:
            return self.get_response(request)
        finally:
            _address.reset(token)


def client_address() -> str:
    """The IP address that the current request comes from; "" where nobody knows one."""
    return _address.get()


def _address_of(request: HttpRequest) -> str:
    """Behind a trusted proxy the last entry of `X-Forwarded-For`, which the proxy wrote.

    Those before it are whatever the client said.
    """
    if settings.TRUST_PROXY and (chain := request.META.get("HTTP_X_FORWARDED_FOR", "")):
        return str(chain.rpartition(",")[2].strip())
    return str(request.META.get("REMOTE_ADDR", ""))
