"""The back office's look: django-unfold."""

LOGIN_URL = "admin:login"
UNFOLD = {
    "SITE_TITLE": "Blip0",
    "SITE_HEADER": "Blip0 back office",
    "SITE_SYMBOL": "radar",
    "SHOW_HISTORY": True,
    "SHOW_VIEW_ON_SITE": False,
    "SIDEBAR": {"show_search": True, "show_all_applications": True},
}
