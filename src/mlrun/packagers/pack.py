"""From a returned value and its hint to results, or to an artifact that only has to be logged."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

from mlrun.errors import MLRunInvalidArgumentError, MLRunInvalidArgumentTypeError, nearest
from mlrun.log import logger
from mlrun.packagers.base import RESULT, DefaultPackager, Packager, keywords
from mlrun.packagers.custom import get_custom_packagers, packagers
from mlrun.packagers.hint import LogHint, parse_hints
from mlrun.packagers.results import as_result
from mlrun.packagers.types import full_name, loaded

if TYPE_CHECKING:
    from mlrun.artifacts import Artifact

ARTIFACT_TYPES = ("object", "path", "file", "dataset", "model", "plot", "result")
_PLAIN = (type(None), bool, int, float, str)
_ALIASES = {"artifact": "file"}  # an older name
_OF_LOGGING = (
    "labels",
    "tag",
    "db_key",
    "target_path",
    "artifact_path",
    "viewer",
    "description",
    "extra_data",
)


class Packed(NamedTuple):
    """What one value became: results, or an artifact with what ``log_artifact`` is told about it."""

    results: dict[str, Any]
    artifact: Artifact | None = None
    logging: dict[str, Any] = {}  # noqa: RUF012  # a tuple's field: nobody changes it


def artifact_types() -> list[str]:
    """Every artifact type that some packager makes."""
    own = [kind for packager in packagers() for kind in packager.get_supported_artifact_types()]
    return list(dict.fromkeys([*ARTIFACT_TYPES, *own]))


def check_hints(returns: Iterable[Any]) -> list[LogHint]:
    """
    The hints of ``returns``, each of a key of its own and a type that some packager makes.

    Raises:
        MLRunInvalidArgumentError: One is not; the message says which, and what would be right.
    """
    hints = parse_hints(returns)
    for hint in hints:
        kind = hint.artifact_type
        if kind and kind not in (*ARTIFACT_TYPES, *_ALIASES) and kind not in (known := artifact_types()):
            raise MLRunInvalidArgumentError(
                f"returns {hint['key']!r}: {kind!r} is not an artifact type: {', '.join(known)}."
                f"{nearest(kind, known)}"
            )
    return hints


def pack(value: Any, hint: LogHint) -> Packed:
    """
    Pack *value* as *hint* says, by the first packager that takes it.

    Raises:
        MLRunInvalidArgumentError: No packager makes that of such a value, or the hint says what nobody knows.
        Exception: Of the packager; user code may be one.
    """
    if type(value) in _PLAIN and hint.artifact_type in ("", RESULT) and _is_only_key(hint):
        return Packed({hint.key: as_result(value)})
    if (kept := loaded("mlrun.artifacts.base.Artifact")) and isinstance(value, kept):
        return _own_artifact(value, hint)
    kind = _ALIASES.get(hint.artifact_type, hint.artifact_type)
    packager = _packager_of(value, kind, hint)
    kind = kind or packager.get_default_packing_artifact_type(value)
    for_artifact, for_packager = _divide(hint, packager, kind)
    if not hint.artifact_type and kind == "object":
        logger.info(
            f"output {hint.key!r} is packed as a pickle: no packager has another form for a"
            f" {type(value).__name__}"
        )
    packing = packager.pack(value, hint.key, kind, for_packager)
    if isinstance(packing, dict):
        return Packed(packing)
    artifact, instructions = packing if isinstance(packing, tuple) else (packing, {})
    artifact.spec.unpackaging_instructions = {
        "packager_name": type(packager).__name__,
        "object_type": full_name(type(value)),
        "artifact_type": kind,
        "instructions": instructions,
    }
    return Packed({}, artifact, for_artifact)


def _own_artifact(value: Any, hint: LogHint) -> Packed:
    """An artifact object is what it is; only its key may be another one."""
    if hint.artifact_type or set(hint.configurations) - set(_OF_LOGGING):
        raise MLRunInvalidArgumentError(
            f"output {hint.key!r} is an artifact already; a hint may say its key and {', '.join(_OF_LOGGING)}"
        )
    value.metadata.key = hint.key
    return Packed({}, value, hint.configurations)


def _is_only_key(hint: LogHint) -> bool:
    return not hint.configurations and not get_custom_packagers()


def _packager_of(value: Any, kind: str, hint: LogHint) -> Packager:
    for packager in packagers():
        if packager.is_packable(value, kind or None, hint.configurations):
            return packager
    own = (one.get_supported_artifact_types() for one in packagers() if one.is_packable(value))
    can = sorted({known for types in own for known in types})
    raise MLRunInvalidArgumentTypeError(
        f"output {hint.key!r}: a {type(value).__name__} can not be packed as {kind!r}; as {', '.join(can)}"
    )


def _divide(hint: LogHint, packager: Packager, kind: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the hint says about the artifact, and what it says to the packager, which is asked first."""
    method = getattr(packager, f"pack_{kind}", None) if isinstance(packager, DefaultPackager) else None
    own = keywords(method, 2) if method else None
    given = hint.configurations
    of_artifact = {
        name: value for name, value in given.items() if name in _OF_LOGGING and name not in (own or ())
    }
    if of_artifact and kind == RESULT:
        raise MLRunInvalidArgumentError(
            f"output {hint.key!r} is a result, which has no {', '.join(of_artifact)}; an artifact has"
        )
    return of_artifact, {name: value for name, value in given.items() if name not in of_artifact}
