"""The contract's files go out as they are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from blip0.common.api.renderers import OrjsonRenderer


class FileRenderer(OrjsonRenderer):
    """Bytes as they are; whatever else, such as a problem, as JSON."""

    def render(
        self,
        data: object,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        if isinstance(data, bytes):
            return data
        return super().render(data, accepted_media_type, renderer_context)


class SchemaRenderer(FileRenderer):
    media_type = "application/schema+json"
    format = "schema"
