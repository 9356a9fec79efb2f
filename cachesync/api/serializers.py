"""The shape of the contract's index, for the OpenAPI document."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers


class ContractPlaceSerializer(serializers.Serializer[Any]):
    type = serializers.CharField(help_text="STRING, HASH, STREAM or CHANNEL.")
    key = serializers.CharField(help_text="With braces around what differs.")


class GoldenLinkSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    url = serializers.URLField()


class ContractSchemaSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    version = serializers.IntegerField(help_text="The major: what is written carries it.")
    id = serializers.CharField(help_text="The schema's `$id`.")
    redis = ContractPlaceSerializer()
    url = serializers.URLField()
    golden = GoldenLinkSerializer(many=True)


class RuntimeContractSerializer(serializers.Serializer[Any]):
    """JSON Schemas of all that passes through the runtime's Redis, and examples of each."""

    schema = serializers.IntegerField(help_text="The newest major.")
    schemas = ContractSchemaSerializer(many=True)
