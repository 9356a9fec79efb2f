"""The SQL functions that keep configuration versions, and the tenants' own version trigger.

Every function sets its own search path: it runs inside whatever tenant the session is in.
"""

from django.db import migrations

from blip0.common.db.operations import ImmutableColumn, VersionTrigger

BUMP = """
CREATE FUNCTION public.blip0_config_bump(p_scope text, p_kind text, p_object text) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    v bigint;
    v_token uuid;
BEGIN
    -- Once a transaction: a row that this transaction wrote has its id as xmin. (Kept as a column
    -- it could come back to life in a restored database.)
    SELECT version, token INTO v, v_token FROM tenants_configversion
    WHERE scope = p_scope AND xmin = pg_current_xact_id()::xid;
    IF NOT FOUND THEN
        INSERT INTO tenants_configversion AS c (scope, version, epoch, status, token, changed_at)
        VALUES (p_scope, 1, 1, 'active', gen_random_uuid(), clock_timestamp())
        ON CONFLICT (scope) DO UPDATE
        SET version = c.version + 1, token = gen_random_uuid(), changed_at = clock_timestamp()
        RETURNING c.version, c.token INTO v, v_token;
    END IF;

    IF EXISTS (
        SELECT 1 FROM tenants_configchange
        WHERE scope = p_scope AND version = v AND object_id = '*'
    ) THEN
        RETURN;
    END IF;
    IF p_object <> '*' THEN
        INSERT INTO tenants_configchange (scope, version, token, kind, object_id, created_at)
        VALUES (p_scope, v, v_token, p_kind, p_object, clock_timestamp())
        ON CONFLICT DO NOTHING;
        IF NOT FOUND OR (
            SELECT count(*) FROM tenants_configchange WHERE scope = p_scope AND version = v
        ) <= 200 THEN
            RETURN;
        END IF;
    END IF;
    -- The whole scope: one row instead of very many.
    DELETE FROM tenants_configchange WHERE scope = p_scope AND version = v;
    INSERT INTO tenants_configchange (scope, version, token, kind, object_id, created_at)
    VALUES (p_scope, v, v_token, 'all', '*', clock_timestamp());
END $$;
"""

CHANGED = """
CREATE FUNCTION public.blip0_config_changed() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    v_scope text;
    v_kind text := TG_ARGV[0];
    v_column text := TG_ARGV[1];
    v_old text;
    v_new text;
BEGIN
    IF TG_TABLE_SCHEMA = 'public' THEN
        v_scope := 'platform';
    ELSIF TG_TABLE_SCHEMA ~ '^t_[0-9a-f]{32}$' THEN
        v_scope := substr(TG_TABLE_SCHEMA, 3)::uuid::text;
    ELSE
        RETURN NULL;  -- the template, or a foreign schema
    END IF;
    IF TG_OP = 'UPDATE' THEN
        IF OLD IS NOT DISTINCT FROM NEW THEN
            RETURN NULL;
        END IF;
    END IF;
    IF v_column = '*' OR TG_OP = 'TRUNCATE' THEN
        PERFORM blip0_config_bump(v_scope, v_kind, '*');
        RETURN NULL;
    END IF;
    IF TG_OP <> 'INSERT' THEN
        v_old := to_jsonb(OLD) ->> v_column;
        PERFORM blip0_config_bump(v_scope, v_kind, v_old);
    END IF;
    IF TG_OP <> 'DELETE' THEN
        v_new := to_jsonb(NEW) ->> v_column;
        IF v_new IS DISTINCT FROM v_old THEN
            PERFORM blip0_config_bump(v_scope, v_kind, v_new);
        END IF;
    END IF;
    RETURN NULL;
END $$;
"""

# What a tenant's documents hold of its public row: slug, alert defaults, and whether it runs.
TENANT_CHANGED = """
CREATE FUNCTION public.blip0_tenant_changed() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    v_status text;
BEGIN
    IF TG_OP = 'DELETE' THEN
        PERFORM blip0_config_bump(OLD.id::text, 'tenant', '*');
        UPDATE tenants_configversion SET status = 'deleted' WHERE scope = OLD.id::text;
        RETURN NULL;
    END IF;
    IF NEW.status = 'provisioning' THEN
        RETURN NULL;
    END IF;
    IF TG_OP = 'UPDATE' THEN
        IF (OLD.status, OLD.slug, OLD.alert_severity, OLD.alert_threshold_amount,
            OLD.alert_threshold_window_s, OLD.alert_min_interval_s)
           IS NOT DISTINCT FROM
           (NEW.status, NEW.slug, NEW.alert_severity, NEW.alert_threshold_amount,
            NEW.alert_threshold_window_s, NEW.alert_min_interval_s) THEN
            RETURN NULL;
        END IF;
    END IF;
    v_status := CASE NEW.status
        WHEN 'active' THEN 'active' WHEN 'deleted' THEN 'deleted' ELSE 'suspended' END;
    PERFORM blip0_config_bump(NEW.id::text, 'tenant', '*');
    UPDATE tenants_configversion SET status = v_status
    WHERE scope = NEW.id::text AND status <> v_status;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER tenants_tenant_version
AFTER INSERT OR UPDATE OR DELETE ON tenants_tenant
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.blip0_tenant_changed();
"""

GUARDS = """
CREATE FUNCTION public.blip0_refuse_change() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    RAISE EXCEPTION '%.% never changes', TG_TABLE_NAME, TG_ARGV[0]
    USING ERRCODE = 'check_violation', CONSTRAINT = TG_NAME;
END $$;

-- Arguments: column, table of the platform, its column.
CREATE FUNCTION public.blip0_require_row() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    v_value text := to_jsonb(NEW) ->> TG_ARGV[0];
    v_found int;
BEGIN
    EXECUTE format('SELECT 1 FROM public.%I WHERE %I = $1 FOR KEY SHARE', TG_ARGV[1], TG_ARGV[2])
    INTO v_found USING v_value;
    IF v_found IS NULL THEN
        RAISE EXCEPTION '%.% names %, which is not in %',
            TG_TABLE_NAME, TG_ARGV[0], v_value, TG_ARGV[1]
        USING ERRCODE = 'foreign_key_violation', CONSTRAINT = TG_NAME;
    END IF;
    RETURN NEW;
END $$;

-- Arguments: own column, tenants' table, its column. Backstop of the services, which say who.
CREATE FUNCTION public.blip0_refuse_delete_in_use() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    v_value text := to_jsonb(OLD) ->> TG_ARGV[0];
    v_schema text;
    v_found int;
BEGIN
    FOR v_schema IN
        SELECT n.nspname FROM pg_namespace n JOIN pg_class c ON c.relnamespace = n.oid
        WHERE n.nspname ~ '^t_[0-9a-f]{32}$' AND c.relname = TG_ARGV[1]
    LOOP
        EXECUTE format('SELECT 1 FROM %I.%I WHERE %I = $1 LIMIT 1',
                       v_schema, TG_ARGV[1], TG_ARGV[2])
        INTO v_found USING v_value;
        IF v_found IS NOT NULL THEN
            RAISE EXCEPTION '% % is in use', TG_TABLE_NAME, v_value
            USING ERRCODE = 'foreign_key_violation', CONSTRAINT = TG_NAME;
        END IF;
    END LOOP;
    RETURN OLD;
END $$;

CREATE FUNCTION public.blip0_refuse_write() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    -- Retention alone may delete, and says so for its transaction.
    IF TG_OP = 'DELETE' THEN
        IF current_setting('blip0.audit_retention', true) = 'on' THEN
            RETURN OLD;
        END IF;
    END IF;
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME
    USING ERRCODE = 'check_violation', CONSTRAINT = TG_NAME;
END $$;
CREATE TRIGGER tenants_auditrecord_append_only
BEFORE UPDATE OR DELETE ON tenants_auditrecord
FOR EACH ROW EXECUTE FUNCTION public.blip0_refuse_write();
CREATE TRIGGER tenants_auditrecord_no_truncate
BEFORE TRUNCATE ON tenants_auditrecord
FOR EACH STATEMENT EXECUTE FUNCTION public.blip0_refuse_write();
"""

UNDO = """
DROP TRIGGER tenants_auditrecord_append_only ON tenants_auditrecord;
DROP TRIGGER tenants_auditrecord_no_truncate ON tenants_auditrecord;
DROP TRIGGER tenants_tenant_version ON tenants_tenant;
DROP FUNCTION public.blip0_refuse_write, public.blip0_refuse_delete_in_use,
    public.blip0_require_row, public.blip0_refuse_change, public.blip0_tenant_changed,
    public.blip0_config_changed, public.blip0_config_bump;
"""


class Migration(migrations.Migration):
    dependencies = [("tenants", "0001_initial")]

    operations = [
        migrations.RunSQL(sql=BUMP + CHANGED + TENANT_CHANGED + GUARDS, reverse_sql=UNDO),
        ImmutableColumn("tenants_tenant", "slug"),
        ImmutableColumn("tenants_tenant", "schema_name"),
        # Not rendered: cached answers of the API are keyed by the platform's version.
        VersionTrigger("tenants_plan", "plan", "slug"),
    ]
