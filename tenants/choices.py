"""Closed sets of values, as the database, the API and the admin spell them."""

from django.db import models


class TenantStatus(models.TextChoices):
    PROVISIONING = "provisioning", "Provisioning"
    ACTIVE = "active", "Active"
    SUSPENDED = "suspended", "Suspended"
    PENDING_DELETION = "pending_deletion", "Pending deletion"
    DELETED = "deleted", "Deleted"


class Role(models.TextChoices):
    """A member's role: each is a set of permissions, see `tenants.contracts`."""

    OWNER = "owner", "Owner"
    ADMIN = "admin", "Admin"
    EDITOR = "editor", "Editor"
    VIEWER = "viewer", "Viewer"


class Severity(models.TextChoices):
    LOW = "low", "Low"
    MEDIUM = "medium", "Medium"
    HIGH = "high", "High"
    CRITICAL = "critical", "Critical"


class Limit(models.TextChoices):
    """What a plan limits; staff can override each for one tenant."""

    MONITORS = "monitors", "Monitors"
    TRIGGERS = "triggers", "Triggers"
    API_CALLS = "api_calls_per_hour", "API calls an hour"
    SPEC_BYTES = "contract_spec_bytes", "Bytes of a contract spec"
    ADDRESSES = "addresses_per_monitor", "Addresses a monitor"
    CONDITIONS = "conditions_per_monitor", "Conditions a monitor"
    MONITOR_TRIGGERS = "triggers_per_monitor", "Triggers a monitor"


class ActorKind(models.TextChoices):
    USER = "user", "User"
    STAFF = "staff", "Staff"
    API_KEY = "api_key", "API key"
    SYSTEM = "system", "System"


class FamilyEnd(models.TextChoices):
    """Why a sign-in is over before its time."""

    SIGNED_OUT = "signed_out", "Signed out"
    SWITCHED = "switched", "Went on in another tenant"
    REUSED = "reused", "A used refresh token came back"
    PASSWORD = "password", "Password changed"
    DISABLED = "disabled", "Account disabled"
    REMOVED = "removed", "Membership removed"
    STAFF = "staff", "Ended by staff"
    VIEWED = "viewed", "Staff have seen enough"


class StaffRole(models.TextChoices):
    """A role of platform staff: a group of this name; what it may is in `tenants.staff_roles`."""

    SUPPORT = "support", "Support"
    OPERATOR = "operator", "Operator"
    CATALOGUE_EDITOR = "catalogue editor", "Catalogue editor"
    ADMINISTRATOR = "administrator", "Administrator"


class SessionEnd(models.TextChoices):
    """Why a session of the back office is over."""

    SIGNED_OUT = "signed_out", "Signed out"
    IDLE = "idle", "Idle for too long"
    EXPIRED = "expired", "Its time was over"
    PASSWORD = "password", "Password changed"
    TWO_FACTOR = "two_factor", "Two-factor sign-in changed"
    DISABLED = "disabled", "Account or rights taken away"
    REVOKED = "revoked", "Ended by hand"


class ExportFormat(models.TextChoices):
    """How the audit log is written into a file."""

    CSV = "csv", "CSV, for spreadsheets"
    JSON_LINES = "jsonl", "JSON lines, for programs"
