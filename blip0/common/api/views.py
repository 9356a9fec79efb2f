"""The base of every view that serves a tenant.

The tenant comes from the credentials and nothing else. A view's code runs inside that tenant's
schema, entered after authentication and permissions, and left whatever happens.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import ExitStack
from typing import Any, ClassVar, Generic, TypeVar

from django.db.models import Model
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework.viewsets import GenericViewSet

from blip0.common.api.documents import body_of, whole
from blip0.common.api.etags import PreconditionFailed, etag_of, names
from blip0.common.api.expanding import expansions
from blip0.common.api.filters import StrictFilterBackend
from blip0.common.api.pagination import SignedCursorPagination
from blip0.common.api.permissions import HasPermission
from blip0.common.api.principals import Principal, principal_of
from blip0.common.api.reports import (
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

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        with ExitStack() as self._inside:
            return super().dispatch(request, *args, **kwargs)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        self._inside.enter_context(in_tenant(self.principal.tenant_id))

    def finalize_response(
        self, request: Request, response: Response, *args: Any, **kwargs: Any
    ) -> Response:
        response = super().finalize_response(request, response, *args, **kwargs)
        response.headers.setdefault("Cache-Control", self.cache_control)
        return response

    def reads(self, request: Request) -> bool:
        """Whether `read_permission` is enough for this request."""
        return request.method in SAFE_METHODS

    @property
    def principal(self) -> Principal:
        return principal_of(self.request)


class TenantViewSet(TenantView, GenericViewSet[M], Generic[M]):
    """Lists and reads objects as the dicts that `represent` makes of a page of them."""

    pagination_class = SignedCursorPagination
    filter_backends = [StrictFilterBackend]
    orderings: ClassVar[tuple[str, ...]]
    """What `?ordering=` offers, the default first; each has an index."""
    expandable: ClassVar[tuple[str, ...]] = ()
    """What `?expand=` offers: members that change without a new version of the object."""

    def represent(self, instances: Sequence[M]) -> list[dict[str, Any]]:
        """The instances as the API shows them, in order, in a fixed number of queries."""
        raise NotImplementedError

    def expand(self, name: str, instances: Sequence[M]) -> list[Any]:
        """The expandable member of each of these, in order, in a fixed number of queries."""
        raise NotImplementedError

    def expanded(self, instances: Sequence[M], asked: Sequence[str]) -> list[dict[str, Any]]:
        """The representations, with the members that were asked for."""
        representations = self.represent(instances)
        for name in asked:
            members = self.expand(name, instances)
            for representation, member in zip(representations, members, strict=True):
                representation[name] = member
        return representations

    def get_object(self) -> M:
        # Not DRF's: a list's filters in the query must not hide an object that is named by id.
        instance: M = get_object_or_404(self.get_queryset(), pk=self.kwargs[self.lookup_field])
        self.check_object_permissions(self.request, instance)
        return instance

    def list(self, request: Request) -> Response:
        asked = expansions(request, self.expandable)
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset())) or []
        return self.get_paginated_response(self.expanded(page, asked))

    def retrieve(self, request: Request, **kwargs: Any) -> Response:
        return Response(self.shown(self.get_object()))

    def shown(self, instance: M) -> dict[str, Any]:
        return self.represent([instance])[0]


class DocumentViewSet(TenantViewSet[M]):
    """Create, read, change and delete documents of the tenant, each by one service call.

    Every object has a `version`; its representation has a strong entity tag, which `If-Match` and
    `If-None-Match` are compared with.
    """

    lookup_value_converter = "uuid"
    subject: ClassVar[Subject]
    required_keys: ClassVar[Collection[str]]
    default_values: ClassVar[Mapping[str, Any]]
    """What PUT makes of the keys that it may leave out."""

    def create_document(self, data: Mapping[str, Any]) -> M:
        raise NotImplementedError

    def update_document(self, instance: M, data: Mapping[str, Any], expected: int | None) -> M:
        raise NotImplementedError

    def delete_document(self, instance: M, expected: int | None) -> None:
        raise NotImplementedError

    def reads(self, request: Request) -> bool:
        return super().reads(request) or self.action == "validate"

    def examine_document(self, data: Mapping[str, Any]) -> Report:
        raise NotImplementedError

    def create(self, request: Request) -> Response:
        data = body_of(request)
        if validates_only(request):
            return self._tried(lambda: self.create_document(data))
        return self.created(self.create_document(data))

    def retrieve(self, request: Request, **kwargs: Any) -> Response:
        if asked := expansions(request, self.expandable):
            # No tag: these members change while it stays the same.
            return Response(self.expanded([self.get_object()], asked)[0])
        representation = self.shown(self.get_object())
        etag = etag_of(representation)
        if names(request.headers.get("If-None-Match", ""), etag, weakly=True):
            return Response(status=status.HTTP_304_NOT_MODIFIED, headers={"ETag": etag})
        return Response(representation, headers={"ETag": etag})

    def update(self, request: Request, **kwargs: Any) -> Response:
        data = whole(body_of(request), required=self.required_keys, defaults=self.default_values)
        return self._changed(data)

    def partial_update(self, request: Request, **kwargs: Any) -> Response:
        return self._changed(body_of(request))

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

    def created(self, instance: M) -> Response:
        response = self.answered(instance, status.HTTP_201_CREATED)
        response["Location"] = self.reverse_action("detail", args=[instance.pk])
        return response

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

    def _changed(self, data: Mapping[str, Any]) -> Response:
        instance = self.get_object()
        expected = self.expected_version(instance)
        if validates_only(self.request):
            return self._tried(lambda: self.update_document(instance, data, expected))
        return self.answered(self.update_document(instance, data, expected))

    def _tried(self, save: Callable[[], M]) -> Response:
        """What would be found if this were saved; nothing of it stays. Raises as a save does."""
        with rolled_back():
            findings = stored_findings(self.subject, save().pk)
        return Response(report_representation(Report(self.subject, findings, "ok")))
