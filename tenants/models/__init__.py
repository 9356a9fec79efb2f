from tenants.models.access import ApiKey, Invitation, Membership
from tenants.models.answers import KeptAnswer
from tenants.models.families import TokenFamily
from tenants.models.platform import AuditRecord, SystemSetting
from tenants.models.staff import StaffSession, TwoFactor
from tenants.models.tenant import Domain, LimitOverride, Plan, Tenant
from tenants.models.user import User
from tenants.models.versions import ConfigChange, ConfigVersion

__all__ = [
    "ApiKey",
    "AuditRecord",
    "ConfigChange",
    "ConfigVersion",
    "Domain",
    "Invitation",
    "KeptAnswer",
    "LimitOverride",
    "Membership",
    "Plan",
    "StaffSession",
    "SystemSetting",
    "Tenant",
    "TokenFamily",
    "TwoFactor",
    "User",
]
