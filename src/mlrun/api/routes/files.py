"""Files behind artifacts, from the allowed folders and addresses only."""

from __future__ import annotations

import mimetypes
import os
import posixpath
from urllib.parse import unquote

from starlette.responses import Response

from mlrun import urls
from mlrun.api.answers import as_json
from mlrun.api.codec import Call, Rule
from mlrun.api.parameters import number, text
from mlrun.api.shapes import FileStat
from mlrun.datastore import DataItem, get_dataitem, links
from mlrun.errors import MLRunAccessDeniedError, MLRunInvalidArgumentError

MOST = 64 << 20  # bytes in one answer
# A page among the artifacts must not act in the name of who looks at it.
HARMLESS = {"content-security-policy": "sandbox", "x-content-type-options": "nosniff"}


def read(call: Call) -> Response:
    item = _item(call)
    size, offset = call.number("size") or 0, call.number("offset") or 0
    whole = item.stat().size
    if not size and (whole is None or whole - offset > MOST):
        raise MLRunInvalidArgumentError(
            f"the file has {whole or 'unknown'} bytes; {MOST} are given at once: ask with size and offset"
        )
    is_past_the_end = whole is not None and offset >= whole
    body = b"" if is_past_the_end else item.get(min(size, MOST) or None, offset)
    return Response(body, headers={"content-type": _content_type(item.url), **HARMLESS})


def stat(call: Call) -> Response:
    item = _item(call)
    found = item.stat()
    modified = found.modified.isoformat() if found.modified else None
    return as_json({"size": found.size, "modified": modified, "mimetype": _content_type(item.url)})


def allowed(address: str, places: tuple[str, ...]) -> str:
    """
    *address* in full, where it lies in one of *places*: folders and beginnings of addresses.

    Raises:
        MLRunAccessDeniedError: It does not.
    """
    scheme = urls.scheme(address)
    if scheme in ("", "file"):
        path = os.path.realpath(address.partition("://")[2] if scheme else address)
        roots = [os.path.realpath(place) for place in places if not urls.scheme(place)]
        if any(os.path.commonpath((root, path)) == root for root in roots):
            return path
    elif _is_plain(address) and any(
        address.startswith(place if place.endswith("/") else f"{place}/")
        for place in places
        if urls.scheme(place)
    ):
        return address
    raise MLRunAccessDeniedError(
        f"{urls.without_secrets(address)!r} is in none of the places that this server gives files from"
        " (its setting httpdb.allowed_file_paths)"
    )


def _item(call: Call) -> DataItem:
    path, schema = call.text("path"), call.text("schema")
    if not path or "\0" in path:
        raise MLRunInvalidArgumentError("path=... is needed: the address of a file")
    address = f"{schema}://{path.lstrip('/')}" if schema and schema != "file" else path
    if urls.is_store_url(address):
        address = links.resolve(address, call.db).target
    place = allowed(address, call.house.allowed_paths)
    if os.path.isabs(place) and os.path.exists(place) and not os.path.isfile(place):
        raise MLRunInvalidArgumentError(f"{path!r} is not a file")  # reading a pipe would never end
    return get_dataitem(place)


def _is_plain(address: str) -> bool:
    """Whether nothing in it leads elsewhere: no ``..`` (also encoded), user name, control characters."""
    path = unquote(address.partition("://")[2])
    return posixpath.normpath(f"/{path}") == f"/{path.rstrip('/')}" and "@" not in path and path.isprintable()


def _content_type(url: str) -> str:
    return mimetypes.guess_type(url)[0] or "application/octet-stream"


_WHICH = (
    text("path", "Its address: a path, a URL or store://."),
    text("schema", "The scheme of the address, where the path has none."),
)
_PART = (
    number("offset", "Bytes before it.", default=0),
    number("size", "Bytes at most; 0 is all of them, of a file of 64 MB at most.", default=0),
)
_READ = Rule(
    "GET",
    "/projects/{project}/files",
    read,
    "The bytes of a file behind an artifact",
    (*_WHICH, *_PART),
    gives="*/*",
    errors=(404,),
)
_STAT = Rule(
    "GET",
    "/projects/{project}/filestat",
    stat,
    "Size, time and type of a file behind an artifact",
    _WHICH,
    gives=FileStat,
    errors=(404,),
)
RULES = (_READ, _STAT, _READ.at("/files"), _STAT.at("/filestat"))
