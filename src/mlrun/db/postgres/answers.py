"""What PostgreSQL and psycopg say when something fails, as our errors."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import psycopg

from mlrun.db.postgres.address import Address
from mlrun.errors import (
    MLRunAccessDeniedError,
    MLRunBaseError,
    MLRunInvalidArgumentError,
    MLRunInvalidArgumentTypeError,
    MLRunNotFoundError,
    MLRunRuntimeError,
    MLRunServiceUnavailableError,
    MLRunTimeoutError,
    MLRunUnauthorizedError,
)

_NOTHING = "nothing of this call was stored"
_LOST = "the connection to {db} was lost ({said}); look whether this call was stored before repeating it"

Answer = tuple[str, type[MLRunBaseError], str]

# By the beginning of the SQLSTATE, the first that fits.
_BY_STATE: list[Answer] = [
    ("08", MLRunServiceUnavailableError, _LOST),
    ("22", MLRunInvalidArgumentError, "a database can not hold this value: {said}"),
    ("25006", MLRunAccessDeniedError, "{db} is read-only here: {said}"),
    ("40", MLRunServiceUnavailableError, f"another program was in the way in {{db}} ({{said}}); {_NOTHING}"),
    ("42501", MLRunAccessDeniedError, "{db} refuses it: {said}; its owner may GRANT it"),
    ("42P01", MLRunRuntimeError, "the tables of {db} are gone: {said}; connect() makes them anew"),
    ("42804", MLRunInvalidArgumentTypeError, "a database can not hold this value: {said}"),
    ("42883", MLRunInvalidArgumentTypeError, "a database can not hold this value: {said}"),
    ("42846", MLRunInvalidArgumentTypeError, "a database can not hold this value: {said}"),
    ("53100", MLRunRuntimeError, f"the disk of {{db}} is full: {_NOTHING}"),
    ("53300", MLRunServiceUnavailableError, "{db} has too many connections: {said}"),
    (
        "54",
        MLRunInvalidArgumentError,
        "too large for PostgreSQL (names and labels end at 2,600 bytes): {said}",
    ),
    ("55P03", MLRunServiceUnavailableError, f"another program kept {{db}} for too long; {_NOTHING}"),
    ("57014", MLRunTimeoutError, f"{{db}} took too long: {{said}}; {_NOTHING}"),
    ("57", MLRunServiceUnavailableError, _LOST),
]
# While connecting there is no SQLSTATE, only the server's words.
_BY_WORDS: list[Answer] = [
    (
        "password",
        MLRunUnauthorizedError,
        "{db} does not take this user and password ({said}); they stand in MLRUN_DBPATH as"
        " postgresql://user:password@host/database, or in ~/.pgpass",
    ),
    ("role ", MLRunUnauthorizedError, "{db} does not know the user: {said}"),
    ("pg_hba.conf", MLRunAccessDeniedError, "{db} does not let this user in from this machine: {said}"),
    ("permission denied", MLRunAccessDeniedError, "{db} refuses it: {said}"),
    ("database ", MLRunNotFoundError, "{said} ({db}); createdb makes it, and mlrun its tables"),
    ("too many", MLRunServiceUnavailableError, "{db} has too many connections: {said}"),
    ("connection slots", MLRunServiceUnavailableError, "{db} has too many connections: {said}"),
]


@contextlib.contextmanager
def explained(address: Address) -> Iterator[None]:
    """Errors of psycopg inside the block come out as ours."""
    try:
        yield
    except psycopg.Error as error:
        raise as_error(address, error) from error
    except (OverflowError, UnicodeEncodeError) as error:
        raise MLRunInvalidArgumentError(f"a database can not hold this value: {error}") from error


@contextlib.contextmanager
def explained_connecting(address: Address) -> Iterator[None]:
    """The same, for errors of connecting; without their cause, which has the same words only."""
    try:
        yield
    except psycopg.OperationalError as error:
        said = _reason(error)
        for word, kind, text in _BY_WORDS:
            if word in said:
                raise kind(text.format(db=address, said=said)) from None
        raise MLRunServiceUnavailableError(f"can not reach {address}: {said}") from None
    except psycopg.ProgrammingError as error:
        raise MLRunInvalidArgumentError(f"{address} can not be connected to: {_reason(error)}") from None


def as_error(address: Address, error: psycopg.Error) -> MLRunBaseError:
    """What *error* says about the database at *address*, as an answer."""
    state = error.sqlstate or ""
    said = _reason(error)
    for beginning, kind, text in _BY_STATE:
        if state.startswith(beginning):
            return kind(text.format(db=address, said=said))
    if isinstance(error, psycopg.DataError):
        return MLRunInvalidArgumentError(f"a database can not hold this value: {said}")
    if isinstance(error, psycopg.ProgrammingError) and not state:
        return MLRunInvalidArgumentTypeError(f"a database can not hold this value: {said}")
    if isinstance(error, psycopg.OperationalError) and not state:
        return MLRunServiceUnavailableError(_LOST.format(db=address, said=said))
    return MLRunRuntimeError(f"the database {address} failed: {said}")


def _reason(error: psycopg.Error) -> str:
    """The first line, without what is before the server's own words."""
    line = (str(error).strip() or type(error).__name__).splitlines()[0]
    return line.rpartition("FATAL:")[2].removeprefix("connection failed:").strip()
