"""Closed sets of values; their spelling is the runtime's and case-sensitive."""

from django.db import models


class NetworkType(models.TextChoices):
    EVM = "EVM", "EVM"
    STELLAR = "Stellar", "Stellar"
    SOLANA = "Solana", "Solana"
    MIDNIGHT = "Midnight", "Midnight"


class RpcType(models.TextChoices):
    RPC = "rpc", "RPC over HTTP"
    WS_RPC = "ws_rpc", "RPC over WebSocket (Midnight)"


class UrlKind(models.TextChoices):
    """Where the runtime finds an endpoint's URL: in the document, or in its own secrets."""

    PLAIN = "Plain", "Plain"
    ENVIRONMENT = "Environment", "Environment variable"
    VAULT = "HashicorpCloudVault", "HashiCorp Cloud Vault"


class ScriptLanguage(models.TextChoices):
    BASH = "Bash", "Bash"
    PYTHON = "Python", "Python"
    JAVASCRIPT = "JavaScript", "JavaScript"


SCRIPT_EXTENSIONS = {
    ScriptLanguage.BASH: "sh",
    ScriptLanguage.PYTHON: "py",
    ScriptLanguage.JAVASCRIPT: "js",
}


def script_path(name: str, language: str) -> str:
    """Where the runtime finds a script: documents name it by this path."""
    return f"filters/{name}.{SCRIPT_EXTENSIONS[ScriptLanguage(language)]}"
