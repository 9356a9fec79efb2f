"""What Schemathesis can't know of the API. It imports this module; nothing else does."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from ipaddress import IPv4Address
from itertools import count
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import schemathesis
from schemathesis import APIOperation, Case, HookContext, Response
from schemathesis.core.failures import AcceptedNegativeData, Failure
from schemathesis.openapi.checks import JsonSchemaError, RejectedPositiveData
from schemathesis.transport.serialization import Binary

URL = os.environ["BLIP0_CONTRACT_URL"]
OURS = f"Bearer {os.environ['BLIP0_CONTRACT_TOKEN']}"
SIGN_IN = json.loads(os.environ["BLIP0_CONTRACT_SIGN_IN"])
OTTO = os.environ["BLIP0_CONTRACT_OTTO"]
"""The id of his membership."""
ARCHIVE = Path(os.environ["BLIP0_CONTRACT_ARCHIVE"])
KNOWN: dict[str, dict[str, Any]] = json.loads(Path(os.environ["BLIP0_CONTRACT_KNOWN"]).read_text())
FORM = "multipart/form-data"
NO_TEXTS = ("blank", "null_characters_not_allowed")
NOBODY = "00000000-0000-4000-8000-000000000000"
ADDRESSES = map(IPv4Address, count(int(IPv4Address("10.0.0.0"))))


@schemathesis.hook
def before_add_examples(context: HookContext, examples: list[Case]) -> None:
    """What `known` has is tried as if the document named it."""
    operation: APIOperation[Any, Any, Any, Any] | None = context.operation
    if operation and (known := KNOWN.get(operation.definition.raw["operationId"])):
        case = operation.Case(**known)
        # Real ones: else a check takes a success for a hole. Nothing public says so.
        case._has_explicit_auth = "headers" in known
        examples.append(case)


@schemathesis.hook
def before_call(context: HookContext, case: Case, kwargs: dict[str, Any]) -> None:
    # Each from another address: wrong passwords slow down the one that they come from.
    case.headers["X-Forwarded-For"] = str(next(ADDRESSES))
    operation = case.operation.definition.raw["operationId"]
    if case.path_parameters.get("id") == OTTO and case.method != "GET":
        # Who asks must not lose the right to: all that follows would be refused.
        case.path_parameters["id"] = NOBODY
    if operation in ("logout", "me_switch_tenant") and case.headers.get("Authorization") == OURS:
        # They end the sign-in that they are called with: each gets one of its own.
        case.headers["Authorization"] = f"Bearer {sign_in()[0]}"
    if operation == "refresh":
        case.headers["Cookie"] = sign_in()[1]


@schemathesis.hook
def map_body(context: HookContext, body: Any) -> Any:
    """A form's file is an archive: other bytes would never be one."""
    if isinstance(body, dict) and isinstance(body.get("file"), bytes | Binary):
        return {**body, "file": Binary(ARCHIVE.read_bytes())}
    return body


@schemathesis.hook
def filter_failure(context: HookContext, failure: Failure, case: Case, response: Response) -> bool:
    """Whether this is a failure; JSON Schema can't say all that the API promises."""
    if response.status_code == 414:
        return False  # the web server's own answer to a longer address than it reads
    query = case.query or {}
    if isinstance(failure, JsonSchemaError) and failure.schema_path[-1:] == ["required"]:
        # `fields` asks for less than all; but of what is there, all parts are.
        path = failure.instance_path
        return "fields" not in query or bool(path[2:] if path[:1] == ["results"] else path)
    if isinstance(failure, AcceptedNegativeData):
        # An empty filter, or field of a form, is none.
        form = case.body if isinstance(case.body, dict) else {}
        given = [*query.values(), *(form.values() if case.media_type == FORM else ())]
        return "" not in given and [""] not in given
    if isinstance(failure, RejectedPositiveData) and response.status_code == 422:
        problem = response.json()
        if problem["code"] == "idempotency_key_reused":
            return False  # it made the same key up for another request
        errors = problem["errors"]
        return not (errors and all(is_beyond_schema(error, query) for error in errors))
    return True


def is_beyond_schema(error: dict[str, str], query: Mapping[str, Any]) -> bool:
    """Whether something is refused for what it is made of, whichever field it is in."""
    # Cursors are signed: nobody can make one up. Blanks alone are as long as a text; Postgres has
    # none with a NUL.
    parameter = error.get("parameter", "")
    values = query.get(parameter, "")
    given = "".join(map(str, values if isinstance(values, list) else [values]))
    return parameter == "cursor" or "\0" in given or error["code"] in NO_TEXTS


def sign_in() -> tuple[str, str]:
    """A new sign-in: its access token, and its refresh cookie as a client sends it back."""
    request = Request(
        f"{URL}/api/v1/login",
        data=json.dumps(SIGN_IN).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urlopen(request) as answer:
        return json.load(answer)["access"], answer.headers["Set-Cookie"].partition(";")[0]
