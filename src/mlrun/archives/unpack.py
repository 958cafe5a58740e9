"""From an archive to a folder that is there as a whole, or not at all."""

from __future__ import annotations

import contextlib
import lzma
import os
import shutil
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator

from mlrun import files
from mlrun.archives.members import Member, members
from mlrun.archives.tree import Limits, Tree
from mlrun.errors import MLRunBaseError, MLRunInvalidArgumentError

_HEADERS = 4096  # bytes that a member of a tar file may take beside its content
_BROKEN = (
    *(zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, EOFError),
    *(NotImplementedError, RuntimeError, UnicodeError),  # a compression or cipher that zipfile does not know
)


def unpack(
    path: str,
    folder: str,
    limits: Limits,
    shown: str = "",
    checked: Callable[[Iterator[Member]], Iterator[Member]] = iter,
) -> None:
    """
    Make *folder* of the zip or tar file at *path*; what it is follows from its bytes.

    Symbolic links stay links where they lead to something in the folder, hard links become copies.

    Args:
        folder: Empty, or not there; its parent is.
        shown: What messages call the archive; by default its path.
        checked: Passes the members on, and raises where one is not wanted or missing, a sentence that
            begins with "its member" or "it".

    Raises:
        MLRunNotFoundError: There is no such file.
        MLRunInvalidArgumentError: It is no archive, is broken, leads out of its folder or becomes too much;
            *folder* is as it was.
        MLRunRuntimeError: It can not be read or written, for a reason of the system's.
    """
    shown = shown or path
    folder = os.path.abspath(folder)
    temporary = files.temporary_name(folder)
    try:
        with files.explained("unpack", shown), _said_of(shown), open(path, "rb") as file:
            os.mkdir(temporary)
            packed = os.fstat(file.fileno()).st_size
            tree = Tree(temporary, limits, packed)
            most = limits.bytes_of(packed) + _HEADERS * limits.members
            for member in checked(members(file, most)):
                tree.add(member)
            tree.finish()
            os.rename(temporary, folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


@contextlib.contextmanager
def _said_of(shown: str) -> Iterator[None]:
    """Errors in the block, as sentences about the archive."""
    try:
        yield
    except MLRunBaseError as error:
        raise MLRunInvalidArgumentError(f"{shown} is not unpacked: {error}") from error
    except _BROKEN as error:
        raise _broken(shown, error) from error
    except (FileExistsError, NotADirectoryError) as error:
        name = os.path.basename(str(error.filename2 or error.filename))  # of a link the second
        raise MLRunInvalidArgumentError(
            f"{shown} is not unpacked: it has a file and a folder of the name {name!r}"
        ) from error
    except OSError as error:
        if error.errno is None:  # of gzip and bz2, about the bytes
            raise _broken(shown, error) from error
        raise


def _broken(shown: str, error: Exception) -> MLRunInvalidArgumentError:
    reason = str(error) or type(error).__name__
    return MLRunInvalidArgumentError(
        f"{shown} is not a zip or tar file that can be read, or only a part of one: {reason}"
    )
