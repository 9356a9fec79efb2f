"""Factories of the catalogue's rows."""

from __future__ import annotations

from django.utils import timezone
from factory.declarations import LazyAttribute, LazyFunction, RelatedFactory, Sequence, SubFactory
from factory.django import DjangoModelFactory

from blip0.common.canonical import sha256_hex
from platform_catalog import models
from platform_catalog.choices import NetworkType, ScriptLanguage


class NetworkFactory(DjangoModelFactory[models.Network]):
    """An EVM network with one public endpoint."""

    class Meta:
        model = models.Network
        skip_postgeneration_save = True

    slug = Sequence(lambda n: f"chain_{n}")
    name = Sequence(lambda n: f"Chain {n}")
    network_type = NetworkType.EVM
    chain_id = Sequence(lambda n: 900_000 + n)
    block_time_ms = 2000
    confirmation_blocks = 3
    cron_schedule = "0 */1 * * * *"
    endpoint = RelatedFactory(
        "platform_catalog.tests.factories.RpcEndpointFactory", factory_related_name="network"
    )


class RpcEndpointFactory(DjangoModelFactory[models.RpcEndpoint]):
    class Meta:
        model = models.RpcEndpoint

    network = SubFactory(NetworkFactory, endpoint=None)
    url = Sequence(lambda n: f"https://rpc{n}.example.org")


class BlockProgressFactory(DjangoModelFactory[models.BlockProgress]):
    class Meta:
        model = models.BlockProgress

    network = SubFactory(NetworkFactory)
    block_number = 1_000
    reported_at = LazyFunction(timezone.now)


class FilterScriptFactory(DjangoModelFactory[models.FilterScript]):
    """A Bash script with its first version, which keeps every match."""

    class Meta:
        model = models.FilterScript
        skip_postgeneration_save = True

    name = Sequence(lambda n: f"script_{n}")
    language = ScriptLanguage.BASH
    version = RelatedFactory(
        "platform_catalog.tests.factories.FilterScriptVersionFactory", factory_related_name="script"
    )


class FilterScriptVersionFactory(DjangoModelFactory[models.FilterScriptVersion]):
    class Meta:
        model = models.FilterScriptVersion

    script = SubFactory(FilterScriptFactory, version=None)
    version = 1
    content = "echo false\n"
    sha256 = LazyAttribute(lambda row: sha256_hex(row.content.encode()))


class MonitorTemplateFactory(DjangoModelFactory[models.MonitorTemplate]):
    class Meta:
        model = models.MonitorTemplate

    slug = Sequence(lambda n: f"template-{n}")
    name = Sequence(lambda n: f"Template {n}")
    network_types = ["EVM"]
    document = LazyFunction(
        lambda: {
            "match_conditions": {
                "functions": [],
                "events": [],
                "transactions": [{"status": "Failure"}],
            }
        }
    )
