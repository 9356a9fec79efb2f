"""The runtime contract over HTTP: public, since it says nothing of anybody."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any, ClassVar

import orjson
from django.http import Http404
from django.urls import reverse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from blip0.common.api.etags import names
from cachesync.api.renderers import FileRenderer, SchemaRenderer
from cachesync.api.serializers import RuntimeContractSerializer
from cachesync.contracts import SCHEMA_VERSION
from cachesync.services.contract import SCHEMAS
from cachesync.services.contract.files import golden_file, golden_names, schema_file

NOT_MODIFIED = OpenApiResponse(description="Not modified.")


class ContractView(APIView):
    """Serves bytes that change with a release only."""

    authentication_classes = []
    permission_classes = []
    cache_control: ClassVar[str] = "public, max-age=300"

    def answer(self, request: Request, body: bytes) -> Response:
        etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
        headers = {"ETag": etag, "Cache-Control": self.cache_control}
        if names(request.headers.get("If-None-Match", ""), etag, weakly=True):
            return Response(status=status.HTTP_304_NOT_MODIFIED, headers=headers)
        return Response(body, headers=headers)

    def file(self, request: Request, read: Callable[[str], bytes], name: str) -> Response:
        """The file of that name. Raises `Http404`."""
        try:
            return self.answer(request, read(name))
        except KeyError as error:
            raise Http404 from error


class RuntimeContractView(ContractView):
    """All schemas with their versions and links."""

    renderer_classes = [FileRenderer]

    @extend_schema(
        operation_id="runtime_contract",
        responses={200: RuntimeContractSerializer, 304: NOT_MODIFIED},
        auth=[],
    )
    def get(self, request: Request) -> Response:
        def link(view: str, name: str) -> str:
            return request.build_absolute_uri(reverse(view, args=[name]))

        schemas: list[dict[str, Any]] = [
            {
                "name": name,
                "version": SCHEMA_VERSION,
                "id": schema["$id"],
                "redis": schema["x-redis"],
                "url": link("runtime-contract-schema", name),
                "golden": [
                    {"name": golden, "url": link("runtime-contract-golden", golden)}
                    for golden in golden_names()
                    if golden.partition(".")[0] == name
                ],
            }
            for name, schema in SCHEMAS.items()
        ]
        return self.answer(request, orjson.dumps({"schema": SCHEMA_VERSION, "schemas": schemas}))


class ContractSchemaView(ContractView):
    """A JSON Schema (2020-12)."""

    problem_statuses = ("404",)
    renderer_classes = [SchemaRenderer, FileRenderer]

    @extend_schema(
        operation_id="runtime_contract_schema",
        responses={
            (200, "application/schema+json"): OpenApiTypes.OBJECT,
            304: NOT_MODIFIED,
        },
        auth=[],
    )
    def get(self, request: Request, name: str) -> Response:
        return self.file(request, schema_file, name)


class ContractGoldenView(ContractView):
    """An example, as it stands in Redis: the bytes that are rendered, and a line's end."""

    problem_statuses = ("404",)
    renderer_classes = [FileRenderer]

    @extend_schema(
        operation_id="runtime_contract_golden",
        responses={200: OpenApiTypes.OBJECT, 304: NOT_MODIFIED},
        auth=[],
    )
    def get(self, request: Request, name: str) -> Response:
        return self.file(request, golden_file, name)
