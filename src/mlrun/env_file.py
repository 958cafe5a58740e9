"""Files of ``NAME=value`` lines, as shells and container tools know them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping

from mlrun.errors import MLRunInvalidArgumentError, MLRunNotFoundError

# Strings, not compiled: few processes read such a file, and each pattern would cost them 0.5 ms.
_NAME = r"[A-Za-z_][\w.\-]*"
_LINE = rf"(?:export\s+)?(?P<name>{_NAME})\s*=\s*(?P<value>.*)"
_QUOTED = r"""(?:"(?P<double>(?:[^"\\]|\\.)*)"|'(?P<single>[^']*)')\s*(?:#.*)?"""
_PLAIN = r"[\w.,:/@%+=~*{}-]*"  # needs no quotes
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t"}


def read_env_file(path: str | os.PathLike[str], what: str = "env file") -> dict[str, str]:
    """
    The variables in the file *path*; comments, blank lines, quotes and ``export`` are understood.

    Args:
        path: A leading ``~`` is filled in.
        what: What the file is, for messages.

    Raises:
        MLRunNotFoundError: No such file.
        MLRunInvalidArgumentError: Lines of another form; the message has their numbers, never their text.
    """
    text = read_text(path, what)
    wrong: list[str] = []
    variables = dict(_variables(text, wrong))
    if wrong:
        raise MLRunInvalidArgumentError(
            f"{os.fspath(path)} line {', '.join(wrong)}: not of the form NAME=value,"
            " or a quote that opens the value is not closed"
        )
    return variables


def write_env_file(path: str | os.PathLike[str], variables: Mapping[str, str]) -> None:
    """
    Put *variables* into the file *path* in one step, readable by its owner only.

    Raises:
        MLRunInvalidArgumentError: A name can not be one; nothing has changed.
        MLRunAccessDeniedError, MLRunRuntimeError: It can not be written; nothing has changed.
    """
    from mlrun import files

    lines = [f"{_checked(name)}={_quote(str(value))}\n" for name, value in variables.items()]
    with files.replacing(os.path.expanduser(path)) as temporary:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with open(descriptor, "w", encoding="utf-8", newline="") as file:
            file.writelines(lines)


def read_text(path: str | os.PathLike[str], what: str) -> str:
    """
    The text of the file *path*.

    Raises:
        MLRunNotFoundError: No such file; the message says that *what* names it.
        MLRunInvalidArgumentError: It is a folder, may not be read, or is not text.
    """
    try:
        with open(os.path.expanduser(path), encoding="utf-8", newline="") as file:
            return file.read()
    except FileNotFoundError as error:
        raise MLRunNotFoundError(f"{what}: no file {os.path.abspath(os.path.expanduser(path))}") from error
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise MLRunInvalidArgumentError(f"{what}: can not read {os.fspath(path)}: {reason}") from error


def _variables(text: str, wrong: list[str]) -> Iterator[tuple[str, str]]:
    for number, line in enumerate(re.split(r"\r?\n", text), start=1):
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        match = re.fullmatch(_LINE, line)
        value = _value(match["value"]) if match else None
        if match is None or value is None:
            wrong.append(str(number))
        else:
            yield match["name"], value


def _value(text: str) -> str | None:
    """What stands right of the equals sign; None where a quote has no end."""
    if match := re.fullmatch(_QUOTED, text):
        if match["single"] is not None:
            return match["single"]
        return re.sub(r"\\(.)", lambda escape: _ESCAPES.get(escape[1], escape[1]), match["double"])
    if text[:1] in ("'", '"'):
        return None
    return re.split(r"(?:^|\s+)#", text, maxsplit=1)[0].rstrip()


def _checked(name: str) -> str:
    if not re.fullmatch(_NAME, name):
        raise MLRunInvalidArgumentError(
            f"{name!r} can not name a variable: letters, digits, '_', '.' and '-'"
        )
    return name


def _quote(value: str) -> str:
    if re.fullmatch(_PLAIN, value, re.ASCII):
        return value
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    for letter, character in _ESCAPES.items():
        escaped = escaped.replace(character, f"\\{letter}")
    return f'"{escaped}"'
