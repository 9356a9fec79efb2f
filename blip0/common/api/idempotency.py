"""`Idempotency-Key`: a POST that is sent again, because its answer was lost, has no second effect.

The handler runs in one transaction with the claim of the key and the kept answer. Only what
succeeded is kept: whatever was refused had no effect, and may be tried again with the same key.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Collection
from typing import Any, Final, TypeAlias

import orjson
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils.crypto import salted_hmac
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.status import is_success

from blip0.common.api.principals import principal_of
from blip0.common.exceptions import DomainError
from blip0.common.idempotency import Kept, KeyReused, Occasion, answer_store

HEADER: Final = "Idempotency-Key"
REPLAYED: Final = "Idempotency-Replayed"
_SALT: Final = "blip0.idempotency.fingerprint"
_KEY: Final = re.compile(r"[\x21-\x7e]{1,255}")

Handler: TypeAlias = Callable[..., Response]


class InvalidKey(DomainError):
    """The header breaks its rule."""

    code = "idempotency_key_invalid"


def asks_for_once(request: Request) -> bool:
    """Whether this is a POST with a key. Raises `InvalidKey`."""
    if request.method != "POST" or HEADER not in request.headers:
        return False
    if not _KEY.fullmatch(request.headers[HEADER]):
        raise InvalidKey(f"`{HEADER}` must have 1 to 255 visible ASCII characters.")
    return True


def once(
    handler: Handler, one_time: Collection[str], request: Request, *args: Any, **kwargs: Any
) -> Response:
    """The handler's answer, or the one that it gave to this key before.

    `one_time` names members of the answer that are shown once: they are kept, and replayed, as
    null. Raises `InFlight` and `KeyReused`.
    """
    principal = principal_of(request)
    occasion = Occasion(
        tenant_id=principal.tenant_id,
        principal=f"{principal.actor.kind}:{principal.actor.id}",
        method=str(request.method),
        path=request.path,
        key=request.headers[HEADER],
    )
    fingerprint = _fingerprint(request)
    with transaction.atomic():
        kept = answer_store().claim(occasion)
        if kept is None:
            response = handler(request, *args, **kwargs)
            if is_success(response.status_code):
                answer_store().keep(occasion, _kept(response, fingerprint, one_time))
            return response
    if kept.fingerprint != fingerprint:
        raise KeyReused(
            f"This `{HEADER}` was used for another request within a day; choose a new one."
        )
    headers = {**kept.headers, REPLAYED: "true"}
    data = orjson.loads(kept.body) if kept.body else None
    return Response(data, status=kept.status, headers=headers)


def _kept(response: Response, fingerprint: str, one_time: Collection[str]) -> Kept:
    data = response.data
    if isinstance(data, dict):
        data = {key: None if key in one_time else value for key, value in data.items()}
    return Kept(
        fingerprint=fingerprint,
        status=response.status_code,
        headers={name: value for name, value in response.items() if name != "Content-Type"},
        body="" if data is None else orjson.dumps(data).decode(),
    )


def _fingerprint(request: Request) -> str:
    """Of the query and of what the body says, whatever its spaces and the order of its keys.

    Keyed: a body may hold secrets, and whoever reads the table must not be able to guess at them.
    """
    data = request.data
    parts = data.lists() if hasattr(data, "lists") else None
    payload = data if parts is None else _form(parts)
    # Not orjson: a body may hold integers of any size.
    said = f"{request.META.get('QUERY_STRING', '')}\0{json.dumps(payload, sort_keys=True)}"
    return salted_hmac(_SALT, said, algorithm="sha256").hexdigest()


def _form(parts: Any) -> dict[str, list[Any]]:
    """A form's fields; a file stands as the hash of its content."""
    return {name: [_value(value) for value in values] for name, values in parts}


def _value(value: object) -> object:
    if not isinstance(value, UploadedFile):
        return value
    digest = hashlib.sha256()
    for chunk in value.chunks():
        digest.update(chunk)
    value.seek(0)
    return digest.hexdigest()
