"""All that the system catalogs say of a schema, in a form in which two schemas compare."""

from __future__ import annotations

import re

from django.db import connection
from psycopg import sql

QUESTIONS = {
    "columns": """
        SELECT table_name, column_name, udt_schema, udt_name, character_maximum_length,
            numeric_precision, numeric_scale, is_nullable, column_default, collation_name,
            is_identity, identity_generation, identity_start, identity_increment, identity_maximum,
            identity_minimum, identity_cycle, is_generated, generation_expression,
            row_number() OVER (PARTITION BY table_name ORDER BY ordinal_position)
        FROM information_schema.columns WHERE table_schema = %(schema)s""",
    "types": """
        SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attstorage::text,
            a.attcompression::text, a.attstattarget
        FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
        WHERE c.relnamespace = %(schema)s::regnamespace AND a.attnum > 0 AND NOT a.attisdropped
            AND c.relkind = 'r'""",
    "constraints": """
        SELECT c.relname, k.conname, k.contype::text, pg_get_constraintdef(k.oid), k.condeferrable,
            k.condeferred, k.convalidated
        FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
        WHERE k.connamespace = %(schema)s::regnamespace""",
    "indexes": """
        SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = %(schema)s""",
    "triggers": """
        SELECT c.relname, t.tgname, t.tgenabled::text, pg_get_triggerdef(t.oid)
        FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
        WHERE c.relnamespace = %(schema)s::regnamespace AND NOT t.tgisinternal""",
    "foreign key triggers": """
        SELECT c.relname, count(*) FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
        WHERE c.relnamespace = %(schema)s::regnamespace AND t.tgisinternal GROUP BY 1""",
    "sequences": """
        SELECT sequencename, data_type::text, start_value, min_value, max_value, increment_by,
            cycle, cache_size, pg_get_serial_sequence(
                quote_ident(%(schema)s) || '.' || quote_ident(c.relname), a.attname)
        FROM pg_sequences q
        JOIN pg_class s ON s.relname = q.sequencename AND s.relnamespace = %(schema)s::regnamespace
        LEFT JOIN pg_depend d ON d.objid = s.oid AND d.deptype = 'i'
        LEFT JOIN pg_class c ON c.oid = d.refobjid
        LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = d.refobjsubid
        WHERE schemaname = %(schema)s""",
    "relations": """
        SELECT relname, relkind::text, relpersistence::text, relrowsecurity, reloptions,
            relowner::regrole::text, relacl::text
        FROM pg_class WHERE relnamespace = %(schema)s::regnamespace""",
    "functions": """
        SELECT proname, prosrc FROM pg_proc WHERE pronamespace = %(schema)s::regnamespace""",
}


def settled(text: str) -> str:
    """Every `IN ('a', 'b')` as PostgreSQL prints it once it has read its own print of it.

    It prints the cast of the list that Django's SQL made, and reads a cast of each item.
    """

    def cast_each(found: re.Match[str]) -> str:
        items = found[1].split(", ")
        return f"ARRAY[{', '.join(f'({item})::text' for item in items)}]"

    return re.sub(r"\(ARRAY\[([^\]]*)\]\)::text\[\]", cast_each, text)


def described(schema: str) -> dict[str, list[str]]:
    """What the schema holds, a sorted list a question, with its own name taken out."""
    found = {}
    with connection.cursor() as cursor:
        for question, query in QUESTIONS.items():
            cursor.execute(query, {"schema": schema})
            found[question] = sorted(
                settled(repr(row)).replace(f"{schema}.", "") for row in cursor.fetchall()
            )
        cursor.execute(
            sql.SQL("SELECT app, name, applied FROM {}.django_migrations ORDER BY id").format(
                sql.Identifier(schema)
            )
        )
        found["applied migrations"] = [repr(row) for row in cursor.fetchall()]
    return found
