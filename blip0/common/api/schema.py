"""The OpenAPI document: what drf-spectacular can't see of our conventions."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ResolvedComponent
from drf_spectacular.utils import OpenApiParameter, PolymorphicProxySerializer
from rest_framework import serializers

from blip0.common.api.idempotency import HEADER as IDEMPOTENCY_KEY
from blip0.common.api.parameters import EXPAND, FIELDS
from blip0.common.api.problems import CONTENT_TYPE
from blip0.common.api.reports import (
    VALIDATE_ONLY_PARAMETER,
    FindingListSerializer,
    ReportSerializer,
)
from blip0.common.api.views import DocumentViewSet, TenantView, TenantViewSet

_WRITES = ("POST", "PUT", "PATCH", "DELETE")
_IF_MATCH = OpenApiParameter(
    "If-Match",
    str,
    OpenApiParameter.HEADER,
    description="Change it only if this is still its entity tag; else 412 with the current one.",
)
_IF_NONE_MATCH = OpenApiParameter(
    "If-None-Match",
    str,
    OpenApiParameter.HEADER,
    description="Answer 304 if this is still its entity tag.",
)
_IDEMPOTENCY_KEY = OpenApiParameter(
    IDEMPOTENCY_KEY,
    {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
    OpenApiParameter.HEADER,
    description="Send the same key again to repeat a request whose answer was lost: for 24 hours "
    "it is answered as before, and nothing is done twice.",
)
_FIELDS = "Names of members: the answer then has no others, also none that is always there."
_EXPAND = (
    "Members to add, each as it reads at `…/{id}/` and its name. They change without a new "
    "version: an answer with them has no entity tag."
)
_UNTAGGED = ("findings", "projection", "document", "history", "tests")
"""Parts of an object that change without a new version of it."""
_ETAG: dict[str, Any] = {
    "schema": {"type": "string"},
    "description": "The entity tag, for `If-Match` and `If-None-Match`.",
}
_LOCATION: dict[str, Any] = {
    "schema": {"type": "string", "format": "uri"},
    "description": "Where it is.",
}
_RETRY_AFTER: dict[str, Any] = {
    "schema": {"type": "string", "pattern": "^[0-9]+$"},
    "description": "How many seconds to wait.",
}
_PROBLEMS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "400": ("BadRequest", "The body or a header can't be read.", {}),
    "401": (
        "Unauthorized",
        "No credentials, or they no longer stand.",
        {"WWW-Authenticate": {"schema": {"type": "string"}}},
    ),
    "403": ("Forbidden", "The role lacks the permission, or the tenant is suspended.", {}),
    "404": ("NotFound", "There is no such object in your tenant.", {}),
    "406": ("NotAcceptable", "`Accept` names nothing that this operation answers with.", {}),
    "409": (
        "Conflict",
        "The name or slug is taken, or the state doesn't allow this.",
        {"Retry-After": _RETRY_AFTER},
    ),
    "412": (
        "PreconditionFailed",
        "It was changed since you read it.",
        {"ETag": {"schema": {"type": "string"}, "description": "Of how it is now."}},
    ),
    "413": ("ContentTooLarge", "The body is too large.", {}),
    "415": ("UnsupportedMediaType", "The body is of another type than this operation reads.", {}),
    "422": ("Invalid", "A rule is broken; `errors` points at each place.", {}),
    "429": (
        "TooManyRequests",
        "Too often, or no call is left at present; `Retry-After` says for how long.",
        {"Retry-After": _RETRY_AFTER},
    ),
    "503": (
        "ServiceUnavailable",
        "The database doesn't answer at present; `Retry-After` says when to try again.",
        {"Retry-After": _RETRY_AFTER},
    ),
}
"""Of each status: the name of the response, what it means, and the headers beside the body."""


class FieldErrorSerializer(serializers.Serializer[Any]):
    pointer = serializers.CharField(help_text="RFC 6901, into the body; empty: all of it.")
    parameter = serializers.CharField(required=False, help_text="Of the query.")
    code = serializers.CharField()
    detail = serializers.CharField()


class ProblemSerializer(serializers.Serializer[Any]):
    """RFC 9457. `code` is stable; some codes add members, such as `users` or `tenants`."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    code = serializers.CharField()
    detail = serializers.CharField()
    errors = FieldErrorSerializer(many=True)  # type: ignore[assignment]  # a field: the metaclass takes it away
    request_id = serializers.CharField()


class Blip0Schema(AutoSchema):
    """Adds problems and entity tags, and names operations `monitors_pause`."""

    def get_operation_id(self) -> str:
        action = getattr(self.view, "action", None)
        if action is None or action in self.method_mapping.values() or action == "list":
            return super().get_operation_id()
        resource = self._tokenize_path()[0].replace("-", "_")
        return f"{resource}_{action}"

    def get_override_parameters(self) -> list[Any]:
        parameters = list(super().get_override_parameters())
        if self._is_tagged:
            parameters.append(_IF_NONE_MATCH if self.method == "GET" else _IF_MATCH)
        if self._keeps_answers:
            parameters.append(_IDEMPOTENCY_KEY)
        if self._offers_trial:
            parameters.append(VALIDATE_ONLY_PARAMETER)
        if isinstance(self.view, TenantViewSet) and self.view.action in ("list", "retrieve"):
            shown = _described(self.view)
            name = self.resolve_serializer(shown, "response").name
            parameters.append(self._names(FIELDS, f"{name}Field", shown().fields, _FIELDS))
            if offered := self.view.expandable:
                parameters.append(self._names(EXPAND, f"{name}Expansion", offered, _EXPAND))
        return parameters

    def get_response_serializers(self) -> Any:
        described: Any = super().get_response_serializers()
        if isinstance(self.view, DocumentViewSet):
            answers = {"validate": ReportSerializer, "findings": FindingListSerializer}
            described = answers.get(self.view.action, described)
        return described

    def _get_response_bodies(self, direction: Any = "response") -> dict[str, Any]:
        bodies: dict[str, Any] = super()._get_response_bodies(direction)
        if direction != "response":
            return bodies
        if self._offers_trial:
            answer = self._saved_or_report() if "200" in bodies else ReportSerializer
            bodies["200"] = self._get_response_for_code(answer, "200")  # type: ignore[no-untyped-call]  # drf-spectacular's
        self._describe_expandable()
        for status in ("200", "201"):
            headers = self._headers_of(status) if status in bodies else {}
            if headers:
                bodies[status].setdefault("headers", {}).update(headers)
        if self._is_tagged and self.method == "GET":
            bodies["304"] = {"description": "Not modified."}
        for status in self._problem_statuses():
            bodies.setdefault(status, self._problem(status))
        return dict(sorted(bodies.items()))

    def _map_basic_serializer(self, serializer: Any, direction: Any) -> dict[str, Any]:
        """Requests are refused for a member too many; what is read whole lacks none."""
        schema: dict[str, Any] = super()._map_basic_serializer(serializer, direction)  # type: ignore[no-untyped-call]  # drf-spectacular's
        if direction == "request" and "properties" in schema:
            schema["additionalProperties"] = False
        whole = "never_partial" if direction == "request" else "read_whole"
        if getattr(serializer, whole, False):
            schema["required"] = sorted(schema["properties"])
        return schema

    def _headers_of(self, status: str) -> dict[str, Any]:
        headers = {}
        if self._is_tagged and self.method != "DELETE":
            headers["ETag"] = _ETAG
        if status == "201" and isinstance(self.view, DocumentViewSet):
            headers |= {"ETag": _ETAG, "Location": _LOCATION}
        return headers

    def _describe_expandable(self) -> None:
        """Members that `?expand=` adds are no fields: nobody may send them, nor name them twice."""
        if not (isinstance(self.view, TenantViewSet) and self.view.expandable):
            return
        shown = self.resolve_serializer(_described(self.view), "response").schema["properties"]
        for name, serializer in self.view.expandable.items():
            member = self.resolve_serializer(serializer, "response").ref
            shown.setdefault(name, {**member, "description": f"With `?{EXPAND}={name}`."})

    def _names(
        self, parameter: str, enum: str, names: Iterable[str], description: str
    ) -> OpenApiParameter:
        """A parameter that lists some of these names, separated by commas."""
        component = self._component(
            ResolvedComponent.SCHEMA, enum, {"type": "string", "enum": list(names)}
        )
        return OpenApiParameter(
            parameter,
            {"type": "array", "items": component.ref},
            OpenApiParameter.QUERY,
            description=description,
            style="form",
            explode=False,
        )

    def _problem(self, status: str) -> dict[str, Any]:
        """A reference to the response that all operations have in common."""
        name, description, headers = _PROBLEMS[status]
        body = {"schema": self.resolve_serializer(ProblemSerializer, "response").ref}
        component = self._component(
            ResolvedComponent.RESPONSE,
            name,
            {
                "description": description,
                **({"headers": headers} if headers else {}),
                "content": {CONTENT_TYPE: body},
            },
        )
        reference: dict[str, Any] = component.ref
        return reference

    def _saved_or_report(self) -> PolymorphicProxySerializer:
        """What 200 may hold: the saved object, or the report that a trial is answered."""
        described: Any = self.get_response_serializers()
        saved: Any = described.get(200) if isinstance(described, dict) else described
        written = saved if isinstance(saved, type) else type(saved)
        return PolymorphicProxySerializer(
            component_name=f"{written.__name__.removesuffix('Serializer')}OrReport",
            serializers=[saved, ReportSerializer],
            resource_type_field_name=None,
        )

    def _component(self, kind: str, name: str, content: dict[str, Any]) -> ResolvedComponent:
        """The component of that name, made unless it is there."""
        component = ResolvedComponent(name=name, type=kind, schema=content, object=name)  # type: ignore[no-untyped-call]  # drf-spectacular's
        self.registry.register_on_missing(component)
        return component

    @property
    def _offers_trial(self) -> bool:
        return isinstance(self.view, TenantView) and self.view.offers_trial(self.method)

    @property
    def _is_tagged(self) -> bool:
        view = self.view
        if isinstance(view, TenantViewSet) and "{" in self.path:
            return view.action not in _UNTAGGED
        return isinstance(view, TenantView) and view.has_tag

    @property
    def _keeps_answers(self) -> bool:
        view = self.view
        return isinstance(view, TenantView) and view.keeps_answers and self.method == "POST"

    def _problem_statuses(self) -> list[str]:
        statuses = ["406"]
        if self.method in _WRITES or isinstance(self.view, TenantView):
            statuses.append("503")
        if isinstance(self.view, TenantView):
            statuses += ["401", "403", "429"]
            if "{" in self.path:
                statuses.append("404")
            statuses.append("422")  # an unknown parameter
        if self.method in _WRITES:
            statuses += ["400", "409", "413", "415", "422"]
            if self._is_tagged:
                statuses.append("412")
        return [*statuses, *getattr(self.view, "problem_statuses", ())]


def _described(view: TenantViewSet[Any]) -> type[serializers.Serializer[Any]]:
    return cast(type[serializers.Serializer[Any]], view.get_serializer_class())
