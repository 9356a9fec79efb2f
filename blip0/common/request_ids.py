"""A name for each request, in its response, its log lines, its audit records and its errors."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING

from django.http import HttpRequest, HttpResponse

if TYPE_CHECKING:
    from rest_framework.request import Request

HEADER = "X-Request-ID"
_META = "HTTP_X_REQUEST_ID"
_ACCEPTED = re.compile(r"[A-Za-z0-9._-]{1,64}")


class RequestIdMiddleware:
    """Takes over a proxy's request id where it is well-formed, else makes one. Comes first.

    Whatever else reads the header, the log's context above all, then reads the same id.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not _ACCEPTED.fullmatch(request.META.get(_META, "")):
            request.META[_META] = uuid.uuid4().hex
        response = self.get_response(request)
        response[HEADER] = request_id_of(request)
        return response


def request_id_of(request: HttpRequest | Request) -> str:
    return str(request.META.get(_META, ""))
