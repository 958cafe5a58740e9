"""An SFTP server on paramiko, for tests of stores: one user, one folder."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
from collections.abc import Iterator
from typing import Any

import paramiko


@contextlib.contextmanager
def serve(listening: socket.socket, folder: str, user: str, password: str) -> Iterator[None]:
    """Serve *folder* on *listening* while the block runs."""
    key = paramiko.RSAKey.generate(2048)
    transports: list[paramiko.Transport] = []
    login = _Login(user, password)
    files = type("Files", (_Files,), {"root": folder})

    def accept() -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:  # closed
                return
            transport = paramiko.Transport(connection)
            transport.add_server_key(key)
            transport.set_subsystem_handler("sftp", paramiko.SFTPServer, files)
            transports.append(transport)
            with contextlib.suppress(paramiko.SSHException, EOFError):
                transport.start_server(server=login)

    thread = threading.Thread(target=accept, name="sftp", daemon=True)
    thread.start()
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            listening.shutdown(socket.SHUT_RDWR)
        thread.join()
        for transport in transports:
            transport.close()


class _Login(paramiko.ServerInterface):  # type: ignore[misc]  # the library has no types
    def __init__(self, user: str, password: str) -> None:
        self._known = (user, password)

    def check_auth_password(self, username: str, password: str) -> int:
        accepted = (username, password) == self._known
        return int(paramiko.AUTH_SUCCESSFUL if accepted else paramiko.AUTH_FAILED)

    def check_channel_request(self, kind: str, chanid: int) -> int:
        return int(paramiko.OPEN_SUCCEEDED)


class _Files(paramiko.SFTPServerInterface):  # type: ignore[misc]
    root = ""

    def _real(self, path: str) -> str:
        return self.root + str(self.canonicalize(path))

    def list_folder(self, path: str) -> Any:
        try:
            folder = self._real(path)
            return [self._attributes(os.path.join(folder, name), name) for name in os.listdir(folder)]
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno)

    def _attributes(self, path: str, name: str) -> Any:
        return paramiko.SFTPAttributes.from_stat(os.lstat(path), name)

    def stat(self, path: str) -> Any:
        try:
            return self._attributes(self._real(path), os.path.basename(path))
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno)

    lstat = stat

    def open(self, path: str, flags: int, attr: Any) -> Any:
        try:
            descriptor = os.open(self._real(path), flags, 0o666)
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno)
        handle = paramiko.SFTPHandle(flags)
        mode = "rb" if not flags & (os.O_WRONLY | os.O_RDWR) else "ab" if flags & os.O_APPEND else "wb"
        handle.readfile = handle.writefile = os.fdopen(descriptor, mode if not flags & os.O_RDWR else "r+b")
        return handle

    def _do(self, verb: Any, *arguments: Any) -> int:
        try:
            verb(*arguments)
        except OSError as error:
            return int(paramiko.SFTPServer.convert_errno(error.errno))
        return int(paramiko.SFTP_OK)

    def remove(self, path: str) -> int:
        return self._do(os.remove, self._real(path))

    def rename(self, oldpath: str, newpath: str) -> int:
        return self._do(os.rename, self._real(oldpath), self._real(newpath))

    posix_rename = rename

    def mkdir(self, path: str, attr: Any) -> int:
        return self._do(os.mkdir, self._real(path))

    def rmdir(self, path: str) -> int:
        return self._do(os.rmdir, self._real(path))
