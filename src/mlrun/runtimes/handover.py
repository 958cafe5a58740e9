"""How the secrets of a run reach its program: not by its variables, which children inherit and tools show."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from mlrun.errors import MLRunAccessDeniedError
from mlrun.runtimes.told import SECRETS as SECRETS
from mlrun.runtimes.told import forget, parts_of, told
from mlrun.secrets import SecretsStore


class Handover:
    """
    The secrets of one run in a file: its first line, and a line for each text that its program learns later.

    On Linux it is memory of this process: a path leads there, and to nothing once this process ends, however
    it ends. Elsewhere it is a file that only this user can read. Close it when the program has ended.

    Example::

        with handed_over(secrets) as handover:
            subprocess.run(words, env={**os.environ, **handover.variables})
            handover.learn()  # what the program has learned is masked here too
    """

    def __init__(self, secrets: SecretsStore) -> None:
        self._secrets = secrets
        self._file = _new_file()
        self._file.write(json.dumps(secrets.to_serial()).encode() + b"\n")
        self._file.flush()
        self._read = self._file.tell()

    @property
    def variables(self) -> dict[str, str]:
        """For the program."""
        name = self._file.name
        return {SECRETS: name if isinstance(name, str) else f"/proc/{os.getpid()}/fd/{self._file.fileno()}"}

    def learn(self) -> None:
        """Mask what the program has learned since the last time; it says so before it can print it."""
        if os.fstat(self._file.fileno()).st_size == self._read:
            return
        self._file.seek(self._read)
        lines = self._file.read()
        whole = lines[: lines.rfind(b"\n") + 1]
        self._read += len(whole)
        for line in whole.splitlines():
            self._secrets.masker.add(json.loads(line))

    def close(self) -> None:
        self._file.close()


@contextmanager
def handed_over(secrets: SecretsStore) -> Iterator[Handover]:
    """While the block runs, a program of this user can read *secrets*."""
    handover = Handover(secrets)
    try:
        yield handover
    finally:
        handover.close()


def as_text(secrets: SecretsStore) -> dict[str, str]:
    """The variables of a process on another host, where a path of this one leads to nothing."""
    sources = secrets.to_serial()
    return parts_of(SECRETS, json.dumps(sources) if sources else "")


def keep() -> None:
    """
    Take the secrets that this process was told as text to where the program finds them that is executed in
    place of it; neither its environment nor that of its children has them.
    """
    file = _new_file()
    file.write(told(SECRETS).encode() + b"\n")
    file.flush()
    descriptor = os.dup(file.fileno())
    os.set_inheritable(descriptor, True)
    forget(SECRETS)
    os.environ[SECRETS] = f"/proc/{os.getpid()}/fd/{descriptor}"


def received() -> SecretsStore:
    """
    The secrets that the process which started this program has handed over; it is told what is learned later.

    Raises:
        MLRunAccessDeniedError: They can not be read: another user, or who started the program is gone.
    """
    path = told(SECRETS)
    if not path:
        return SecretsStore()
    if path.startswith("["):
        forget(SECRETS)
        return SecretsStore.from_list(json.loads(path))
    try:
        with open(path, "rb") as file:
            store = SecretsStore.from_list(json.loads(file.readline()))
    except OSError as error:
        raise MLRunAccessDeniedError(
            f"the run's secrets can not be read ({error.strerror}): its program runs as the user who started"
            " it, and not longer than mlrun does"
        ) from error
    store.masker.listen(lambda text: _tell(path, text))
    return store


def _tell(path: str, text: str) -> None:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND)
    except OSError:  # who started this is gone, and with it the log that would have to be masked
        return
    try:
        os.write(descriptor, json.dumps(text).encode() + b"\n")
    finally:
        os.close(descriptor)


def _new_file() -> IO[bytes]:
    if hasattr(os, "memfd_create"):
        return open(os.memfd_create("mlrun-secrets"), "w+b")
    return tempfile.NamedTemporaryFile(prefix="mlrun-secrets-")
