"""The two tenants and their people that every test may count on.

Acme has an owner, an editor and a viewer; Globex, whose data Acme must never see, has an owner.
Both are on the plan `pro`. Everybody's password is `PASSWORD`.
"""

from __future__ import annotations

from blip0.common.actors import Actor
from blip0.common.canonical import sha256_hex
from platform_catalog.models import FilterScript, FilterScriptVersion, Network, RpcEndpoint
from tenants.choices import Role
from tenants.models import Membership, User
from tenants.services.lifecycle import tenant_create

PASSWORD = "correct horse battery"

PEOPLE: dict[str, dict[str, Role]] = {
    "acme": {
        "ana@acme.test": Role.OWNER,
        "adam@acme.test": Role.ADMIN,
        "eli@acme.test": Role.EDITOR,
        "vic@acme.test": Role.VIEWER,
    },
    "globex": {"olga@globex.test": Role.OWNER},
}
STAFF = "sam@blip0.test"

NETWORKS = {
    "ethereum_mainnet": ("Ethereum Mainnet", "EVM", "https://eth.example.org"),
    "base": ("Base", "EVM", "https://base.example.org"),
    "stellar_mainnet": ("Stellar Mainnet", "Stellar", "https://stellar.example.org"),
    "solana_mainnet": ("Solana Mainnet", "Solana", "https://solana.example.org"),
    "midnight_testnet": ("Midnight Testnet", "Midnight", "wss://midnight.example.org"),
}
SCRIPTS = {
    "even_blocks": ("Bash", 'echo "true"\n'),
    "large_only": ("Python", 'print("false")\n'),
}


def create_world() -> None:
    """Create tenants, people and a small catalogue, through the services where there is one."""
    for slug, people in PEOPLE.items():
        tenant = tenant_create(
            slug=slug, name=slug.title(), plan_slug="pro", actor=Actor.system("tests")
        )
        for email, role in people.items():
            user = User.objects.create_user(email, PASSWORD, name=email.partition("@")[0].title())
            Membership.objects.create(tenant=tenant, user=user, role=role)
    User.objects.create_superuser(STAFF, PASSWORD, name="Sam")
    for slug, (name, network_type, url) in NETWORKS.items():
        network = Network.objects.create(
            slug=slug,
            name=name,
            network_type=network_type,
            block_time_ms=12_000,
            confirmation_blocks=12,
            cron_schedule="0 */1 * * * *",
        )
        kind = "ws_rpc" if network_type == "Midnight" else "rpc"
        RpcEndpoint.objects.create(network=network, url=url, rpc_type=kind)
    for name, (language, content) in SCRIPTS.items():
        script = FilterScript.objects.create(name=name, language=language)
        FilterScriptVersion.objects.create(
            script=script, version=1, content=content, sha256=sha256_hex(content.encode())
        )
