"""An object of S3 as a file here: several parts of it at once, each written as it comes."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import IO, Any

PART = 64 << 20  # bytes; none is in memory as a whole
AT_ONCE = 4
BLOCK = 1 << 20  # bytes that are read at once, at most
TRIES = 5  # of a part whose connection breaks


def download(filesystem: Any, path: str, target: str) -> None:
    """
    Write the object *path* of s3fs's *filesystem* to the new file *target*.

    Raises:
        OSError: What s3fs makes of the server's error, or what this machine says.
    """
    running = asyncio.run_coroutine_threadsafe(_download(filesystem, path, target), filesystem.loop)
    try:
        running.result()
    except BaseException:  # Ctrl-C, too: the other thread would go on
        running.cancel()
        raise


async def _download(filesystem: Any, path: str, target: str) -> None:
    with open(target, "xb") as file:
        await _Download(filesystem, path, file).run()


class _Download:
    """
    One object on its way to *file*.

    The first answer is of the whole object: it tells the size, and gives the first part. The others are asked
    for the same bytes (by their etag): an object that is replaced meanwhile is an error, never a mixture.
    """

    def __init__(self, filesystem: Any, path: str, file: IO[bytes]) -> None:
        self._filesystem = filesystem
        self._path = path
        self._file = file
        self._size = 0
        self._same: dict[str, str] = {}

    async def run(self) -> None:
        whole = await self._ask()
        self._size = whole["ContentLength"]
        self._same = {"IfMatch": whole["ETag"]} if whole.get("ETag") else {}
        starts = iter(range(PART, self._size, PART))
        first = self._fetch(0, whole["Body"])
        works = [self._work(starts, first), *(self._work(starts) for _ in range(1, AT_ONCE))]
        workers = [asyncio.ensure_future(work) for work in works]
        try:
            await asyncio.gather(*workers)
        finally:  # the first part that failed ends the others
            for worker in workers:
                worker.cancel()
            await asyncio.gather(*workers, return_exceptions=True)

    async def _work(self, starts: Iterator[int], first: Any = None) -> None:
        if first:
            await first
        for start in starts:
            await self._fetch(start)

    async def _fetch(self, start: int, body: Any = None) -> None:
        """The part that begins at *start*; after a connection broke, what is still missing of it."""
        end = min(start + PART, self._size)
        for _ in range(TRIES):
            body = body or await self._ask_for(start, end)
            start = await self._write(body, start, end)
            body = None
            if start == end:
                return
        raise OSError(f"the connection broke {TRIES} times; bytes {start} to {end} are missing")

    async def _write(self, body: Any, start: int, end: int) -> int:
        """Write what *body* gives, and say how far that is: *end*, unless the connection breaks."""
        from s3fs.core import S3_RETRYABLE_ERRORS

        try:
            while start < end and (block := await body.read(min(BLOCK, end - start))):
                self._file.seek(start)
                start += self._file.write(block)
        except S3_RETRYABLE_ERRORS:
            pass  # the caller asks for the rest
        finally:
            body.close()
        return start

    async def _ask_for(self, start: int, end: int) -> Any:
        try:
            return (await self._ask(Range=f"bytes={start}-{end - 1}", **self._same))["Body"]
        except OSError as error:
            if "(PreconditionFailed)" in str(error.__cause__):
                raise OSError("it was replaced while it was read") from error
            raise

    async def _ask(self, **more: str) -> Any:
        bucket, key, version = self._filesystem.split_path(self._path)
        named = {"VersionId": version} if version else {}
        return await self._filesystem._call_s3(
            "get_object", Bucket=bucket, Key=key, **named, **self._filesystem.req_kw, **more
        )
