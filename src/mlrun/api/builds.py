"""Images that a server builds: in the background of its process, and truthfully after its end."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast

from mlrun.db.base import Record, RunDB
from mlrun.errors import MLRunInvalidArgumentError
from mlrun.log import logger
from mlrun.runtimes import kinds
from mlrun.runtimes.build_record import LIVE, BuildRecord, settled
from mlrun.runtimes.building import Building, BuildRequest

AT_ONCE = 2  # builds; the others wait


class Builds:
    """
    Builds images of functions for clients, who ask later how far it is. Threads may share an instance.

    A build belongs to the process that has taken it. When that stops, its builds end with an error; when it
    is killed, whoever asks for the state of one finds that out, and so does the next server.

    Args:
        db: Where functions and logs are; also for callers who may not see all of it.
    """

    def __init__(self, db: RunDB) -> None:
        self._db = db
        self._stop = threading.Event()
        self._threads = ThreadPoolExecutor(AT_ONCE, "mlrun-build")

    def start(self, function: Record, request: BuildRequest) -> tuple[Record, bool]:
        """
        Take the image that is there, or begin to build one.

        Returns:
            The function as it is stored, and whether its image is there.

        Raises:
            MLRunInvalidArgumentError: It is of a kind without an image.
            MLRunNotImplementedServerError: It is of a kind that is not built yet.
        """
        building = self._function(function)
        if building.find_image(request):
            return building.to_dict(), True
        request.plan(building)  # what is wrong with it is said at once
        record = building.record_of(request)
        record.announce()
        stored = building.to_dict()
        self._threads.submit(self._build, building, request, record)
        return stored, False

    def settled(self, function: Record) -> Record:
        """*function* as it is now, see :func:`mlrun.runtimes.build_record.settled`."""
        return settled(function, self._db)

    def settle(self) -> None:
        """End the builds that are recorded as going on, and that nobody does any more."""
        for function in self._db.list_functions(states=list(LIVE)):
            settled(function, self._db)

    def stop(self) -> None:
        """Let those that go on end; does not wait for that."""
        self._stop.set()

    def close(self) -> None:
        """Until none goes on, and each is recorded."""
        self.stop()
        self._threads.shutdown()

    def _function(self, record: Record) -> Building:
        word = str(record.get("kind") or "")
        kind: Any = kinds.get(word)
        if not issubclass(kind, Building):
            raise MLRunInvalidArgumentError(
                f"a function of kind {word!r} runs in the Python of its machine, and has no image;"
                " kind='job' has one"
            )
        return cast(Building, kind.from_dict(record).set_db_connection(self._db))

    def _build(self, function: Building, request: BuildRequest, record: BuildRecord) -> None:
        try:
            function.build_here(request, lambda data: None, self._stop, record)
        except Exception as error:  # it is recorded, and nobody waits for it here
            logger.warning(f"the image of {function.uri} is not built: {str(error).partition(chr(10))[0]}")
