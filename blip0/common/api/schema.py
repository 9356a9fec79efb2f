"""The OpenAPI document: what drf-spectacular can't see of our conventions."""

from __future__ import annotations

from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse
from rest_framework import serializers

from blip0.common.api.problems import CONTENT_TYPE
from blip0.common.api.views import DocumentViewSet, TenantView

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
        return parameters

    def _get_response_bodies(self, direction: Any = "response") -> dict[str, Any]:
        bodies: dict[str, Any] = super()._get_response_bodies(direction)
        if direction != "response":
            return bodies
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

    @property
    def _is_tagged(self) -> bool:
        return isinstance(self.view, DocumentViewSet) and "{" in self.path

    def _problem_statuses(self) -> list[str]:
        statuses = []
        if isinstance(self.view, TenantView):
            statuses += ["401", "403"]
            if "{" in self.path:
                statuses.append("404")
            if self._is_list_view():
                statuses.append("422")
        if self.method in _WRITES:
            statuses += ["400", "409", "413", "415", "422"]
            if self._is_tagged:
                statuses.append("412")
        return statuses
