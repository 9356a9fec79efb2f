"""Response bodies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
from rest_framework.renderers import BaseRenderer


class OrjsonRenderer(BaseRenderer):
    """JSON by orjson. Knows datetimes, UUIDs and dataclasses, and refuses what isn't JSON."""

    media_type = "application/json"
    format = "json"
    charset = None  # JSON is UTF-8, and says so nowhere
    render_style = "binary"

    def render(
        self,
        data: object,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        return b"" if data is None else orjson.dumps(data)
