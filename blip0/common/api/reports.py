"""Checks without a save: reports, and writes that are taken back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

from django.db import transaction
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.request import Request

from blip0.common.api.problems import InvalidParameter
from blip0.common.validation import Finding, Report
from blip0.common.validation.stored import finding_representation

VALIDATE_ONLY: Final = "validate_only"
VALIDATE_ONLY_PARAMETER: Final = OpenApiParameter(
    VALIDATE_ONLY,
    bool,
    OpenApiParameter.QUERY,
    description="With `true`, do everything but save it: 200 with what would be found, or the "
    "problem that a save would have.",
)


class FindingSerializer(serializers.Serializer[Any]):
    level = serializers.ChoiceField(["error", "warning", "info"])
    code = serializers.CharField(help_text="Stable; docs/findings.md has them all.")
    pointer = serializers.CharField(help_text="RFC 6901, into the document; empty: all of it.")
    message = serializers.CharField(help_text="The rule and the fix.")
    source = serializers.ChoiceField(["runtime", "policy"])  # type: ignore[assignment]  # a field: the metaclass takes it away


class FindingListSerializer(serializers.Serializer[Any]):
    findings = FindingSerializer(many=True)


class ReportSerializer(FindingListSerializer):
    """`verdict` is the runtime's own; a document with an error of policy is refused, too."""

    verdict = serializers.ChoiceField(["ok", "parse_error", "invalid"])


def report_representation(report: Report) -> dict[str, Any]:
    findings = [finding_representation(finding) for finding in report.findings]
    return {"verdict": report.verdict, "findings": findings}


def trial_representation(findings: Sequence[Finding]) -> dict[str, Any]:
    """Of a write that would have succeeded."""
    return report_representation(Report("trial", tuple(findings), "ok"))


def validates_only(request: Request) -> bool:
    """Whether the caller wants all of a write but the write. Raises `InvalidParameter`."""
    asked = request.query_params.get(VALIDATE_ONLY, "false")
    if asked not in ("true", "false"):
        raise InvalidParameter(VALIDATE_ONLY, f"`{VALIDATE_ONLY}` must be true or false.")
    return asked == "true"


@contextmanager
def rolled_back() -> Iterator[None]:
    """Run the block in a transaction and take back all that it wrote, its commit hooks too."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)
