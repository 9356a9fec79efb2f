"""`manage.py access_end key|invitation|sign-in …`: what opens a tenant's door opens it no more."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any
from uuid import UUID

from django.utils import timezone

from blip0.common.commands import PlatformCommand
from blip0.common.exceptions import NotFound
from tenants.choices import FamilyEnd
from tenants.models import ApiKey, Invitation, TokenFamily
from tenants.services.api_keys import api_key_revoke
from tenants.services.families import family_end
from tenants.services.invitations import invitation_revoke


class Command(PlatformCommand):
    help = "Revoke an API key or an invitation, or end sign-ins."

    def add_arguments(self, parser: ArgumentParser) -> None:
        kinds = parser.add_subparsers(dest="kind", required=True, metavar="key|invitation|sign-in")
        key = kinds.add_parser("key", help="By its prefix, which stands in its text.")
        key.add_argument("prefix", metavar="PREFIX")
        for kind, what in (("invitation", "Open ones"), ("sign-in", "Those that stand")):
            one = kinds.add_parser(kind, help=f"{what} of a person in a tenant.")
            one.add_argument("tenant", metavar="TENANT")
            one.add_argument("email", metavar="EMAIL")
        kinds.choices["sign-in"].add_argument(
            "--only", type=UUID, metavar="ID", help="One of them; its id ends its page's address."
        )
        for one in kinds.choices.values():
            one.add_argument("--reason", required=True, help="For the audit log.")

    def handle(self, *_args: object, kind: str, reason: str, **options: Any) -> None:
        if kind == "key":
            key = ApiKey.objects.filter(prefix=options["prefix"]).first()
            if key is None:
                raise NotFound(f"There is no key that begins with {options['prefix']!r}.")
            api_key_revoke(api_key=key, reason=reason, actor=self.actor)
            self.stdout.write(f"{key.name}  revoked")
            return
        end = self._invitations if kind == "invitation" else self._sign_ins
        self.stdout.write(f"{options['email']}  ended: {end(reason=reason, **options)}")

    def _invitations(self, *, tenant: str, email: str, reason: str, **_options: object) -> int:
        open_ones = Invitation.objects.filter(
            tenant__slug=tenant, email=email.lower(), revoked_at=None, accepted_at=None
        )
        for invitation in open_ones:
            invitation_revoke(invitation=invitation, reason=reason, actor=self.actor)
        return len(open_ones)

    def _sign_ins(
        self, *, tenant: str, email: str, reason: str, only: UUID | None, **_options: object
    ) -> int:
        standing = TokenFamily.objects.filter(
            tenant__slug=tenant, user__email=email.lower(), ended_at=None
        )
        if only is not None:
            standing = standing.filter(pk=only)
            if not standing:
                raise NotFound(f"{email} has no sign-in {only} in {tenant} that stands.")
        for family in standing:
            family_end(
                family_id=family.pk,
                reason=FamilyEnd.STAFF,
                now=timezone.now(),
                actor=self.actor,
                note=reason,
            )
        return len(standing)
