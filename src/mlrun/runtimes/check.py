"""What is refused before a run is recorded; no user code runs for it."""

from __future__ import annotations

import functools
import os
import re

from mlrun.errors import MLRunInvalidArgumentError, MLRunNotFoundError, nearest

# Code that can make names which do not stand in it.
_DYNAMIC = re.compile(
    r"\bimport\s*\(?\s*\*|\b(globals|locals|vars|exec|setattr)\s*\(|^\s+global\s", re.MULTILINE
)


def check_workdir(workdir: str) -> None:
    """
    Raises:
        MLRunNotFoundError: There is no such folder.
    """
    if workdir and not os.path.isdir(workdir):
        raise MLRunNotFoundError(f"the working folder {workdir!r} does not exist (here is {os.getcwd()})")


def check_handler(handler: str, source: str, where: str) -> None:
    """
    Look for *handler* among the names that *source* defines; a dotted one may be imported, and is left.

    Raises:
        MLRunNotFoundError: It is not there; the message lists those that are.
        MLRunInvalidArgumentError: *source* is not Python.
    """
    name = handler.partition("::")[0]
    if "." in name or _DYNAMIC.search(source):
        return
    names, handlers = _top_level(source, where)
    if name not in names:
        known = f"has {', '.join(handlers)}" if handlers else "has no functions"
        raise MLRunNotFoundError(f"no handler {handler!r}: {where} {known}.{nearest(name, handlers)}")


@functools.lru_cache(maxsize=16)
def _top_level(source: str, where: str) -> tuple[frozenset[str], tuple[str, ...]]:
    """Every name that a module binds, and those of its public functions and classes."""
    import symtable

    try:
        symbols = symtable.symtable(source, where, "exec").get_symbols()
    except SyntaxError as error:
        raise MLRunInvalidArgumentError(f"{where}:{error.lineno}: {error.msg}") from error
    except ValueError as error:  # a NUL
        raise MLRunInvalidArgumentError(f"{where}: {error}") from error
    bound = (symbol for symbol in symbols if symbol.is_assigned() or symbol.is_imported())
    defined = (symbol.get_name() for symbol in symbols if symbol.is_namespace())
    handlers = tuple(sorted(name for name in defined if not name.startswith("_")))
    return frozenset(symbol.get_name() for symbol in bound), handlers
