"""Every address this package understands, parsed and printed in one place."""

from __future__ import annotations

import re
from typing import NamedTuple

from mlrun.errors import MLRunInvalidArgumentError

# An artifact key becomes a file name and a part of addresses.
KEY = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?")
STORE_KINDS = ("artifacts", "datasets", "models", "feature-sets", "feature-vectors")
_STORE_TAIL = re.compile(
    r"(?P<key>[^#:@^\s]+)(#(?P<iter>\d+))?(:(?P<tag>[^@^]+))?(@(?P<tree>[^^:]+))?(\^(?P<uid>[^:@]+))?"
    r"(:(?P<tag2>[^@^]+))?"
)
_FUNCTION = re.compile(
    r"((?P<project>[^/@:]+)/)?(?P<name>[^/@:\s]+)(:(?P<tag>[^@:/]+))?(@(?P<hash>[^:/@]+))?(:(?P<tag2>[^@:/]+))?"
)
_RUN = re.compile(r"(?P<project>[^@]+)@(?P<uid>[^#:]+)(#(?P<iter>\d+))?(:(?P<tag>.+))?")


class StoreURL(NamedTuple):
    """``store://<kind>/<project>/<key>[#iter][:tag][@tree][^uid]``"""

    kind: str = "artifacts"
    project: str = ""
    key: str = ""
    iter: int | None = None
    tag: str = ""
    tree: str = ""
    uid: str = ""

    def __str__(self) -> str:
        text = f"store://{self.kind}/{self.project}/{self.key}"
        text += f"#{self.iter}" if self.iter is not None else ""
        text += f":{self.tag}" if self.tag else ""
        text += f"@{self.tree}" if self.tree else ""
        return text + (f"^{self.uid}" if self.uid else "")


class FunctionURL(NamedTuple):
    """``[db://][project/]name[:tag][@hash]``"""

    project: str
    name: str
    tag: str = ""
    hash: str = ""

    def __str__(self) -> str:
        text = f"{self.project}/{self.name}"
        return text + (f":{self.tag}" if self.tag else "") + (f"@{self.hash}" if self.hash else "")


class RunURL(NamedTuple):
    """``project@uid#iter[:tag]``"""

    project: str
    uid: str
    iter: int = 0
    tag: str = ""

    def __str__(self) -> str:
        return f"{self.project}@{self.uid}#{self.iter}" + (f":{self.tag}" if self.tag else "")


def scheme(url: str) -> str:
    """The part before ``://`` in lower case; empty for a path."""
    head, separator, _ = url.partition("://")
    return head.lower() if separator else ""


def _without(url: str, name: str) -> str:
    return url.partition("://")[2] if scheme(url) == name else url


def is_store_url(url: str) -> bool:
    return scheme(url) == "store"


def parse_store_url(url: str, project: str = "default") -> StoreURL:
    """
    Args:
        url: With or without ``store://``; the kind and the project may be left out.
        project: Where *url* names none.

    Raises:
        MLRunInvalidArgumentError: The form is another one.
    """
    kind, rest = "artifacts", _without(url, "store").strip("/")
    head, _, tail = rest.partition("/")
    if tail and head in STORE_KINDS:
        kind, rest = head, tail
    if "/" in rest:
        project, _, rest = rest.partition("/")
    match = _STORE_TAIL.fullmatch(rest)
    if not match or not project:
        raise MLRunInvalidArgumentError(
            f"{url!r} is not a store address; it reads store://<kind>/<project>/<key>[#iter][:tag][@tree][^uid]"
            f" with a kind of {', '.join(STORE_KINDS)}"
        )
    part = match.groupdict()
    return StoreURL(
        kind,
        project,
        part["key"],
        int(part["iter"]) if part["iter"] else None,
        part["tag"] or part["tag2"] or "",
        part["tree"] or "",
        part["uid"] or "",
    )


def parse_function_url(url: str, project: str = "default") -> FunctionURL:
    """
    Raises:
        MLRunInvalidArgumentError: The form is another one.
    """
    match = _FUNCTION.fullmatch(_without(url, "db").strip("/"))
    if not match:
        raise MLRunInvalidArgumentError(
            f"{url!r} is not a function address; it reads [db://]<project>/<name>[:tag][@hash]"
        )
    part = match.groupdict()
    return FunctionURL(
        part["project"] or project, part["name"], part["tag"] or part["tag2"] or "", part["hash"] or ""
    )


def parse_run_url(url: str) -> RunURL:
    """
    Raises:
        MLRunInvalidArgumentError: The form is another one.
    """
    match = _RUN.fullmatch(url)
    if not match:
        raise MLRunInvalidArgumentError(
            f"{url!r} is not a run address; it reads <project>@<uid>#<iter>[:tag]"
        )
    part = match.groupdict()
    return RunURL(part["project"], part["uid"], int(part["iter"] or 0), part["tag"] or "")


def check_key(key: str, what: str = "artifact key") -> str:
    """
    Give *key* back when it may name a file and stand in an address.

    Raises:
        MLRunInvalidArgumentError: It holds a separator, ``..`` or another character that may not be there.
    """
    if not isinstance(key, str) or not KEY.fullmatch(key) or ".." in key:
        raise MLRunInvalidArgumentError(
            f"{key!r} is not a valid {what}: letters, digits, '-', '_' and '.' (not twice in a row),"
            " and a letter or digit at both ends"
        )
    return key


def normalize_name(name: str) -> str:
    """A function's name as it is stored: lower case, ``-`` for spaces and underscores."""
    return re.sub(r"[\s_]+", "-", name.strip().lower())


def passwords_in(url: str) -> set[str]:
    """The password of ``user:password@host``, as it stands there and as it is meant."""
    from urllib.parse import unquote

    found = re.match(r"[^:/]+://[^:@/?#]*:([^/?#]+)@", url)
    return {found[1], unquote(found[1])} if found else set()


def without_secrets(url: str) -> str:
    """*url* for messages and records: the password of ``user:password@host`` is stars."""
    head, separator, rest = url.partition("://")
    if not separator:
        return url
    end = re.search(r"[/?#]", rest)
    authority = rest[: end.start()] if end else rest
    if "@" in authority:
        rest = re.sub(r"^([^:@]*):.+(?=@)", r"\1:***", authority) + rest[len(authority) :]
    elif re.match(r"[^:]+:(?!\d*$)", authority):  # no port: a secret with a slash in it
        rest = re.sub(r"^([^:]*):[^@]*@", r"\1:***@", rest)
    return f"{head}://" + re.sub(r"(?i)([?&][^=&#]*(?:password|secret|token|key)=)[^&#]+", r"\1***", rest)
