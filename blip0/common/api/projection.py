"""How the API shows where an object stands in the projection."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from blip0.common.projection_states import Progress, ProjectionState

PROGRESS = tuple(progress.value for progress in Progress)
STATES = ("active", "paused", "snoozed", "inactive", "invalid", "waiting")


class ProjectionSavedSerializer(serializers.Serializer[Any]):
    rev = serializers.IntegerField(help_text="The tenant's version that has the last change.")


class ProjectionAppliedSerializer(serializers.Serializer[Any]):
    rev = serializers.IntegerField(help_text="The tenant's version that wrote the document.")
    at = serializers.DateTimeField()
    sha256 = serializers.CharField(help_text="Of the document.")
    bytes = serializers.IntegerField()


class ProjectionAcknowledgedSerializer(serializers.Serializer[Any]):
    runtimes = serializers.IntegerField(help_text="How many are there.")
    by = serializers.IntegerField(help_text="How many of them run the last change.")
    refused = serializers.ListField(
        child=serializers.CharField(), help_text="Why others go on with what they had before."
    )


class ProjectionSerializer(serializers.Serializer[Any]):
    """The way of the last change: saved, applied to the runtime's Redis, acknowledged."""

    progress = serializers.ChoiceField(PROGRESS)
    state = serializers.ChoiceField(STATES, help_text="`waiting`: it was never written yet.")
    reason = serializers.CharField(help_text="Why it isn't active.")
    saved = ProjectionSavedSerializer()
    applied = ProjectionAppliedSerializer(
        allow_null=True, help_text="The document that was written last; null where there is none."
    )
    acknowledged = ProjectionAcknowledgedSerializer(
        allow_null=True, help_text="Null with the progress `saved` or `unknown`."
    )


def projection_representation(state: ProjectionState) -> dict[str, Any]:
    """Without the readers' names: these are the platform's own."""
    applied = acknowledged = None
    if state.sha256:
        applied = {
            "rev": state.rev,
            "at": state.updated_at,
            "sha256": state.sha256,
            "bytes": state.size,
        }
    if state.applied:
        acknowledged = {
            "runtimes": state.readers,
            "by": state.acknowledged,
            "refused": sorted({refusal.reason for refusal in state.refusals}),
        }
    return {
        "progress": state.progress.value,
        "state": state.state,
        "reason": state.reason,
        "saved": {"rev": state.saved_rev},
        "applied": applied,
        "acknowledged": acknowledged,
    }
