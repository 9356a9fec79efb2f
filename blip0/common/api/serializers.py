"""Serializers of the API's own small documents.

Monitors, triggers and what the runtime reads are checked by their services, with the runtime's
rules; serializers of them only describe their shape in the OpenAPI document.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail


class StrictSerializer(serializers.Serializer[Any]):
    """Refuses unknown fields by name."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping):
            unknown = [key for key in data if key not in self.fields]
            if unknown:
                message = "Unknown field; remove it."
                raise serializers.ValidationError(
                    {key: [ErrorDetail(message, "unknown")] for key in unknown}
                )
        return super().to_internal_value(data)
