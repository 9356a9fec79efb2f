"""`manage.py catalog_network enable|disable SLUG`: the twins of the back office's buttons."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from blip0.common.commands import PlatformCommand
from blip0.common.usage import usage_of
from platform_catalog.selectors import network_called
from platform_catalog.services.networks import network_disable, network_enable


class Command(PlatformCommand):
    help = "Give a network back to the monitors that name it, or take it out of their documents."

    def add_arguments(self, parser: CommandParser) -> None:
        commands = parser.add_subparsers(dest="act", required=True, metavar="enable|disable")
        for act in ("enable", "disable"):
            one = commands.add_parser(act)
            one.add_argument("slug", metavar="SLUG")
            one.add_argument("--reason", default="", help="For the audit log.")

    def handle(self, *_args: Any, act: str, slug: str, reason: str, **_options: Any) -> None:
        network = network_called(slug)
        if act == "enable":
            network_enable(network=network, actor=self.actor, reason=reason)
            self.stdout.write(f"{slug} is enabled.")
            return
        usage = usage_of("network", slug)
        network_disable(network=network, actor=self.actor, reason=reason)
        self.stdout.write(
            f"{slug} is disabled. It was in the documents of {usage.monitors} monitors of "
            f"{len(usage.tenants)} tenants; {usage.alone} of these had no other network and stop."
        )
