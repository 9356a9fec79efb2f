"""Serializers of the API's own small documents.

Monitors, triggers and what the runtime reads are checked by their services, with the runtime's
rules; serializers of them only describe their shape in the OpenAPI document.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import NoneType
from typing import Any, Final

from django.utils.datastructures import MultiValueDict
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail

_TYPES: Final[tuple[tuple[type[serializers.Field[Any, Any, Any, Any]], type, str], ...]] = (
    (serializers.BooleanField, bool, "It must be true or false, without quotes."),
    (serializers.IntegerField, int, "It must be a whole number, without quotes."),
    (serializers.CharField, str, "It must be text, in quotes."),
)
"""Of DRF's fields, what JSON they take; they would take `"yes"` for true, and 1 for "1"."""


class StrictSerializer(serializers.Serializer[Any]):
    """Refuses unknown fields by name, and JSON of another type than the field's."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping):
            unknown = [key for key in data if key not in self.fields]
            if unknown:
                message = "Unknown field; remove it."
                raise serializers.ValidationError(
                    {key: [ErrorDetail(message, "unknown")] for key in unknown}
                )
        # A form has texts only.
        if isinstance(data, dict) and not isinstance(data, MultiValueDict):
            mistyped = {key: _mistyped(self.fields[key], value) for key, value in data.items()}
            if errors := {key: error for key, error in mistyped.items() if error}:
                raise serializers.ValidationError(errors)
        return super().to_internal_value(data)


def _mistyped(field: serializers.Field[Any, Any, Any, Any], value: Any) -> list[ErrorDetail]:
    """What is wrong with the type of a value, null aside, of which the field itself judges."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)  # JSON has one type of numbers: 5.0 is 5
    for kind, json_type, message in _TYPES:
        if isinstance(field, kind):
            return [] if type(value) in (json_type, NoneType) else [ErrorDetail(message, "type")]
    return []
