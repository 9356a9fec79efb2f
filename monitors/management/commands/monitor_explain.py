"""`manage.py monitor_explain TENANT SLUG`: why a monitor fires, or doesn't."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.core.management.base import CommandParser

from blip0.common.commands import PlatformCommand
from blip0.common.tenancy import in_tenant
from monitors.expressions.explaining import indented
from monitors.selectors import monitor_by_slug
from monitors.services import monitor_explain
from monitors.services.explained_conditions import ConditionExplained, OnChain
from monitors.services.explaining import Explanation
from tenants.selectors import tenant_by_slug

MARKS = {"ok": "✔", "warning": "▲", "stops": "✖", "unknown": "?"}


class Command(PlatformCommand):
    help = "Tell whether a monitor runs, what it watches and matches, and whom it tells."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("tenant", metavar="TENANT", help="Its slug.")
        parser.add_argument("monitor", metavar="SLUG")

    def handle(self, *_args: Any, **options: Any) -> None:
        tenant = tenant_by_slug(options["tenant"])
        with in_tenant(tenant.pk):
            monitor = monitor_by_slug(options["monitor"])
            explanation = monitor_explain(monitor=monitor, tenant=tenant)
        for line in _lines(explanation):
            self.stdout.write(line)


def _lines(it: Explanation) -> Iterator[str]:
    yield f"{it.slug}: {it.verdict}"
    yield from (f"  {MARKS[step.state]} {step.says}" for step in it.steps)
    yield f"  last match: {it.last_match.isoformat() if it.last_match else 'never'}"
    yield from _section(
        "Findings", [f"{one.level} {one.pointer or '/'}: {one.message}" for one in it.findings]
    )
    yield from _section("Networks", it.networks)
    yield from _section(
        "Addresses",
        [
            f"{one.address} on {', '.join(one.networks) or 'none'}: {one.spec}"
            for one in it.addresses
        ],
    )
    yield ""
    yield "Conditions"
    if not it.conditions:
        yield "  none"
    for condition in it.conditions:
        yield from (f"  {line}" for line in _condition(condition))
    yield from _section(
        "Scripts, in order", [f"{one.name}, {one.timeout_ms} ms at most" for one in it.scripts]
    )
    yield from _section(
        "Triggers",
        [
            f"{one.slug} ({one.type}, {'enabled' if one.enabled else one.why_not or 'disabled'})"
            for one in it.triggers
        ],
    )


def _list(words: Sequence[str]) -> str:
    return ", ".join(words) or "none"


def _section(title: str, lines: Sequence[str]) -> Iterator[str]:
    yield ""
    yield title
    yield from (f"  {line}" for line in lines or ["none"])


def _condition(condition: ConditionExplained) -> Iterator[str]:
    yield f"{condition.pointer} {condition.subject}"
    if condition.expression is not None:
        yield f"  {condition.expression}"
    if condition.mistake:
        yield from (f"  {line}" for line in condition.mistake.split("\n"))
    yield from (f"  {MARKS['warning']} {finding.message}" for finding in condition.findings)
    for one in condition.chains:
        yield from (f"  {line}" for line in _on_chain(one))


def _on_chain(one: OnChain) -> Iterator[str]:
    yield f"on {one.chain}{f': never. {one.never}' if one.never else ''}"
    if one.note:
        yield f"  {one.note}"
    if one.found_on:
        yield f"  found in the spec of {', '.join(one.found_on)}"
    if one.missing_on:
        yield f"  not in the spec of {', '.join(one.missing_on)}"
    if one.known_variables:
        names = (f"{name} {kind}" for name, kind in one.known_variables.items())
        yield f"  variables: {', '.join(names)}"
    for line in one.lines:
        yield f"  {MARKS['stops'] if line.dead else ' '} {indented(line.line)}"
        if line.problem:
            yield f"      {line.problem}"
