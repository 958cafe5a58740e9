"""Objects as pickles, and when one may be read: reading a pickle runs whatever code its writer put in it."""

from __future__ import annotations

import hashlib
import platform
from typing import TYPE_CHECKING, Any

from mlrun.config import mlconf
from mlrun.errors import MLRunAccessDeniedError, MLRunInvalidArgumentError, MLRunInvalidArgumentTypeError

if TYPE_CHECKING:
    from mlrun.artifacts import Artifact
    from mlrun.datastore import DataItem

SUFFIXES = (".pkl", ".pickle")


def pickled(obj: Any, key: str) -> bytes:
    """
    Raises:
        MLRunInvalidArgumentTypeError: *obj* can not be pickled.
    """
    import cloudpickle

    try:
        return bytes(cloudpickle.dumps(obj))
    except Exception as error:  # pickling runs code of the object's own class
        raise MLRunInvalidArgumentTypeError(
            f"output {key!r}: a {type(obj).__name__} can not be pickled ({error}); return what it is made of,"
            " or add a packager for it"
        ) from error


def pack_pickle(obj: Any, key: str) -> tuple[Artifact, dict[str, Any]]:
    """An artifact with the pickle of *obj*, and what :func:`unpack_pickle` checks before it reads it."""
    from mlrun.artifacts import Artifact

    body = pickled(obj, key)
    return Artifact(key, body=body, format="pkl"), {
        "sha256": digest(body),
        "python": platform.python_version(),
    }


def unpack_pickle(item: DataItem, instructions: dict[str, Any]) -> Any:
    """The object in the pickle *item*; see :func:`load_pickle`."""
    return load_pickle(item, item.get(), instructions)


def load_pickle(item: DataItem, body: bytes, instructions: dict[str, Any]) -> Any:
    """
    The object in the pickle *body*, which is of *item*.

    Raises:
        MLRunAccessDeniedError: It may not be read, see :func:`check_trusted`.
        MLRunInvalidArgumentError: It is no pickle, or one of a class that is not here.
    """
    import pickle

    check_trusted(item, body, instructions)
    try:
        return pickle.loads(body)
    except Exception as error:  # it is code of the object's own class
        written = f" (it was written by Python {instructions['python']})" if "python" in instructions else ""
        raise MLRunInvalidArgumentError(
            f"{item.url} can not be read as a pickle{written}: {error}"
        ) from error


def check_trusted(item: DataItem, body: bytes, instructions: dict[str, Any]) -> None:
    """
    Whether the pickle *body* may be read.

    It may where a run of the database in use packed it, which its record says, and these are the very
    bytes; and where the setting ``packagers.allow_pickle`` says that all may.

    Raises:
        MLRunAccessDeniedError: Neither is so.
    """
    if mlconf.packagers.allow_pickle:
        return
    recorded = instructions.get("sha256")
    if item.meta is not None and recorded and digest(body) == recorded:
        return
    reason = (
        "its bytes are not those that its run has packed"
        if item.meta is not None and recorded
        else "no record says which run packed it"
    )
    raise MLRunAccessDeniedError(
        f"{item.url} is a pickle (or may hold some), which can run any code when it is read, and {reason};"
        " if you trust who wrote it, set MLRUN_PACKAGERS__ALLOW_PICKLE=true"
    )


def digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()
