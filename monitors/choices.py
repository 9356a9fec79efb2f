"""Closed sets of values."""

from django.db import models

from tenants.choices import Severity

__all__ = [
    "ConditionKind",
    "ExecutionStatus",
    "FindingLevel",
    "MonitorState",
    "Severity",
    "SpecKind",
    "TransactionStatus",
]


class ConditionKind(models.TextChoices):
    FUNCTION = "function", "Function"
    EVENT = "event", "Event"
    TRANSACTION = "transaction", "Transaction"


class MonitorState(models.TextChoices):
    ACTIVE = "active", "Active"
    PAUSED = "paused", "Paused"
    SNOOZED = "snoozed", "Snoozed"


class TransactionStatus(models.TextChoices):
    """The spelling is the runtime's and case-sensitive."""

    ANY = "Any", "Any"
    SUCCESS = "Success", "Success"
    FAILURE = "Failure", "Failure"


class SpecKind(models.TextChoices):
    EVM = "evm", "EVM ABI"
    STELLAR = "stellar", "Stellar spec entries"
    SOLANA = "solana", "Solana IDL"


class FindingLevel(models.TextChoices):
    ERROR = "error", "Error"
    WARNING = "warning", "Warning"
    INFO = "info", "Info"


class ExecutionStatus(models.TextChoices):
    PENDING = "pending", "Pending"
    DELIVERED = "delivered", "Delivered"
    FAILED = "failed", "Failed"
    SUPPRESSED = "suppressed", "Suppressed by threshold or interval"
