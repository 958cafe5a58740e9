"""Places where the objects of bundles are kept, each under the digest of its bytes."""

from __future__ import annotations

import abc
import contextlib
import datetime
import os
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple, Protocol

from mlrun import urls
from mlrun.code.bundle import NAME, check_object, rank
from mlrun.code.pack import LARGEST, packs, unpack
from mlrun.config import mlconf
from mlrun.datastore import get_store
from mlrun.datastore.credentials import Secrets
from mlrun.errors import MLRunBaseError, MLRunInvalidArgumentError, MLRunNotFoundError, MLRunRuntimeError

Pairs = Iterator[tuple[str, bytes]]
_AT_ONCE = 16  # requests to a store that is not this machine
_NAMES = 5_000  # in one request


class Stats(NamedTuple):
    """What a store knows of an object."""

    size: int  # bytes
    written: datetime.datetime  # last; now, where the store does not say


def keep_for() -> datetime.timedelta | None:
    """How long what nothing needs is kept after it was written; None is for ever."""
    days = float(mlconf.bundles.keep_days)
    return datetime.timedelta(days=days) if days else None


class Objects(abc.ABC):
    """
    Objects by name, ``file/<sha256>`` or ``node/<sha256>``. One that is there never changes, and has all
    that it needs beside it, so whoever has a root has its whole bundle.

    Threads and processes may share a place.

    Attributes:
        url: Where it is, for messages and to tell it from others.
        largest: Bytes that one object may have here; None is any.
    """

    url = ""
    largest: int | None = None

    @abc.abstractmethod
    def address(self, digest: str) -> str:
        """Where a pod finds the bundle *digest*."""

    @abc.abstractmethod
    def missing(self, names: Sequence[str]) -> set[str]:
        """
        Those of *names* that are to be sent: not here, or so old that they may be deleted soon.

        What is here after this was asked stays for half of the setting ``bundles.keep_days`` at least.
        """

    @abc.abstractmethod
    def put(self, objects: Iterable[tuple[str, bytes]]) -> None:
        """
        Keep *objects*; a node comes after what it needs.

        Raises:
            MLRunInvalidArgumentError: The bytes are not what the name says.
            MLRunConflictError: A node needs what is not here, where that is looked at.
        """

    @abc.abstractmethod
    def get(self, names: Sequence[str]) -> Pairs:
        """
        The objects of *names*, in any order, each held to its digest.

        Raises:
            MLRunNotFoundError: One is not here.
            MLRunRuntimeError: One was changed.
        """


class StoredObjects(Objects):
    """
    In a folder of this machine or any data store, a file each::

        StoredObjects("s3://bucket/bundles")

    Args:
        shown: What messages call it; by default its url.
    """

    def __init__(
        self, url: str, secrets: Secrets | None = None, project: str = "", db: Any = None, shown: str = ""
    ) -> None:
        scheme = urls.scheme(url)
        self.url = url.rstrip("/") if scheme else os.path.abspath(os.path.expanduser(url))
        self._store, self._root = get_store(self.url, secrets, project, db)
        self._shown = shown or urls.without_secrets(self.url)
        self.is_local = scheme in ("", "file")

    def address(self, digest: str) -> str:
        return f"bundle+{'file://' if self.is_local else ''}{self.url.removeprefix('file://')}/{digest}"

    def missing(self, names: Sequence[str]) -> set[str]:
        found = self.stats(names)
        if kept := keep_for():
            relied_on = datetime.datetime.now(datetime.timezone.utc) - kept / 2
            return {name for name in names if name not in found or found[name].written < relied_on}
        return set(names) - found.keys()

    def absent(self, names: Sequence[str]) -> set[str]:
        """Those of *names* that are not here."""
        return set(names) - self.stats(names).keys()

    def stats(self, names: Sequence[str]) -> dict[str, Stats]:
        """Of those of *names* that are here."""
        found = zip(names, self._each(self._stats_of, names))
        return {name: stats for name, stats in found if stats}

    def names(self) -> list[str]:
        """Of all objects here."""
        try:
            paths = self._store.listdir(self._root)
        except MLRunNotFoundError:  # nothing was shipped yet
            return []
        return [name for path in paths if NAME.fullmatch(name := "".join(path.rsplit("/", 1)))]

    def put(self, objects: Iterable[tuple[str, bytes]]) -> None:
        batch: list[tuple[str, bytes]] = []
        for name, data in objects:
            check_object(name, data)
            if batch and (
                len(batch) == _AT_ONCE or rank(*batch[-1]) != rank(name, data) or rank(name, data) > 1
            ):
                self._write(batch)
                batch = []
            batch.append((name, data))
        self._write(batch)

    def clear(self) -> None:
        """Delete all of them."""
        self._store.rm(self._root, recursive=True)

    def keep(self, name: str, data: bytes) -> None:
        """Write one object, whether or not what it needs is here; for a cache, which has no whole bundles."""
        self._store.put(self._key(name), data)

    def get(self, names: Sequence[str]) -> Pairs:
        for start in range(0, len(names), _AT_ONCE):
            yield from self._each(self._read, names[start : start + _AT_ONCE])

    def size(self, name: str) -> int:
        """Its bytes."""
        with self._said_of(name):
            return self._store.stat(self._key(name)).size or 0

    def drop(self, name: str) -> None:
        """Delete one; a cache may, and :mod:`mlrun.code.pruning`."""
        self._store.rm(self._key(name))

    def _stats_of(self, name: str) -> Stats | None:
        try:
            found = self._store.stat(self._key(name))
        except MLRunNotFoundError:
            return None
        return Stats(found.size or 0, found.modified or datetime.datetime.now(datetime.timezone.utc))

    def _write(self, objects: list[tuple[str, bytes]]) -> None:
        for _ in self._each(lambda pair: self.keep(*pair), objects):
            pass

    def _read(self, name: str) -> tuple[str, bytes]:
        with self._said_of(name):
            data = self._store.get(self._key(name))
        try:
            check_object(name, data)
        except MLRunInvalidArgumentError as error:
            text = f"{self._shown} has a changed {name}; delete {self._shown}, and run again"
            raise MLRunRuntimeError(text) from error
        return name, data

    @contextlib.contextmanager
    def _said_of(self, name: str) -> Iterator[None]:
        try:
            yield
        except MLRunNotFoundError:
            raise MLRunNotFoundError(f"{self._shown} has no {name} of a bundle") from None

    def _each(self, work: Any, items: Sequence[Any]) -> Iterator[Any]:
        """What *work* gives for each of *items*; side by side where each takes its time."""
        if self.is_local or len(items) < 2:
            yield from map(work, items)
            return
        with ThreadPoolExecutor(min(_AT_ONCE, len(items))) as pool:
            yield from pool.map(work, items)

    def _key(self, name: str) -> str:
        kind, _, digest = name.partition("/")
        return os.path.join(self._root, kind, digest[:2], digest[2:])


class Server(Protocol):
    """What a database has that keeps objects, behind an API server."""

    url: str

    def missing_objects(self, project: str, names: list[str]) -> list[str]: ...

    def store_objects(self, project: str, pack: bytes) -> None: ...

    def read_objects(self, project: str, names: list[str]) -> bytes: ...


class ServedObjects(Objects):
    """Behind an API server, where those of each project are apart; small ones travel together."""

    largest = LARGEST

    def __init__(self, server: Server, project: str) -> None:
        self.url = f"{server.url}/{project}"
        self._server = server
        self._project = project

    def address(self, digest: str) -> str:
        return f"bundle://{digest}"

    def missing(self, names: Sequence[str]) -> set[str]:
        found: set[str] = set()
        for start in range(0, len(names), _NAMES):
            found.update(self._server.missing_objects(self._project, list(names[start : start + _NAMES])))
        return found

    def put(self, objects: Iterable[tuple[str, bytes]]) -> None:
        for one in packs(objects):
            self._server.store_objects(self._project, one)

    def get(self, names: Sequence[str]) -> Pairs:
        wanted = dict.fromkeys(names)
        while wanted:
            found = unpack(self._server.read_objects(self._project, list(wanted)[:_NAMES]))
            before = len(wanted)
            for name, data in found:
                if name in wanted:
                    del wanted[name]
                    yield name, data
            if len(wanted) == before:  # it gives as many as it can at once, and at least one
                raise MLRunRuntimeError("the API server gives objects that were not asked for")


class CachedObjects(Objects):
    """Those of *place*, each fetched once into a folder of this machine."""

    def __init__(self, place: Objects, cache: StoredObjects) -> None:
        self.url, self.largest = place.url, place.largest
        self._place = place
        self._cache = cache

    def address(self, digest: str) -> str:
        return self._place.address(digest)

    def missing(self, names: Sequence[str]) -> set[str]:
        return self._place.missing(names)

    def put(self, objects: Iterable[tuple[str, bytes]]) -> None:
        self._place.put(objects)

    def get(self, names: Sequence[str]) -> Pairs:
        absent: list[str] = []
        for name in names:
            try:
                yield from self._cache.get([name])
            except MLRunNotFoundError:
                absent.append(name)
            except MLRunRuntimeError:  # something else has changed it
                self._cache.drop(name)
                absent.append(name)
        for name, data in self._place.get(absent):
            with contextlib.suppress(MLRunBaseError):  # a home that is full or read-only: no cache
                self._cache.keep(name, data)
            yield name, data
