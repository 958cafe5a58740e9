"""One of several processes that serve a port, as mlrun.api.workers starts it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import signal
import socket
import sys
import threading
from typing import Any

from mlrun.api.access import Access
from mlrun.api.server import LAST_S, Served, serve_alone
from mlrun.db import get_run_db
from mlrun.log import logger


def main() -> None:
    """Serve what standard input says; end when told to, or when standard input ends."""
    asked_to_end: list[int] = []  # before there is a server that could be
    signal.signal(signal.SIGTERM, lambda number, _: asked_to_end.append(number))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the parent too, which tells us
    line = sys.stdin.buffer.readline()
    if not line:
        return
    told = json.loads(line)
    _name_lines(told["number"])
    db = get_run_db(told["database"])
    threading.Thread(target=_end_with_parent, daemon=True).start()
    access = Access(**{**told["access"], "hosts": tuple(told["access"]["hosts"])})

    def is_ready() -> None:
        _tell_parent()
        for number in asked_to_end:  # not at once: older uvicorns do not shut down what is just starting
            asyncio.get_running_loop().call_soon(os.kill, os.getpid(), number)

    try:
        with socket.socket(fileno=told["listener"]) as listener:
            serve_alone(Served(db, access, tuple(told["places"]), listener), is_ready)
    finally:
        db.close()


def _tell_parent() -> None:
    """That requests are taken now."""
    with contextlib.suppress(OSError):  # it is gone: that is seen elsewhere
        os.write(0, b"\n")


def _end_with_parent() -> None:
    """The line ends when the parent is gone, however it went."""
    with contextlib.suppress(ConnectionError):  # it went before it had read that we are ready
        while os.read(0, 1024):  # not sys.stdin, whose lock nobody could take when this process ends
            pass
    logger.error("the parent of this worker is gone; the worker ends, too")
    os.kill(os.getpid(), signal.SIGTERM)
    threading.Timer(LAST_S + 5, os._exit, [1]).start()


def _name_lines(number: int) -> None:
    """Each line of the log says which worker it is from."""

    def name(record: logging.LogRecord) -> bool:
        values: dict[str, Any] = record.__dict__.setdefault("values", {})
        values["worker"] = number
        return True

    logging.getLogger("mlrun").addFilter(name)


if __name__ == "__main__":
    main()
