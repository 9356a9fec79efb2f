"""The base of every view that serves a tenant.

The tenant comes from the credentials and nothing else. A view's code runs inside that tenant's
schema, entered after authentication and permissions, and left whatever happens.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from typing import Any, ClassVar, Generic, TypeVar, cast

from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework.viewsets import GenericViewSet

from blip0.common.api.documents import body_of, whole
from blip0.common.api.etags import PreconditionFailed, etag_of, names, tagged
from blip0.common.api.filters import StrictFilterBackend
from blip0.common.api.idempotency import asks_for_once, once
from blip0.common.api.pagination import CURSOR, ORDERING, PAGE_SIZE, SignedCursorPagination
from blip0.common.api.parameters import EXPAND, FIELDS, listed, only, require_known
from blip0.common.api.permissions import HasPermission
from blip0.common.api.principals import Principal, principal_of
from blip0.common.api.rate_limits import Allowance, RateLimited, policies_of, rate_limiter
from blip0.common.api.reports import (
    VALIDATE_ONLY,
    report_representation,
    rolled_back,
    validates_only,
)
from blip0.common.exceptions import Stale
from blip0.common.tenancy import in_tenant
from blip0.common.validation import Report
from blip0.common.validation.stored import Subject, finding_representation, stored_findings

M = TypeVar("M", bound=Model)


class TenantView(APIView):
    """Needs a principal with `read_permission` or `write_permission`; None asks for none.

    A subclass that names neither can't be used: forgetting them fails, and opens nothing.
    """

    permission_classes = [HasPermission]
    read_permission: ClassVar[str | None]
    write_permission: ClassVar[str | None]
    cache_control = "private, no-cache"
    one_time: ClassVar[Collection[str]] = ()
    """Members of an answer to a POST that are shown once, and never kept for a replay."""
    keeps_answers: ClassVar[bool] = True
    """Whether a POST may be asked for once, by an `Idempotency-Key`: not where it has secrets."""
    has_tag: ClassVar[bool] = False
    """Whether a read has an entity tag, for the OpenAPI document; of a viewset, one of a list."""
    allowance: Allowance | None = None

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        with ExitStack() as self._inside:
            return super().dispatch(request, *args, **kwargs)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if not hasattr(self, str(request.method).lower()):
            # Before the query is judged: it has the parameters of other methods.
            self.http_method_not_allowed(request)
        require_known(request, self.parameters())
        self._inside.enter_context(in_tenant(self.principal.tenant_id))
        handler = getattr(self, "post", None)
        if handler and self.keeps_answers and asks_for_once(request) and not self.reads(request):
            # Here, because DRF looks the handler up after this method.
            self.__dict__["post"] = partial(once, handler, self.one_time)

    def perform_authentication(self, request: Request) -> None:
        """Charges each call of a known caller, whatever becomes of it. Raises `RateLimited`."""
        super().perform_authentication(request)
        if isinstance(request.auth, Principal):
            self.allowance = rate_limiter().spend(policies_of(request.auth))
            if self.allowance is not None and not self.allowance.allowed:
                raise RateLimited(self.allowance.tightest)

    def finalize_response(
        self, request: Request, response: Response, *args: Any, **kwargs: Any
    ) -> Response:
        response = super().finalize_response(request, response, *args, **kwargs)
        response.headers.setdefault("Cache-Control", self.cache_control)
        if self.allowance is not None:
            for name, value in self.allowance.headers(time.time()).items():
                response[name] = value
        return response

    def parameters(self) -> Collection[str]:
        """What the query of this request may name; anything else is refused."""
        return ()

    def reads(self, request: Request) -> bool:
        """Whether `read_permission` is enough for this request."""
        return request.method in SAFE_METHODS

    @property
    def principal(self) -> Principal:
        return principal_of(self.request)


class TenantViewSet(TenantView, GenericViewSet[M], Generic[M]):
    """Lists and reads objects as the dicts that `represent` makes of a page of them.

    Each has a strong entity tag, which `If-None-Match` is compared with.
    """

    pagination_class = SignedCursorPagination
    filter_backends = [StrictFilterBackend]
    orderings: ClassVar[tuple[str, ...]]
    """What `?ordering=` offers, the default first; each has an index."""
    expandable: ClassVar[Mapping[str, type[serializers.Serializer[Any]]]] = {}
    """What `?expand=` offers: members that change without a new version of the object."""

    def parameters(self) -> Collection[str]:
        if self.action not in ("list", "retrieve"):
            return ()
        shown = (FIELDS, EXPAND) if self.expandable else (FIELDS,)
        if self.action == "retrieve":
            return shown
        filterset = getattr(self, "filterset_class", None)
        filters = filterset.base_filters if filterset else ()
        return (CURSOR, PAGE_SIZE, ORDERING, *shown, *filters)

    def represent(self, instances: Sequence[M]) -> list[dict[str, Any]]:
        """The instances as the API shows them, in order, in a fixed number of queries."""
        raise NotImplementedError

    def expand(self, name: str, instances: Sequence[M]) -> list[Any]:
        """The expandable member of each of these, in order, in a fixed number of queries."""
        raise NotImplementedError

    def asked_for(
        self, instances: Sequence[M], representations: Sequence[dict[str, Any]]
    ) -> list[dict[str, Any]]:
        """The members that the query asks for. Raises `InvalidParameter`."""
        answers = list(representations)
        if FIELDS in self.request.query_params:
            described = cast(serializers.Serializer[Any], self.get_serializer_class()())
            answers = only(answers, listed(self.request, FIELDS, tuple(described.fields)))
        for name in listed(self.request, EXPAND, self.expandable):
            members = self.expand(name, instances)
            for answer, member in zip(answers, members, strict=True):
                answer[name] = member
        return answers

    def page_of(
        self, rows: QuerySet[Any], order: str, represent: Callable[[Sequence[Any]], Any]
    ) -> Response:
        """A page of a list that belongs to an object."""
        paginator = SignedCursorPagination(order)
        page = paginator.paginate_queryset(rows, self.request, view=self) or []
        return paginator.get_paginated_response(represent(page))

    def get_object(self) -> M:
        # Not DRF's: a list's filters in the query must not hide an object that is named by id.
        instance: M = get_object_or_404(self.get_queryset(), pk=self.kwargs[self.lookup_field])
        self.check_object_permissions(self.request, instance)
        return instance

    def list(self, request: Request) -> Response:
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset())) or []
        return self.get_paginated_response(self.asked_for(page, self.represent(page)))

    def retrieve(self, request: Request, **kwargs: Any) -> Response:
        instance = self.get_object()
        representation = self.shown(instance)
        [asked] = self.asked_for([instance], [representation])
        if EXPAND in request.query_params:
            # No tag: these members change while it stays the same.
            return Response(asked)
        return tagged(request, asked, etag_of(representation))

    def shown(self, instance: M) -> dict[str, Any]:
        return self.represent([instance])[0]


class DocumentViewSet(TenantViewSet[M]):
    """Create, read, change and delete documents of the tenant, each by one service call.

    Every object has a `version`; `If-Match` is compared with the tag of its representation.
    """

    lookup_value_converter = "uuid"
    subject: ClassVar[Subject]
    checkable: ClassVar[Collection[str]] = ("create", "update", "partial_update")
    """Actions that take a document, and so `?validate_only=`."""
    sublists: ClassVar[Collection[str]] = ()
    """Actions that answer with a list of their own, page by page."""
    required_keys: ClassVar[Collection[str]]
    default_values: ClassVar[Mapping[str, Any]]
    """What PUT makes of the keys that it may leave out."""

    def create_document(self, data: Mapping[str, Any]) -> M:
        raise NotImplementedError

    def update_document(self, instance: M, data: Mapping[str, Any], expected: int | None) -> M:
        raise NotImplementedError

    def delete_document(self, instance: M, expected: int | None) -> None:
        raise NotImplementedError

    def parameters(self) -> Collection[str]:
        if self.action in self.checkable:
            return (VALIDATE_ONLY,)
        if self.action in self.sublists:
            return (CURSOR, PAGE_SIZE)
        return super().parameters()

    def reads(self, request: Request) -> bool:
        return super().reads(request) or self.action == "validate"

    def examine_document(self, data: Mapping[str, Any]) -> Report:
        raise NotImplementedError

    def create(self, request: Request) -> Response:
        data = body_of(request)
        return self.created_by(lambda: self.create_document(data))

    def update(self, request: Request, **kwargs: Any) -> Response:
        data = whole(body_of(request), required=self.required_keys, defaults=self.default_values)
        return self.changed_by(partial(self._update, data))

    def partial_update(self, request: Request, **kwargs: Any) -> Response:
        return self.changed_by(partial(self._update, body_of(request)))

    @action(detail=False, methods=["post"])
    def validate(self, request: Request) -> Response:
        """All that there is to say about a new document, whether it could be saved or not.

        Those who may read may ask.
        """
        return Response(report_representation(self.examine_document(body_of(request))))

    @action(detail=True)
    def findings(self, request: Request, **kwargs: Any) -> Response:
        """What there is to say about it as it is saved, in the world as it is now."""
        found = stored_findings(self.subject, self.get_object().pk)
        return Response({"findings": [finding_representation(finding) for finding in found]})

    def destroy(self, request: Request, **kwargs: Any) -> Response:
        instance = self.get_object()
        self.delete_document(instance, self.expected_version(instance))
        return Response(status=status.HTTP_204_NO_CONTENT)

    def expected_version(self, instance: M) -> int | None:
        """The version that the caller's `If-Match` stands for; None where there is none.

        The service compares it again under its lock. Raises `PreconditionFailed`.
        """
        if (tags := self.request.headers.get("If-Match")) is None:
            return None
        representation = self.shown(instance)
        etag, version = etag_of(representation), int(representation["version"])
        if not names(tags, etag):
            raise PreconditionFailed(etag, version)
        return version

    def created_by(self, create: Callable[[], M]) -> Response:
        """The answer to what creates an object, or to who wants all of that but the save."""
        if validates_only(self.request):
            return self._tried(create)
        instance = create()
        response = self.answered(instance, status.HTTP_201_CREATED)
        response["Location"] = self.reverse_action("detail", args=[instance.pk])
        return response

    def changed_by(self, change: Callable[[M, int | None], M]) -> Response:
        """The same for a change of the object that the path names; it gets the expected version."""
        instance = self.get_object()
        expected = self.expected_version(instance)
        if self.action in self.checkable and validates_only(self.request):
            return self._tried(lambda: change(instance, expected))
        return self.answered(change(instance, expected))

    def answered(self, instance: M, status_code: int = status.HTTP_200_OK) -> Response:
        """The representation after a change, with its tag."""
        representation = self.shown(instance)
        headers = {"ETag": etag_of(representation)}
        return Response(representation, status=status_code, headers=headers)

    def handle_exception(self, exc: Exception) -> Response:
        # Somebody was faster, after the tag was compared: the answer has the tag of their change.
        if isinstance(exc, Stale) and not isinstance(exc, PreconditionFailed):
            current = self.shown(self.get_object())
            exc = PreconditionFailed(etag_of(current), int(current["version"]))
        return super().handle_exception(exc)

    def _update(self, data: Mapping[str, Any], instance: M, expected: int | None) -> M:
        return self.update_document(instance, data, expected)

    def _tried(self, save: Callable[[], M]) -> Response:
        """What would be found if this were saved; nothing of it stays. Raises as a save does."""
        with rolled_back():
            findings = stored_findings(self.subject, save().pk)
        return Response(report_representation(Report(self.subject, findings, "ok")))
