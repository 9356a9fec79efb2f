"""The back office's look: django-unfold, and the order of its sidebar."""

from django.templatetags.static import static
from django.urls import reverse_lazy

LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"
UNFOLD = {
    "SITE_TITLE": "Blip0",
    "SITE_HEADER": "Blip0",
    "SITE_SUBHEADER": "Back office",
    "SITE_SYMBOL": "radar",
    "SITE_URL": None,
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": lambda _: static("blip0/favicon.svg")}
    ],
    "STYLES": [lambda _: static("blip0/admin/look.css")],
    "SCRIPTS": [lambda _: static("blip0/admin/names.js")],
    "SHOW_HISTORY": True,
    "SHOW_VIEW_ON_SITE": False,
    "SHOW_BACK_BUTTON": True,
    "DASHBOARD_CALLBACK": "blip0.common.admin.cards.home_context",
    "GLOBAL_CALLBACK": "tenants.admin.navigation.page_context",
    "ACCOUNT": {
        "navigation": [
            {"title": "My account", "link": reverse_lazy("staff-account")},
            {"title": "Change password", "link": reverse_lazy("admin:password_change")},
        ]
    },
    "ENVIRONMENT": "tenants.admin.navigation.inside_label",
    "SITE_DROPDOWN": "tenants.admin.navigation.switcher",
    "COMMAND": {"search_callback": "tenants.admin.navigation.found"},
    "SIDEBAR": {
        "show_search": True,
        "command_search": True,
        "show_all_applications": False,
        "navigation": "tenants.admin.navigation.sidebar",
    },
}

ADMIN_SIDEBAR = {
    "Tenants & people": [
        ("tenants.Tenant", "apartment"),
        ("tenants.Plan", "sell"),
        ("tenants.User", "person"),
        ("tenants.Membership", "group"),
        ("tenants.StaffSession", "badge"),
        ("tenants.TokenFamily", "login"),
        ("tenants.Invitation", "mail"),
        ("tenants.ApiKey", "key"),
        ("tenants.Domain", "dns"),
        ("auth.Group", "shield_person"),
        ("tenants.SystemSetting", "tune"),
    ],
    "Catalogue": [
        ("platform_catalog.Network", "hub"),
        ("platform_catalog.FilterScript", "terminal"),
        ("platform_catalog.MonitorTemplate", "dashboard_customize"),
        ("platform_catalog.BlockProgress", "deployed_code_history"),
        ("expression-playground", "function"),
    ],
    "Inside the tenant": [
        ("monitors.Monitor", "radar"),
        ("triggers.Trigger", "notifications_active"),
        ("monitors.Match", "target"),
        ("monitors.TriggerExecution", "outgoing_mail"),
        ("monitors.Finding", "rule"),
        ("triggers.DeliveryTest", "science"),
        ("monitors.ContractSpec", "description"),
    ],
    "Projection": [
        ("cachesync.ProjectionDifference", "difference"),
        ("cachesync.ProjectionRun", "restart_alt"),
        ("cachesync.ProjectedDocument", "cloud_sync"),
        ("cachesync.ProjectedScope", "database"),
        ("cachesync.Sample", "monitoring"),
        ("tenants.ConfigVersion", "counter_1"),
        ("tenants.ConfigChange", "difference"),
        ("runtimes", "memory"),
        ("spec-conflicts", "call_split"),
    ],
    "Audit": [("tenants.AuditRecord", "history")],
}
"""Models, or keys of other pages (`blip0.common.admin.pages`), and their icons, by group.

A group of tenant-owned models opens inside a tenant only.
"""
