"""The OpenAPI document: what drf-spectacular can't see of our conventions."""

from __future__ import annotations

from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, PolymorphicProxySerializer
from rest_framework import serializers

from blip0.common.api.idempotency import HEADER as IDEMPOTENCY_KEY
from blip0.common.api.parameters import EXPAND, FIELDS
from blip0.common.api.problems import CONTENT_TYPE
from blip0.common.api.reports import VALIDATE_ONLY_PARAMETER, FindingsSerializer, ReportSerializer
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
_FIELDS = OpenApiParameter(
    FIELDS,
    str,
    OpenApiParameter.QUERY,
    description="Names of members, separated by commas: the answer has these only.",
)
_IDEMPOTENCY_KEY = OpenApiParameter(
    IDEMPOTENCY_KEY,
    str,
    OpenApiParameter.HEADER,
    description="Send the same key again to repeat a request whose answer was lost: for 24 hours "
    "it is answered as before, and nothing is done twice.",
)
_UNTAGGED = ("findings", "projection", "document", "history", "tests")
"""Parts of an object that change without a new version of it."""
_DESCRIPTIONS = {
    "304": "Not modified.",
    "400": "The body or a header can't be read.",
    "401": "No credentials, or they no longer stand.",
    "403": "The role lacks the permission, or the tenant is suspended.",
    "404": "There is no such object in your tenant.",
    "409": "The name or slug is taken, or the state doesn't allow this.",
    "412": "It was changed since you read it.",
    "413": "The body is too large.",
    "415": "The body is not JSON.",
    "422": "A rule is broken; `errors` points at each place.",
    "406": "The answer comes in none of the formats of `Accept`.",
    "503": "The database doesn't answer at present; `Retry-After` says when to try again.",
    "429": "Too often, or no call is left at present; `Retry-After` says for how long.",
}


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
            parameters.append(_FIELDS)
            parameters += [
                OpenApiParameter(
                    EXPAND,
                    str,
                    OpenApiParameter.QUERY,
                    enum=[name],
                    description=f"With `{name}`: add the member of that name, as it reads at "
                    f"`…/{{id}}/{name}`. Such an answer has no entity tag.",
                )
                for name in self.view.expandable
            ]
        return parameters

    def get_response_serializers(self) -> Any:
        described: Any = super().get_response_serializers()
        if isinstance(self.view, DocumentViewSet):
            answers = {"validate": ReportSerializer, "findings": FindingsSerializer}
            described = answers.get(self.view.action, described)
        return described

    def _get_response_bodies(self, direction: Any = "response") -> dict[str, Any]:
        bodies: dict[str, Any] = super()._get_response_bodies(direction)
        if direction != "response":
            return bodies
        if self._offers_trial:
            answer = self._saved_or_report() if "200" in bodies else ReportSerializer
            bodies["200"] = self._get_response_for_code(answer, "200")  # type: ignore[no-untyped-call]  # drf-spectacular's
        if self._is_tagged and self.method != "DELETE":
            for status in ("200", "201"):
                if status in bodies:
                    bodies[status].setdefault("headers", {})["ETag"] = {
                        "schema": {"type": "string"},
                        "description": "The entity tag, for `If-Match` and `If-None-Match`.",
                    }
        if self._is_tagged and self.method == "GET":
            bodies["304"] = {"description": _DESCRIPTIONS["304"]}
        for status in self._problem_statuses():
            problem = OpenApiResponse(ProblemSerializer(many=False), _DESCRIPTIONS[status])
            body = self._get_response_for_code(problem, status, [CONTENT_TYPE], direction)  # type: ignore[no-untyped-call]  # drf-spectacular's
            bodies.setdefault(status, body)
        return dict(sorted(bodies.items()))

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
