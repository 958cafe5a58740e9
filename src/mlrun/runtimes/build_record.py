"""What is recorded of a build: the state of the function, a background task, and the log."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from mlrun.db import liveness, times
from mlrun.db.base import RunDB
from mlrun.errors import MLRunBaseError, MLRunNotFoundError
from mlrun.execution.capture import LogWriter
from mlrun.log import logger
from mlrun.secrets import Masker

if TYPE_CHECKING:
    from mlrun.runtimes.base import BaseRuntime

KIND = "function.build"  # of the background task
PENDING, BUILDING, READY, ERROR = "pending", "building", "ready", "error"  # status.state of a function
LIVE = (PENDING, BUILDING)
RENEWED_S = 10.0  # how often a build says that it goes on
LAPSED_S = 60.0  # one that has said nothing for so long is over
_LATEST = "latest"

Record = dict[str, Any]


def log_uid(name: str, tag: str = "") -> str:
    """What the log of a function's build, and its background task, are called in its project."""
    return f"build-{name}-{tag or _LATEST}"


class BuildRecord:
    """
    One build of one function, from ``pending`` over ``building`` to ``ready`` or ``error``.

    Example::

        with BuildRecord(function, db, masker) as record:
            record.finish(builder.build(plan, record.log), plan.base_image)

    Args:
        masker: Makes stars of secrets in the log and in errors.
    """

    def __init__(self, function: BaseRuntime, db: RunDB, masker: Masker) -> None:
        meta = function.metadata
        self._function, self._db, self._masker = function, db, masker
        self._key = (log_uid(meta.name, meta.tag), meta.project)
        self._log = LogWriter(db, *self._key, masker=masker)
        self._stop = threading.Event()
        self._renewal = threading.Thread(target=self._renew, name="mlrun-build-renewal", daemon=True)

    def log(self, data: bytes) -> None:
        self._log.write(data)

    def announce(self) -> None:
        """It is to begin soon."""
        self._db.store_log(*self._key, b"")
        self._store_task("running")
        self._renewal.start()
        self._store(PENDING)

    def __enter__(self) -> BuildRecord:
        if not self._renewal.is_alive():
            self.announce()
        self._store(BUILDING)
        return self

    def finish(self, image: str, base_image: str) -> None:
        """
        The image is there; the function takes it.

        With it the function is another version. The one before is no longer being built either; it is the
        latest for a moment, and ``status.container_image`` says its image.
        """
        self._say_no_more()
        function = self._function
        function.status.container_image = image
        self._store(READY)
        function.spec.image = image
        function.spec.build.base_image = base_image  # so that the next build does not start from this image
        self._store(READY)
        self._store_task("succeeded")

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if error is None:
            return
        text = self._masker.mask(_said(error))
        if isinstance(error, MLRunBaseError):
            error.args = (text,)  # what was printed last is part of it, secrets included
        self._log.write(f"\n{text}\n".encode())
        self._say_no_more()
        self._store(ERROR, text)
        self._store_task("failed", text)

    def _say_no_more(self) -> None:
        self._stop.set()
        self._renewal.join()
        self._log.close()

    def _store(self, state: str, error: str = "") -> None:
        function = self._function
        function.status.state, function.status.error = state, error
        function.metadata.hash = self._db.store_function(
            function.to_dict(), function.metadata.name, function.metadata.project, function.metadata.tag, True
        )

    def _store_task(self, state: str, error: str = "") -> None:
        name, project = self._key
        self._db.store_background_task(
            {
                "metadata": {"name": name, "kind": KIND, "project": project},
                "spec": {"process": liveness.process_stamp()},
                "status": {"state": state, "error": error},
            }
        )

    def _renew(self) -> None:
        while not self._stop.wait(RENEWED_S):
            try:
                self._store_task("running")
            except MLRunBaseError as error:  # the next time may go better, and the build goes on
                logger.warning(f"that {self._key[0]} goes on can not be recorded: {error}")


def settled(function: Record, db: RunDB) -> Record:
    """
    *function* as it is: where its build is recorded as going on, and nobody builds, that is ended.

    Behind an API server that is the server's affair.
    """
    status, meta = function.get("status") or {}, function["metadata"]
    if status.get("state") not in LIVE or db.kind in ("http", "https") or not meta.get("tag"):
        return function  # one without a tag is no longer anybody's version
    key = (log_uid(meta["name"], meta.get("tag", "")), meta["project"])
    reason = _why_over(db, *key)
    if not reason:
        return function
    function = {**function, "status": {**status, "state": ERROR, "error": reason}}
    db.store_log(*key, f"\n{reason}\n".encode(), append=True)
    db.store_function(function, meta["name"], meta["project"], meta.get("tag", ""), versioned=True)
    return function


def _why_over(db: RunDB, name: str, project: str) -> str:
    """Empty where the build goes on."""
    try:
        task = db.get_background_task(name, project)
    except MLRunNotFoundError:
        return "nothing is known of the build of this function; it has to be started again"
    if task["status"]["state"] != "running":
        return "the build of this function ended without saying how; it has to be started again"
    stamp = (task.get("spec") or {}).get("process") or {}
    where = f"the process that built the image (pid {stamp.get('pid')} on host {stamp.get('host')})"
    if liveness.is_gone(stamp):
        return f"{where} is gone; the build has to be started again"
    if task["metadata"]["updated"] < times.days_before_now(LAPSED_S / 86_400):
        return f"{where} has said nothing for {LAPSED_S:g} s; the build has to be started again"
    return ""


def _said(error: BaseException) -> str:
    if isinstance(error, KeyboardInterrupt):
        return "the build was interrupted"
    return str(error) or type(error).__name__
