"""Writing an override moves its tenant's `updated_at`, so that limits may be remembered by it."""

from django.db import migrations

TOUCH = """
CREATE FUNCTION public.blip0_override_changed() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        UPDATE tenants_tenant SET updated_at = clock_timestamp() WHERE id = OLD.tenant_id;
    END IF;
    IF TG_OP <> 'DELETE' THEN
        UPDATE tenants_tenant SET updated_at = clock_timestamp() WHERE id = NEW.tenant_id;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER tenants_limitoverride_touch
AFTER INSERT OR UPDATE OR DELETE ON tenants_limitoverride
FOR EACH ROW EXECUTE FUNCTION public.blip0_override_changed();
"""
UNDO = """
DROP TRIGGER tenants_limitoverride_touch ON tenants_limitoverride;
DROP FUNCTION public.blip0_override_changed;
"""


class Migration(migrations.Migration):
    dependencies = [("tenants", "0004_status_before_deletion")]

    operations = [migrations.RunSQL(sql=TOUCH, reverse_sql=UNDO)]
