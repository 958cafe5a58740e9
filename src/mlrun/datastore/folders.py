"""Folders and patterns of a store, brought to this machine."""

from __future__ import annotations

import os
import re

from mlrun.datastore.base import DataStore
from mlrun.errors import MLRunNotFoundError

PATTERN = re.compile(r"[*?[]")
_WORDS = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}


def is_pattern(store: DataStore, key: str) -> bool:
    """Whether *key* means the files that match it; in a web address, a question mark is none of it."""
    return bool(PATTERN.search(key)) and not store.kind.startswith("http") and not store.exists(key)


def download(store: DataStore, key: str, target: str) -> None:
    """
    Copy every file that *key* means, a folder or a pattern, into the folder *target*, under its own name.

    Names that begin with ``.`` or ``_`` are left out: they are of those who wrote the others.

    Raises:
        MLRunNotFoundError: There is none.
    """
    base, pattern = _split(key) if PATTERN.search(key) else (key.rstrip("/"), None)
    names = [
        name
        for name in store.listdir(base)
        if os.path.basename(name)[0] not in "._" and (pattern is None or pattern.fullmatch(name))
    ]
    if not names:
        raise MLRunNotFoundError(f"no file is in {store.url(key)}")
    for name in names:
        store.download(f"{base}/{name}".lstrip("/"), os.path.join(target, name))


def _split(key: str) -> tuple[str, re.Pattern[str]]:
    """The folder before the first special letter, and what the names in it have to match."""
    start = PATTERN.search(key)
    at = key.rfind("/", 0, start.start()) if start else -1
    parts = re.split(r"(\*\*/|\*\*|\*|\?|\[[^]]+])", key[at + 1 :])
    text = "".join(
        _WORDS.get(part) or (part.replace("[!", "[^", 1) if part.startswith("[") else re.escape(part))
        for part in parts
    )
    return key[: max(at, 0)], re.compile(text)
