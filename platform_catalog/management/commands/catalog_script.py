"""`manage.py catalog_script versions|diff|rollback`: the versions of a filter script."""

from __future__ import annotations

from difflib import unified_diff
from typing import Any

from django.core.management.base import CommandParser

from blip0.common.commands import PlatformCommand
from platform_catalog.models import FilterScript
from platform_catalog.selectors import script_called, script_version, sized_versions
from platform_catalog.services.scripts import script_rollback


class Command(PlatformCommand):
    help = "List the versions of a filter script, compare two, or publish an old one anew."

    def add_arguments(self, parser: CommandParser) -> None:
        commands = parser.add_subparsers(
            dest="act", required=True, metavar="versions|diff|rollback"
        )
        listing = commands.add_parser("versions", help="The newest first; * is the one that runs.")
        compare = commands.add_parser("diff", help="What changed from one version to another.")
        back = commands.add_parser("rollback", help="The runtimes get it at once.")
        for one in (listing, compare, back):
            one.add_argument("name", metavar="NAME")
        compare.add_argument("old", metavar="OLD", type=int)
        compare.add_argument("new", metavar="NEW", type=int)
        back.add_argument("version", metavar="VERSION", type=int)
        back.add_argument("--reason", default="", help="For the audit log and the version's note.")

    def handle(self, *_args: Any, act: str, name: str, **options: Any) -> None:
        script = script_called(name)
        if act == "versions":
            self._versions(script)
        elif act == "diff":
            self._diff(script, options["old"], options["new"])
        else:
            new = script_rollback(
                script=script,
                version=options["version"],
                actor=self.actor,
                reason=options["reason"],
            )
            self.stdout.write(
                f"{name} is at version {new.version}, with the content of {options['version']}."
            )

    def _versions(self, script: FilterScript) -> None:
        rows: Any = sized_versions(script.versions.all())
        for row in rows:
            mark = "*" if row.version == script.current_version else " "
            self.stdout.write(
                f"{mark} {row.version:>4}  {row.created_at:%Y-%m-%d %H:%M:%S} UTC  "
                f"{row.size:>6} bytes  {row.sha256[:12]}  {row.created_by}  {row.note}".rstrip()
            )

    def _diff(self, script: FilterScript, old: int, new: int) -> None:
        before, after = script_version(script, old), script_version(script, new)
        lines = unified_diff(
            before.content.splitlines(),
            after.content.splitlines(),
            str(before),
            str(after),
            lineterm="",
        )
        for line in lines:
            self.stdout.write(line)
