"""The database's `ENGINE`: django-tenants', with a health check that usually costs nothing."""
