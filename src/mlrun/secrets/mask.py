"""Known secrets become stars in texts, JSON values, and output that comes in pieces."""

from __future__ import annotations

import base64
import json
import threading
import urllib.parse
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar, cast

from mlrun.secrets.secret import STARS

SHORTEST = 4  # characters; what is shorter stands in every text by chance
_LINE = 16  # characters: such a line of a secret of several lines (a key, a certificate) is one too

T = TypeVar("T", str, bytes)


class Masker:
    """
    Replaces secrets by stars: as they are, and as JSON, base64 and addresses spell them.

    Secrets that overlap are masked together. Threads may share an instance, and add to it meanwhile.

    Example::

        masker = Masker()
        masker.add("s3cr3t")
        masker.mask("token=s3cr3t")  # token=***
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()  # of adding
        self._given: tuple[str, ...] = ()
        self._texts: tuple[str, ...] = ()
        self._bytes: tuple[bytes, ...] = ()
        self._listeners: tuple[Callable[[str], None], ...] = ()

    def add(self, text: str) -> None:
        """Mask *text* from now on; one of less than four characters is left as it is."""
        with self._lock:
            new = set(_forms(text)) - set(self._texts)
            texts = (*self._texts, *sorted(new))
            self._bytes = tuple(form.encode("utf-8", "surrogatepass") for form in texts)
            self._texts = texts
            self._given = (*self._given, text) if new else self._given
            listeners = self._listeners if new else ()
        for listener in listeners:
            listener(text)

    def listen(self, listener: Callable[[str], None]) -> None:
        """Call *listener* with each text that is new from now on, before :meth:`add` returns."""
        with self._lock:
            self._listeners = (*self._listeners, listener)

    @property
    def given(self) -> tuple[str, ...]:
        """The texts that were added, as they were given."""
        return self._given

    def __bool__(self) -> bool:
        return bool(self._texts)

    def mask(self, text: str) -> str:
        return _replaced(text, _intervals(text, self._texts), STARS)

    def mask_value(self, value: Any) -> Any:
        """A JSON value with its texts (and keys) masked; a number that is a secret is stars."""
        if not self._texts:
            return value
        if isinstance(value, str):
            return self.mask(value)
        if isinstance(value, Mapping):
            return {self.mask_value(key): self.mask_value(item) for key, item in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.mask_value(item) for item in value]
        if isinstance(value, (int, float)) and not isinstance(value, bool) and str(value) in self._texts:
            return STARS
        return value

    def stream(self) -> MaskedStream:
        """For output that comes in pieces."""
        return MaskedStream(self)

    def __repr__(self) -> str:
        return f"<Masker of {len(self._texts)} texts>"


class MaskedStream:
    """
    Output in pieces, where a secret may begin in one piece and end in another.

    What may be the beginning of a secret is held back until the next piece, or the end, shows what it is.
    Not to be shared between threads.
    """

    def __init__(self, masker: Masker) -> None:
        self._masker = masker
        self._held = b""

    def feed(self, data: bytes) -> bytes:
        """What can be given on, after *data*."""
        secrets = self._masker._bytes
        if not secrets and not self._held:
            return data
        data = self._held + data
        found = _intervals(data, secrets)
        cut = _safe_end(data, secrets)
        cut = min([cut, *(start for start, end in found if start < cut < end)])
        self._held = data[cut:]
        return _replaced(data[:cut], [(start, end) for start, end in found if end <= cut], STARS.encode())

    def end(self) -> bytes:
        """What was held back, once nothing more comes."""
        held, self._held = self._held, b""
        return _replaced(held, _intervals(held, self._masker._bytes), STARS.encode())


def _forms(text: str) -> Iterator[str]:
    """The ways in which *text* may be spelled."""
    if len(text) < SHORTEST:
        return
    yield text
    yield json.dumps(text)[1:-1]
    yield json.dumps(text, ensure_ascii=False)[1:-1]
    yield repr(text)[1:-1]
    yield repr("'\"" + text)[4:-1]  # in a text with both quotes repr escapes its own
    for safe in ("", "/"):
        yield urllib.parse.quote(text, safe)
        yield urllib.parse.quote_plus(text, safe)
    raw = text.encode("utf-8", "surrogatepass")
    yield base64.b64encode(raw).decode().rstrip("=")
    yield base64.urlsafe_b64encode(raw).decode().rstrip("=")
    if len(lines := text.splitlines()) > 1:
        yield from (line.strip() for line in lines if len(line.strip()) >= _LINE)


def _intervals(data: T, secrets: tuple[T, ...]) -> list[tuple[int, int]]:
    """Where secrets stand in *data*, in order; those that overlap are one."""
    found = sorted(interval for secret in secrets for interval in _places(data, secret))
    merged: list[tuple[int, int]] = []
    for start, end in found:
        if merged and start < merged[-1][1]:
            merged[-1] = merged[-1][0], max(end, merged[-1][1])
        else:
            merged.append((start, end))
    return merged


def _places(data: T, secret: T) -> Iterator[tuple[int, int]]:
    start = data.find(secret)
    while start >= 0:
        yield start, start + len(secret)
        start = data.find(secret, start + 1)


def _replaced(data: T, intervals: list[tuple[int, int]], stars: T) -> T:
    if not intervals:
        return data
    parts: list[T] = []
    done = 0
    for start, end in intervals:
        parts += [data[done:start], stars]
        done = end
    empty: Any = data[:0]  # join() of a text or of bytes
    return cast(T, empty.join([*parts, data[done:]]))


def _safe_end(data: bytes, secrets: tuple[bytes, ...]) -> int:
    """Up to where *data* can not be the beginning of a secret that goes on in the next piece."""
    safe = len(data)
    for secret in secrets:
        start = data.find(secret[:1], max(0, len(data) - len(secret) + 1))
        while 0 <= start < safe:
            if secret.startswith(data[start:]):
                safe = start
                break
            start = data.find(secret[:1], start + 1)
    return safe
