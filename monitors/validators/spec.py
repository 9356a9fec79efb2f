"""Contract specs: an EVM ABI, a list of Stellar spec entries, or a Solana IDL.

The runtime tries these in turn and says "did not match any variant" if none fits. Here the form
that the author evidently meant is found first, and the report points into it.
"""

from __future__ import annotations

from collections.abc import Collection

from blip0.common.canonical import NotCanonical, canonical_size
from blip0.common.validation.context import CheckContext
from blip0.common.validation.findings import Findings, Path, label
from blip0.common.validation.shapes import U64, Shape, refuse
from monitors.validators.abi import Abi
from monitors.validators.solana import SOLANA_SPEC
from monitors.validators.stellar import ENTRIES, STELLAR_SPEC

EVM, STELLAR, MIDNIGHT, SOLANA = "EVM", "Stellar", "Midnight", "Solana"
FORMS: dict[str, Shape] = {EVM: Abi(buffered=True), STELLAR: STELLAR_SPEC, SOLANA: SOLANA_SPEC}
"""In the order in which the runtime tries them; null, Midnight's, comes before Solana's."""

NOUN = "a contract spec: an EVM ABI, a list of Stellar spec entries, or a Solana IDL"


def recognise(value: object, at: Path, out: Findings) -> str | None:
    """The form that the runtime takes `value` for; None, with findings, if it refuses it."""
    if value is None:
        return MIDNIGHT
    meant = _meant(value)
    if meant is None:
        refuse(NOUN, value, at, out)
        return None
    first = Findings()
    if FORMS[meant].check(value, at, first):
        out.absorb(first)
        return meant
    for form, shape in FORMS.items():
        other = Findings()
        if form != meant and shape.check(value, at, other):
            out.absorb(other)
            return form
    out.absorb(first)
    return None


def _meant(value: object) -> str | None:
    """Which form the author had in mind, judged by the first few entries."""
    if isinstance(value, list):
        entries = [entry for entry in value[:20] if isinstance(entry, dict)]
        stellar = sum(any(key in ENTRIES for key in entry) for entry in entries)
        evm = sum("type" in entry for entry in entries)
        return STELLAR if stellar > evm else EVM
    if isinstance(value, dict):
        return EVM if "abi" in value else SOLANA
    return EVM if isinstance(value, str) else None


def check_policy(
    value: object,
    form: str | None,
    at: Path,
    out: Findings,
    context: CheckContext,
    chains: Collection[str] = (),
) -> None:
    """What policy asks of a spec of a form; `chains` are the types of the monitor's networks."""
    if chains and value and form is not None and form not in chains:
        out.advise(
            "spec.chain",
            at,
            f"This spec is for {form}, and the runtime skips it on {', '.join(sorted(chains))}.",
        )
    if not _refuse_odd_numbers(value, at, out):
        return
    most = context.limits.spec_bytes
    if most is None:
        return
    try:
        size = canonical_size(value)
    except NotCanonical:
        out.policy("spec.canonical", at, "The spec holds a value that can't be stored; remove it.")
        return
    if size > most:
        out.policy(
            "spec.size",
            at,
            f"The spec has {size} bytes; {most} are allowed. Leave out what the monitor's "
            "conditions don't need.",
        )


def _refuse_odd_numbers(value: object, at: Path, out: Findings) -> bool:
    """Numbers that no two programs write alike can't be stored with equal bytes."""
    stack: list[tuple[object, Path]] = [(value, at)]
    fine = True
    while stack:
        item, place = stack.pop()
        if isinstance(item, dict):
            stack.extend((entry, (place, key)) for key, entry in item.items())
        elif isinstance(item, list):
            stack.extend((entry, (place, index)) for index, entry in enumerate(item))
        elif isinstance(item, float) or (isinstance(item, int) and not -(2**63) <= item <= U64):
            fine = False
            out.policy(
                "spec.number",
                place,
                f"{label(place)} must be an integer of at most 64 bits to be carried unchanged; "
                "remove it, or write it as text.",
            )
    return fine


def check_spec(value: object, at: Path, out: Findings, context: CheckContext) -> None:
    """The check of the kind `spec`."""
    form = recognise(value, at, out)
    if form is not None:
        check_policy(value, form, at, out, context)
