"""Errors as RFC 9457 problem details: one shape for whatever goes wrong.

`code` is stable and for programs, `detail` for people; `errors` point into what was sent. Nothing
of an unexpected exception is shown: the log has it, under the same `request_id`.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import orjson
import structlog
from django.core.exceptions import DisallowedHost, PermissionDenied
from django.core.signals import got_request_exception
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.views import defaults
from rest_framework import exceptions
from rest_framework.request import Request
from rest_framework.response import Response

from blip0.common.api.etags import PreconditionFailed
from blip0.common.api.parsers import BadJSON
from blip0.common.exceptions import (
    Conflict,
    DomainError,
    NotAllowed,
    NotFound,
    NotSignedIn,
    Stale,
    TooMany,
)
from blip0.common.idempotency import InFlight
from blip0.common.request_ids import request_id_of
from blip0.common.validation import Finding, InvalidDocument
from blip0.common.validation.findings import Path, pointer

if TYPE_CHECKING:  # DRF's views import our authentication, and that this
    from rest_framework.views import APIView

CONTENT_TYPE = "application/problem+json"
API_PREFIX = "/api/"
RETRY_AFTER_S = 5
"""When a database that is away may be back."""
CHALLENGE = 'Bearer realm="api"'

logger = structlog.get_logger(__name__)

# The first class that fits decides.
_DOMAIN_STATUS: tuple[tuple[type[DomainError], HTTPStatus], ...] = (
    (NotFound, HTTPStatus.NOT_FOUND),
    (Conflict, HTTPStatus.CONFLICT),
    (Stale, HTTPStatus.PRECONDITION_FAILED),
    (NotSignedIn, HTTPStatus.UNAUTHORIZED),
    (NotAllowed, HTTPStatus.FORBIDDEN),
    (TooMany, HTTPStatus.TOO_MANY_REQUESTS),
    (DomainError, HTTPStatus.UNPROCESSABLE_ENTITY),
)


class InvalidParameter(DomainError):
    """A query parameter breaks its rule."""

    code = "invalid_parameter"

    def __init__(self, parameter: str, message: str) -> None:
        super().__init__(message)
        self.parameter = parameter


@dataclass(kw_only=True)
class Problem:
    """A problem on its way out. `errors` are `{pointer, code, detail}`."""

    status: int
    code: str
    detail: str
    errors: list[dict[str, str]] = field(default_factory=list)
    extensions: Mapping[str, object] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)

    def body(self, request_id: str) -> dict[str, object]:
        return {
            **self.extensions,
            "type": "about:blank",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "code": self.code,
            "detail": self.detail,
            "errors": self.errors,
            "request_id": request_id,
        }


def exception_handler(exception: Exception, context: Mapping[str, Any]) -> Response:
    """DRF's hook: the response to an exception of a view."""
    request: Request = context["request"]
    problem = _problem_of(exception)
    if problem is None:
        # Error reporting and tests listen to this signal; DRF's own handler would have re-raised.
        got_request_exception.send(sender=None, request=request)
        logger.exception("api.request_failed")
        problem = _failure(exception)
    problem.detail += _what_would_do(exception, context.get("view"))
    shown = getattr(request, "accepted_renderer", None)
    return Response(
        problem.body(request_id_of(request)),
        status=problem.status,
        headers=problem.headers,
        # On a page of the browsable API it is a part of the page.
        content_type=None if getattr(shown, "format", "json") == "api" else CONTENT_TYPE,
    )


def not_found_handler(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's `handler404`: a URL that no view has."""
    return _outside_drf(request, _NO_SUCH_URL) or defaults.page_not_found(request, exception)


def bad_request_handler(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's `handler400`: a request that it refuses before any view, such as an unknown host."""
    problem = _UNKNOWN_HOST if isinstance(exception, DisallowedHost) else _BAD_REQUEST
    return _outside_drf(request, problem) or defaults.bad_request(request, exception)


def server_error_handler(request: HttpRequest) -> HttpResponse:
    """Django's `handler500`: a failure outside any view."""
    return _outside_drf(request, _failure(sys.exc_info()[1])) or defaults.server_error(request)


def _outside_drf(request: HttpRequest, problem: Problem) -> HttpResponse | None:
    if not request.path.startswith(API_PREFIX):
        return None
    body = orjson.dumps(problem.body(request_id_of(request)))
    return HttpResponse(
        body, status=problem.status, content_type=CONTENT_TYPE, headers=problem.headers
    )


def _failure(exception: BaseException | None) -> Problem:
    """Of what nobody expected; a database that doesn't answer is no defect, and passes."""
    return _outage() if isinstance(exception, OperationalError | InterfaceError) else _internal()


def _what_would_do(exception: Exception, view: APIView | None) -> str:
    """The fix, where DRF says only what is wrong."""
    if view is None:
        return ""
    match exception:
        case exceptions.UnsupportedMediaType():
            offered = [str(parser.media_type) for parser in view.parser_classes]
            return f" Send {' or '.join(offered)}."
        case exceptions.NotAcceptable():
            offered = [str(renderer.media_type) for renderer in view.renderer_classes]
            return f" Accept {' or '.join(offered)}."
        case exceptions.MethodNotAllowed():
            return f" There is {', '.join(view.allowed_methods) or 'none'}."
        case _:
            return ""


def _problem_of(exception: Exception) -> Problem | None:
    match exception:
        case InvalidDocument():
            return _invalid([_of_finding(finding) for finding in exception.findings])
        case DomainError():
            return _of_domain_error(exception)
        case exceptions.ValidationError():
            return _invalid(list(_of_drf_detail(exception.detail, None)))
        case exceptions.APIException():
            return _of_api_exception(exception)
        case Http404():
            return _not_found()
        case PermissionDenied():
            return _forbidden()
        case _:
            return None


def _of_domain_error(error: DomainError) -> Problem:
    status = next(status for kind, status in _DOMAIN_STATUS if isinstance(error, kind))
    item = {"pointer": error.pointer, "code": error.code, "detail": error.message}
    if isinstance(error, InvalidParameter):
        item["parameter"] = error.parameter
    headers = {}
    if isinstance(error, PreconditionFailed):
        headers["ETag"] = error.etag
    if isinstance(error, TooMany):
        headers["Retry-After"] = str(error.retry_after_s)
    if isinstance(error, InFlight):
        headers["Retry-After"] = str(error.wait_s)
    if isinstance(error, NotSignedIn):
        headers["WWW-Authenticate"] = CHALLENGE
    return Problem(
        status=status,
        code=error.code,
        detail=error.message,
        errors=[item] if error.pointer or "parameter" in item else [],
        extensions=error.extensions,
        headers=headers,
    )


def _of_api_exception(error: exceptions.APIException) -> Problem:
    headers = {}
    if challenge := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = challenge
    if wait := getattr(error, "wait", None):
        headers["Retry-After"] = str(math.ceil(wait))
    code, detail = str(error.get_codes()), str(error.detail)
    at = error.pointer if isinstance(error, BadJSON) else ""
    return Problem(
        status=error.status_code,
        code=code,
        detail=detail,
        errors=[{"pointer": at, "code": code, "detail": detail}] if at else [],
        headers=headers,
    )


def _invalid(errors: list[dict[str, str]]) -> Problem:
    count = "1 error" if len(errors) == 1 else f"{len(errors)} errors"
    return Problem(
        status=HTTPStatus.UNPROCESSABLE_ENTITY,
        code="invalid",
        detail=f"What you sent has {count}; `errors` names each.",
        errors=errors,
    )


def _of_finding(finding: Finding) -> dict[str, str]:
    return {"pointer": finding.pointer, "code": finding.code, "detail": finding.message}


def _of_drf_detail(detail: Any, at: Path) -> Iterator[dict[str, str]]:
    """A serializer's errors: fields and positions nested as the data, lists of texts at the end."""
    if isinstance(detail, Mapping):
        for key, inner in detail.items():
            whole = key == "non_field_errors"
            yield from _of_drf_detail(inner, at if whole else (at, key))
    elif isinstance(detail, list):
        for index, inner in enumerate(detail):
            is_text = isinstance(inner, str)
            yield from _of_drf_detail(inner, at if is_text else (at, index))
    else:
        yield {"pointer": pointer(at), "code": str(detail.code), "detail": str(detail)}


def _not_found() -> Problem:
    return Problem(
        status=HTTPStatus.NOT_FOUND,
        code="not_found",
        detail="There is nothing at this address, or nothing of yours.",
    )


def _forbidden() -> Problem:
    return Problem(
        status=HTTPStatus.FORBIDDEN, code="permission_denied", detail="You may not do this."
    )


def _internal() -> Problem:
    return Problem(
        status=HTTPStatus.INTERNAL_SERVER_ERROR,
        code="internal_error",
        detail="Something failed on our side. Tell support the request_id.",
    )


def _outage() -> Problem:
    return Problem(
        status=HTTPStatus.SERVICE_UNAVAILABLE,
        code="unavailable",
        detail="The database doesn't answer at present. Try again in a few seconds; repeat a POST "
        "with its Idempotency-Key, since it may have been done.",
        headers={"Retry-After": str(RETRY_AFTER_S)},
    )


_NO_SUCH_URL = Problem(
    status=HTTPStatus.NOT_FOUND,
    code="not_found",
    detail="There is nothing at this address; /api/v1/docs/ shows all that there is.",
)
_UNKNOWN_HOST = Problem(
    status=HTTPStatus.BAD_REQUEST,
    code="unknown_host",
    detail="The platform isn't known by this host name; use the address that you were given.",
)
_BAD_REQUEST = Problem(
    status=HTTPStatus.BAD_REQUEST,
    code="bad_request",
    detail="This request can't be read: look at its headers and its length.",
)
