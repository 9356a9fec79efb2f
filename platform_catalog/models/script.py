"""Filter scripts: code that the runtime executes, hence written by platform staff only."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.core.validators import RegexValidator
from django.db import models

from blip0.common.models import StampedModel
from blip0.common.slugs import CATALOGUE_SLUG
from platform_catalog.choices import ScriptLanguage, script_path


class FilterScript(StampedModel):
    """A script by name. Name and language never change, since documents name its path."""

    name = models.CharField(
        max_length=63, primary_key=True, validators=[RegexValidator(CATALOGUE_SLUG)]
    )
    language = models.CharField(max_length=10, choices=ScriptLanguage.choices)
    description = models.TextField(blank=True)
    arguments = ArrayField(models.CharField(max_length=500), default=list, blank=True)
    timeout_ms = models.PositiveIntegerField(default=1000)
    current_version = models.PositiveIntegerField(
        default=1, editable=False, help_text="The version that the runtime executes."
    )

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(name__regex=CATALOGUE_SLUG), name="filter_script_name"
            ),
            models.CheckConstraint(
                condition=models.Q(language__in=ScriptLanguage.values),
                name="filter_script_language",
            ),
            models.CheckConstraint(
                condition=models.Q(timeout_ms__gte=1), name="filter_script_timeout"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def script_path(self) -> str:
        return script_path(self.name, self.language)


class FilterScriptVersion(models.Model):
    """The content of a script at a version. Rows are only ever added; a roll-back adds one."""

    script = models.ForeignKey(FilterScript, on_delete=models.CASCADE, related_name="versions")
    version = models.PositiveIntegerField()
    content = models.TextField()
    sha256 = models.CharField(max_length=64, editable=False)
    note = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField(auto_now_add=True, editable=False)
    created_by = models.CharField(max_length=254, blank=True, editable=False)

    class Meta:
        ordering = ["script", "-version"]
        constraints = [
            models.UniqueConstraint(
                fields=["script", "version"], name="filter_script_version_once"
            ),
            models.CheckConstraint(
                condition=models.Q(sha256__regex=r"^[0-9a-f]{64}$"),
                name="filter_script_version_sha256",
            ),
            models.CheckConstraint(
                condition=models.Q(version__gte=1), name="filter_script_version_number"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.script_id} v{self.version}"
