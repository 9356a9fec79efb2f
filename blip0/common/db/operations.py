"""Migration operations that attach the SQL functions of `tenants` to a table.

They are plain `RunSQL`, so `migrate`, `sqlmigrate` and the copying of the template's DDL treat
them like any other object of the schema. Table names are unqualified: the search path decides.
"""

from __future__ import annotations

from django.db.migrations.operations import RunSQL


class VersionTrigger(RunSQL):
    """Bump the scope's configuration version, once a transaction and at commit, when rows change.

    `kind` and the value of `owner_column` are recorded in `ConfigChange`: which object must be
    rendered again. `owner_column="*"` means that the whole scope must. TRUNCATE has a statement
    trigger of its own, since constraint triggers do not see it. `events` narrows it for a table
    whose new rows mean nothing until another projected row names them.
    """

    def __init__(
        self,
        table: str,
        kind: str,
        owner_column: str,
        events: str = "INSERT OR UPDATE OR DELETE",
    ) -> None:
        self.table, self.kind, self.owner_column, self.events = table, kind, owner_column, events
        super().__init__(
            sql=f"""
                CREATE CONSTRAINT TRIGGER {table}_version
                AFTER {events} ON {table}
                DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
                EXECUTE FUNCTION public.blip0_config_changed('{kind}', '{owner_column}');
                CREATE TRIGGER {table}_version_truncate
                AFTER TRUNCATE ON {table} FOR EACH STATEMENT
                EXECUTE FUNCTION public.blip0_config_changed('{kind}', '*');
            """,
            reverse_sql=f"""
                DROP TRIGGER {table}_version ON {table};
                DROP TRIGGER {table}_version_truncate ON {table};
            """,
        )

    def deconstruct(self) -> tuple[str, list[object], dict[str, object]]:
        return (
            self.__class__.__name__,
            [],
            {
                "table": self.table,
                "kind": self.kind,
                "owner_column": self.owner_column,
                "events": self.events,
            },
        )


class CatalogueReference(RunSQL):
    """Keep a tenant's reference to a catalogue row true, without a foreign key across schemas.

    A real foreign key from each of 1,000 schemas would put 2,000 triggers on one public table and
    lock it exclusively whenever a tenant is dropped. This trigger locks just the row that is
    named (FOR KEY SHARE), so that it cannot be deleted before this transaction ends.
    """

    def __init__(self, table: str, column: str, target: str, target_column: str) -> None:
        self.table, self.column, self.target, self.target_column = (
            table,
            column,
            target,
            target_column,
        )
        super().__init__(
            sql=f"""
                CREATE TRIGGER {table}_{column}_exists
                BEFORE INSERT OR UPDATE OF {column} ON {table} FOR EACH ROW
                EXECUTE FUNCTION
                public.blip0_require_row('{column}', '{target}', '{target_column}');
            """,
            reverse_sql=f"DROP TRIGGER {table}_{column}_exists ON {table};",
        )

    def deconstruct(self) -> tuple[str, list[object], dict[str, object]]:
        return (
            self.__class__.__name__,
            [],
            {
                "table": self.table,
                "column": self.column,
                "target": self.target,
                "target_column": self.target_column,
            },
        )


class ImmutableColumn(RunSQL):
    """Refuse every UPDATE that changes the column, whoever sends it."""

    def __init__(self, table: str, column: str) -> None:
        self.table, self.column = table, column
        super().__init__(
            sql=f"""
                CREATE TRIGGER {table}_{column}_immutable
                BEFORE UPDATE OF {column} ON {table} FOR EACH ROW
                WHEN (OLD.{column} IS DISTINCT FROM NEW.{column})
                EXECUTE FUNCTION public.blip0_refuse_change('{column}');
            """,
            reverse_sql=f"DROP TRIGGER {table}_{column}_immutable ON {table};",
        )

    def deconstruct(self) -> tuple[str, list[object], dict[str, object]]:
        return (self.__class__.__name__, [], {"table": self.table, "column": self.column})
