"""Entity tags: strong, and true of the bytes that they stand for."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import orjson
from django.utils.http import parse_etags
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from blip0.common.exceptions import Stale


class PreconditionFailed(Stale):
    """`If-Match` names another state than the current one, whose tag is `etag`."""

    def __init__(self, etag: str) -> None:
        super().__init__("It was changed since you read it. Read it again, and repeat your change.")
        self.etag = etag


def etag_of(representation: Mapping[str, Any]) -> str:
    """The tag of a representation, with its `version` in front where it has one.

    The version alone would lie: a monitor shows its triggers' slugs, and renaming one of these
    changes the monitor's representation but not the monitor.
    """
    digest = hashlib.sha256(orjson.dumps(representation)).hexdigest()
    version = f"{representation['version']}-" if "version" in representation else ""
    return f'"{version}{digest[:16]}"'


def names(header: str, etag: str, *, weakly: bool = False) -> bool:
    """Whether a list of tags from a header names `etag`, or is `*`.

    `If-None-Match` compares weakly (proxies that compress mark tags so), `If-Match` never.
    """
    tags = parse_etags(header)
    if weakly:
        tags = [tag.removeprefix("W/") for tag in tags]
    return tags == ["*"] or etag in tags


def tagged(request: Request, representation: object, etag: str) -> Response:
    """The answer to a read, or 304 where the caller has it already."""
    if names(request.headers.get("If-None-Match", ""), etag, weakly=True):
        return Response(status=status.HTTP_304_NOT_MODIFIED, headers={"ETag": etag})
    return Response(representation, headers={"ETag": etag})
