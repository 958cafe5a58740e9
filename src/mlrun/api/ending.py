"""The server process of uvicorn, which tells the application that it stops before it waits for it."""

from __future__ import annotations

import socket
from typing import cast

import uvicorn
from starlette.applications import Starlette


class Server(uvicorn.Server):
    """Streams that would not end by themselves, and builds, end when the server stops."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        state = cast(Starlette, self.config.app).state
        state.watches.close()
        state.builds.stop()
        await super().shutdown(sockets)
