"""Codes of documents in the projection's Redis that `manage.py projection_verify` finds wrong."""

from blip0.common.validation.codes.registry import describe

describe(
    "document.missing",
    "error",
    "policy",
    "The index of a scope names a document that isn't there.",
    example="Somebody deleted `tenant:…:monitor:…` in Redis.",
    fix="Wait for the reconciliation, which writes it within half a minute.",
)
describe(
    "document.owner",
    "error",
    "policy",
    "A document says that it is another object's, or another tenant's, than its key does.",
    example="A copy of one monitor's document under the key of another one.",
    fix="Find out who writes to this Redis besides us; save the object anew.",
)
describe(
    "document.name",
    "error",
    "policy",
    "A name in Redis lacks the tenant's slug at its end, which makes it unique over all tenants.",
    example='`"name": "Ops"` instead of `"Ops [acme]"`.',
    fix="Find out who writes to this Redis besides us; save the object anew.",
)
