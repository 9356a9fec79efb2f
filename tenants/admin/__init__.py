"""The back office of tenants and people, and the way into a tenant."""

from tenants.admin import history, home, searching, sessions  # noqa: F401  # they register themselves
from tenants.admin.people import ApiKeyAdmin, InvitationAdmin, MembershipAdmin
from tenants.admin.plans import DomainAdmin, PlanAdmin
from tenants.admin.records import AuditRecordAdmin
from tenants.admin.staff import StaffSessionAdmin
from tenants.admin.system_settings import SystemSettingAdmin
from tenants.admin.tenant import TenantAdmin
from tenants.admin.user import GroupAdmin, UserAdmin
from tenants.admin.versions import ConfigChangeAdmin, ConfigVersionAdmin

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
