"""The back office of tenants and people, and the way into a tenant."""

from tenants.admin import home, searching, sessions  # noqa: F401  # they register themselves
from tenants.admin.people import ApiKeyAdmin, InvitationAdmin, MembershipAdmin
from tenants.admin.plans import DomainAdmin, PlanAdmin
from tenants.admin.records import AuditRecordAdmin, ConfigChangeAdmin, ConfigVersionAdmin
from tenants.admin.staff import StaffSessionAdmin
from tenants.admin.system_settings import SystemSettingAdmin
from tenants.admin.tenant import TenantAdmin
from tenants.admin.user import GroupAdmin, UserAdmin

__all__ = [
    "ApiKeyAdmin",
    "AuditRecordAdmin",
    "ConfigChangeAdmin",
    "ConfigVersionAdmin",
    "DomainAdmin",
    "GroupAdmin",
    "InvitationAdmin",
    "MembershipAdmin",
    "PlanAdmin",
    "StaffSessionAdmin",
    "SystemSettingAdmin",
    "TenantAdmin",
    "UserAdmin",
]
