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
from uuid import UUID

from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponseBase
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
from blip0.common.api.idempotency import Handler, asks_for_once, once
from blip0.common.api.pagination import CURSOR, ORDERING, PAGE_SIZE, SignedCursorPagination
from blip0.common.api.parameters import EXPAND, FIELDS, listed, only, require_known
from blip0.common.api.permissions import HasPermission
from blip0.common.api.principals import Principal, principal_of
from blip0.common.api.rate_limits import Allowance, RateLimited, policies_of, rate_limiter
from blip0.common.api.reports import (
    VALIDATE_ONLY,
    report_representation,
    rolled_back,
    trial_representation,
    validates_only,
)
from blip0.common.exceptions import Gone, Stale
from blip0.common.tenancy import in_tenant
from blip0.common.validation import Report
from blip0.common.validation.stored import Subject, finding_representation, stored_findings

M = TypeVar("M", bound=Model)
R = TypeVar("R")


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
    can_be_tried: ClassVar[bool] = True
    """Whether writes take `?validate_only=`: not where an effect can't be taken back."""
    has_tag: ClassVar[bool] = False
    """Whether a read has an entity tag, for the OpenAPI document; of a viewset, one of a list."""
    allowance: Allowance | None = None

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        with ExitStack() as self._inside:
            return super().dispatch(request, *args, **kwargs)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        known, method = self.parameters(), str(request.method).lower()
        if not hasattr(self, method):
            # Before the query is judged: it has the parameters of other methods.
            self.http_method_not_allowed(request)
        require_known(request, (*known, VALIDATE_ONLY) if self.offers_trial(method) else known)
        self._inside.enter_context(in_tenant(self.principal.tenant_id))
        handler = getattr(self, method, None)
        if handler is None or self.reads(request):
            return
        asked_for_once = self.keeps_answers and asks_for_once(request)
        # Wrapped here, because DRF looks the handler up after this method.
        if validates_only(request):
            if self.can_be_tried:
                self.__dict__[method] = partial(self._tried, handler)
        elif asked_for_once:
            self.__dict__[method] = partial(once, handler, self.one_time)

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

    def offers_trial(self, method: str) -> bool:
        """Whether this method takes `?validate_only=`."""
        return self.can_be_tried and method.upper() not in SAFE_METHODS

    def trial_answer(self, response: Response) -> Response:
        """What a trial is answered, made of what the save would be; before it is taken back."""
        return Response(trial_representation(()))

    @property
    def principal(self) -> Principal:
        return principal_of(self.request)

    def _tried(self, handler: Handler, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Everything but the save: rows, commit hooks (and with them mail and Redis), records."""
        with rolled_back():
            return self.trial_answer(handler(request, *args, **kwargs))


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


class ChangingViewSet(TenantViewSet[M]):
    """Creates, changes and deletes objects, each by one service call.

    `If-Match` is compared with the tag of what is shown; then the service compares, under its
    lock, the column that each change moves.
    """

    lookup_value_converter = "uuid"
    noun: ClassVar[str]
    """How services call the object."""
    moves: ClassVar[str] = "updated_at"
    """The column that each change moves, and how services call its expected value."""
    expected_as: ClassVar[str] = "expected"

    def expected(self, instance: M) -> Any:
        """The value of `moves` that the caller's `If-Match` stands for; None where there is none.

        Raises `PreconditionFailed`.
        """
        if (tags := self.request.headers.get("If-Match")) is None:
            return None
        etag = etag_of(self.shown(instance))
        if not names(tags, etag):
            raise PreconditionFailed(etag)
        return getattr(instance, self.moves)

    def applied(self, service: Callable[..., R], **details: Any) -> R:
        """What the service makes of the object that the path names, in the caller's name.

        Raises `PreconditionFailed`, also where somebody is faster than the service.
        """
        instance = self.named()
        expected = {self.expected_as: self.expected(instance)}
        actor = self.principal.actor
        try:
            return service(**{self.noun: instance}, actor=actor, **expected, **details)
        except Stale:
            raise PreconditionFailed(etag_of(self.shown(self.get_object()))) from None
        except Gone:
            raise Http404 from None

    def named(self) -> M:
        """The object that the path names, for a service."""
        return self.get_object()

    def created(self, instance: M) -> Response:
        response = self._answered(instance, status.HTTP_201_CREATED)
        response["Location"] = self.reverse_action("detail", args=[instance.pk])
        return response

    def changed_by(self, service: Callable[..., M], **details: Any) -> Response:
        return self._answered(self.applied(service, **details), status.HTTP_200_OK)

    def removed_by(self, service: Callable[..., object], **details: Any) -> Response:
        self.applied(service, **details)
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _answered(self, instance: M, status_code: int) -> Response:
        representation = self.shown(instance)
        headers = {"ETag": etag_of(representation)}
        return Response(representation, status=status_code, headers=headers)


class DocumentViewSet(ChangingViewSet[M]):
    """Documents of the tenant: checked by the runtime's rules, with findings, and a `version`."""

    subject: ClassVar[Subject]
    moves = "version"
    expected_as = "expected_version"
    sublists: ClassVar[Collection[str]] = ()
    """Actions that answer with a list of their own, page by page."""
    required_keys: ClassVar[Collection[str]]
    default_values: ClassVar[Mapping[str, Any]]
    """What PUT makes of the keys that it may leave out."""

    def named(self) -> M:
        """By its id alone, unless more is asked of it: the service finds and locks its row."""
        if "If-Match" in self.request.headers:
            return self.get_object()
        return self.get_queryset().model(pk=self.kwargs[self.lookup_field])

    def create_document(self, data: Mapping[str, Any]) -> M:
        raise NotImplementedError

    def update_document(self, data: Mapping[str, Any]) -> Response:
        raise NotImplementedError

    def examine_document(self, data: Mapping[str, Any]) -> Report:
        raise NotImplementedError

    def parameters(self) -> Collection[str]:
        if self.action in self.sublists:
            return (CURSOR, PAGE_SIZE)
        return super().parameters()

    def reads(self, request: Request) -> bool:
        return super().reads(request) or self.action == "validate"

    def create(self, request: Request) -> Response:
        return self.created(self.create_document(body_of(request)))

    def update(self, request: Request, **kwargs: Any) -> Response:
        data = whole(body_of(request), required=self.required_keys, defaults=self.default_values)
        return self.update_document(data)

    def partial_update(self, request: Request, **kwargs: Any) -> Response:
        return self.update_document(body_of(request))

    @action(detail=False, methods=["post"], can_be_tried=False, keeps_answers=False)
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

    def trial_answer(self, response: Response) -> Response:
        """What would be found about the saved document; about one that is deleted, nothing."""
        saved = response.data
        found = stored_findings(self.subject, UUID(str(saved["id"]))) if saved else ()
        return Response(trial_representation(found))
