"""What whoever started this process has told it by variables, however long it is."""

from __future__ import annotations

import os

from mlrun.errors import MLRunInvalidArgumentError, MLRunNotFoundError

CONFIG = "MLRUN_EXEC_CONFIG"  # the run as JSON
CODE = "MLRUN_EXEC_CODE"  # its code, base64 of UTF-8
# The path of what the process that starts the program holds open; in a pod the secrets themselves, as JSON.
SECRETS = "MLRUN_EXEC_SECRETS"
LONGEST = 100_000  # bytes of one variable; Linux refuses 128 KiB


def parts_of(name: str, text: str) -> dict[str, str]:
    """
    The variables that hold *text* under *name*: that one, or ``#2`` in it and the text in two others::

        parts_of("CODE", "x")  # {"CODE": "x"}
        parts_of("CODE", long)  # {"CODE": "#2", "CODE_1": ..., "CODE_2": ...}
    """
    if len(text) <= LONGEST:
        return {name: text}
    parts = [text[start : start + LONGEST] for start in range(0, len(text), LONGEST)]
    return {name: f"#{len(parts)}"} | {f"{name}_{at}": part for at, part in enumerate(parts, start=1)}


def told(name: str) -> str:
    """
    The text that was told under *name*: in the variable, in several, or in the file that it names
    (``@path``); empty where nothing was told.

    Raises:
        MLRunNotFoundError: The file can not be read.
        MLRunInvalidArgumentError: A part is missing.
    """
    text = os.environ.get(name, "")
    if text.startswith("@"):
        return _read(text[1:], name)
    if text.startswith("#"):
        return "".join(_part(name, at) for at in range(1, int(text[1:]) + 1))
    return text


def forget(name: str) -> None:
    """Take *name* out of the environment, so that no child of this process has it."""
    for variable in [one for one in os.environ if one == name or one.startswith(f"{name}_")]:
        del os.environ[variable]


def _part(name: str, at: int) -> str:
    try:
        return os.environ[f"{name}_{at}"]
    except KeyError:
        raise MLRunInvalidArgumentError(
            f"{name} says that its text is in {os.environ[name][1:]} variables, but there is no {name}_{at}"
        ) from None


def _read(path: str, name: str) -> str:
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise MLRunNotFoundError(f"{name}: can not read {path!r}: {reason}") from error
