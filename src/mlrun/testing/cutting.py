"""A way to a server that can be cut, as networks are."""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing_extensions import Self


class CuttingProxy:
    """
    Passes on every connection to *address* (``host:port``), until they are cut.

    Example::

        with CuttingProxy("10.0.0.1:6443") as proxy:
            client = connect(proxy.port)
            proxy.cut()
    """

    def __init__(self, address: str) -> None:
        host, _, port = address.rpartition(":")
        self._address = (host, int(port))
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self.cuts = 0
        self._connections: list[socket.socket] = []
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._accept, daemon=True)]

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(self, *error: object) -> None:
        with contextlib.suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._threads[0].join(10)
        self._listening.close()
        self.cut()
        for thread in self._threads:
            thread.join(10)
        for connection in self._connections:
            connection.close()

    def cut(self) -> None:
        """End every connection, wherever it is."""
        with self._lock:
            self.cuts += 1
            for connection in self._connections:
                with contextlib.suppress(OSError):  # it is ending anyway
                    connection.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listening.accept()
            except OSError:
                return
            far = socket.create_connection(self._address)
            with self._lock:
                self._connections += [near, far]
            for ends in ((near, far), (far, near)):
                thread = threading.Thread(target=self._pass_on, args=ends, daemon=True)
                self._threads.append(thread)
                thread.start()

    def _pass_on(self, one: socket.socket, other: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while part := one.recv(65536):
                other.sendall(part)
        with contextlib.suppress(OSError):
            other.shutdown(socket.SHUT_WR)
