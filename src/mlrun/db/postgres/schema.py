"""The tables in PostgreSQL: made by the same numbered scripts as in SQLite, each applied once."""

from __future__ import annotations

import psycopg

from mlrun.db.postgres import dialect
from mlrun.db.postgres.address import Address
from mlrun.db.sql import schema
from mlrun.errors import MLRunIncompatibleVersionError, MLRunInvalidArgumentError

_LOCK = 0x6D6C72756E  # "mlrun": who migrates holds it
# Not to_regclass(): its cache would still say no to who has waited for the lock.
_HAS_VERSION = (
    "SELECT 1 FROM pg_tables WHERE tablename = 'schema_version' AND schemaname = ANY (current_schemas(false))"
)
_KEEP_VERSION = "CREATE TABLE schema_version (mlrun BIGINT NOT NULL)"


def migrate(connection: psycopg.Connection, address: Address) -> None:
    """
    Bring the database to the latest version, in one transaction.

    Processes that do so at once wait for each other.

    Raises:
        MLRunIncompatibleVersionError: It has a newer schema than this program knows.
        MLRunInvalidArgumentError: Another program has tables of the same names there.
    """
    if _version(connection, address) == schema.latest():
        return
    connection.execute(f"BEGIN; SELECT pg_advisory_xact_lock({_LOCK})")
    try:
        before = _version(connection, address)  # somebody else may have come first
        if not before:
            connection.execute(_KEEP_VERSION)
            connection.execute("INSERT INTO schema_version (mlrun) VALUES (0)")
        for migration in schema.migrations():
            if migration.version > before:
                connection.execute(dialect.script(migration.script))
                if migration.fill:
                    migration.fill(connection)
                connection.execute(dialect.script(migration.rest))
        connection.execute(f"UPDATE schema_version SET mlrun = {schema.latest()}")
        connection.execute("COMMIT")
    except psycopg.errors.DuplicateTable as error:
        raise _foreign(address, str(error)) from error
    finally:
        if connection.info.transaction_status != psycopg.pq.TransactionStatus.IDLE:
            connection.execute("ROLLBACK")


def _version(connection: psycopg.Connection, address: Address) -> int:
    """The schema version of the database; 0 of a new one."""
    version = 0
    if connection.execute(_HAS_VERSION).fetchone():
        try:
            row = connection.execute("SELECT MAX(mlrun) FROM schema_version").fetchone()
        except psycopg.errors.UndefinedColumn as error:
            raise _foreign(address, 'relation "schema_version" already exists') from error
        version = int((row or [0])[0] or 0)
    if version > schema.latest():
        raise MLRunIncompatibleVersionError(
            f"the database {address} has schema version {version}, and this mlrun knows up to"
            f" {schema.latest()}: pip install -U mlrun, or name another database"
        )
    return version


def _foreign(address: Address, said: str) -> MLRunInvalidArgumentError:
    return MLRunInvalidArgumentError(
        f"{address} holds tables of another program ({said}); name a database of its own, or a schema of its"
        " own with ?options=-csearch_path%3Dmlrun after CREATE SCHEMA mlrun"
    )
