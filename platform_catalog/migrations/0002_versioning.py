"""Version triggers of the catalogue, and what keeps tenants' references to it true."""

from django.db import migrations

from blip0.common.db.operations import ImmutableColumn, VersionTrigger

# A disabled network leaves the documents of its users: their tenants' versions must move too. The
# platform's first and then all of them in one order, so that two such transactions wait for each
# other instead of deadlocking.
NETWORK_ENABLED = """
CREATE FUNCTION public.blip0_network_enabled_changed() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM blip0_config_bump('platform', 'network', NEW.slug);
    PERFORM blip0_config_bump(scope, 'network', NEW.slug) FROM (
        SELECT scope FROM tenants_configversion
        WHERE scope <> 'platform' AND status <> 'deleted' ORDER BY scope
    ) AS tenants;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER platform_catalog_network_enabled
AFTER UPDATE OF enabled ON platform_catalog_network
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
WHEN (OLD.enabled IS DISTINCT FROM NEW.enabled)
EXECUTE FUNCTION public.blip0_network_enabled_changed();
"""
UNDO_NETWORK_ENABLED = """
DROP TRIGGER platform_catalog_network_enabled ON platform_catalog_network;
DROP FUNCTION public.blip0_network_enabled_changed;
"""

# The tables that hold the references are each tenant's; the functions look for them by name.
IN_USE = """
CREATE TRIGGER platform_catalog_network_in_use
BEFORE DELETE ON platform_catalog_network FOR EACH ROW
EXECUTE FUNCTION public.blip0_refuse_delete_in_use('slug', 'monitors_monitornetwork', 'network_id');
CREATE TRIGGER platform_catalog_filterscript_in_use
BEFORE DELETE ON platform_catalog_filterscript FOR EACH ROW
EXECUTE FUNCTION public.blip0_refuse_delete_in_use('name', 'monitors_scriptcondition', 'script_id');
"""
UNDO_IN_USE = """
DROP TRIGGER platform_catalog_network_in_use ON platform_catalog_network;
DROP TRIGGER platform_catalog_filterscript_in_use ON platform_catalog_filterscript;
"""


class Migration(migrations.Migration):
    dependencies = [("platform_catalog", "0001_initial"), ("tenants", "0002_versioning")]

    operations = [
        VersionTrigger("platform_catalog_network", "network", "slug"),
        VersionTrigger("platform_catalog_rpcendpoint", "network", "network_id"),
        VersionTrigger("platform_catalog_filterscript", "filter", "name"),
        VersionTrigger("platform_catalog_filterscriptversion", "filter", "script_id"),
        # Not rendered: cached answers of the API are keyed by the platform's version.
        VersionTrigger("platform_catalog_monitortemplate", "template", "slug"),
        ImmutableColumn("platform_catalog_network", "slug"),
        ImmutableColumn("platform_catalog_filterscript", "name"),
        ImmutableColumn("platform_catalog_filterscript", "language"),
        migrations.RunSQL(NETWORK_ENABLED, UNDO_NETWORK_ENABLED),
        migrations.RunSQL(IN_USE, UNDO_IN_USE),
    ]
