"""Request bodies: strict JSON within limits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import IO, Any

from rest_framework.exceptions import APIException, UnsupportedMediaType
from rest_framework.parsers import BaseParser

from blip0.common.strict_json import NotStrictJSON, loads, repeated_keys
from blip0.common.validation.findings import Path, pointer

MAX_BYTES = 2 * 1024 * 1024
MAX_DEPTH = 64
MAX_KEYS = 50_000
MAX_ITEMS = 100_000


class BodyTooLarge(APIException):
    status_code = 413
    default_detail = f"The body is larger than {MAX_BYTES // 1024} KiB; send less at once."
    default_code = "body_too_large"


class BadJSON(APIException):
    """The body can't be read. `pointer` is set where a place in the document is known."""

    status_code = 400

    def __init__(self, code: str, detail: str, at: Path = None) -> None:
        super().__init__(detail, code)
        self.pointer = pointer(at)


class StrictJSONParser(BaseParser):
    """JSON as the runtime reads it: UTF-8, no repeated keys, no NaN, and nothing excessive.

    Raises `BodyTooLarge` (413), and `BadJSON` (400) with the position.
    """

    media_type = "application/json"

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        if media_type and "charset=" in media_type.lower().replace("charset=utf-8", ""):
            raise UnsupportedMediaType(media_type, "JSON is read as UTF-8 only.")
        body = stream.read(MAX_BYTES + 1)
        if len(body) > MAX_BYTES:
            raise BodyTooLarge
        try:
            value = loads(body.decode())
        except UnicodeDecodeError as error:
            raise BadJSON(
                "json.encoding", f"The body is not UTF-8: see byte {error.start}."
            ) from error
        except NotStrictJSON as error:
            raise BadJSON(error.code, error.message) from error
        _require_modest(value)
        return value


def _require_modest(value: object) -> None:
    """Within the limits of depth, keys and items, and without repeated keys."""
    keys = items = 0
    stack: list[tuple[object, Path, int]] = [(value, None, 1)]
    while stack:
        node, at, depth = stack.pop()
        if not isinstance(node, dict | list):
            continue
        if depth > MAX_DEPTH:
            raise BadJSON("json.depth", f"Nest at most {MAX_DEPTH} levels.", at)
        if isinstance(node, dict):
            keys += len(node)
            for repeated in repeated_keys(node):
                raise BadJSON(
                    "json.repeated_key",
                    "This key stands more than once in its object; keep one of them.",
                    (at, repeated),
                )
        else:
            items += len(node)
        if keys > MAX_KEYS or items > MAX_ITEMS:
            raise BadJSON(
                "json.size", f"Send at most {MAX_KEYS} keys and {MAX_ITEMS} list items.", at
            )
        children = node.items() if isinstance(node, dict) else enumerate(node)
        stack.extend(
            (child, (at, key), depth + 1)
            for key, child in children
            if isinstance(child, dict | list)
        )
