"""What each address needs of who calls it: a role, and for some a login that is not limited to projects."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from typing import NamedTuple

from mlrun.api.access import Caller, Role
from mlrun.errors import MLRunAccessDeniedError

READING = ("GET", "HEAD", "OPTIONS")
EVERY_PROJECT = ("", "*")

# What an editor may not, by method and address; docs/server.md has the same table in words.
_FOR_ADMINS = re.compile(
    r"DELETE /projects/\{\w+\}"  # a whole project
    r"|\w+ /.*\b(secrets?|secret-keys|user-secrets)\b.*"  # also their names
    r"|(POST|PUT|PATCH|DELETE) /.*\bdatastore-profiles\b.*"  # they carry secrets
    r"|(POST|PUT|PATCH|DELETE) /hub/.*"  # what every project loads code from
    r"|\w+ /.*\b(tokens|operations|_internal|memory-reports)\b.*"  # the server itself
)
# Addresses without a project that limited callers may use: what they answer is limited, or about no project.
_ACROSS = frozenset(
    {
        *("/healthz", "/healthz/ready", "/openapi.json", "/docs", "/authorization/verifications"),
        *("/client-spec", "/frontend-spec", "/hub/sources"),
        *("/projects", "/project-summaries"),
        *("/runs", "/funcs", "/artifacts", "/files", "/filestat"),
        *("/background-tasks", "/background-tasks/{name}"),
        *(
            "/submit_job",
            "/build/function",
            "/build/status",
            "/start/function",
            "/status/function",
        ),  # of a project, which the body or query names
    }
)
_ASKING = frozenset(
    {"/authorization/verifications", "/status/function"}
)  # with a body, and without changing anything
_OF_PROJECT = re.compile(r"/.*\{project\}.*|/(projects|project-summaries)/\{name\}.*")


class Need(NamedTuple):
    """What an address needs."""

    role: Role
    is_across: bool = False  # it may tell of every project, and nothing limits it


@functools.cache
def need_of(method: str, path: str) -> Need:
    """
    What *method* needs at the address *path*, which is a rule's: ``/projects/{project}/runs``.

    An address that nobody has thought about needs a viewer for reading and an editor for anything else,
    and is closed to callers who are limited to projects.
    """
    is_reading = method in READING
    role = Role.VIEWER if is_reading or path in _ASKING else Role.EDITOR
    if _FOR_ADMINS.fullmatch(f"{method} {path}"):
        role = Role.ADMIN
    return Need(role, path not in _ACROSS and not _OF_PROJECT.fullmatch(path))


def refuse_unless(caller: Caller, method: str, path: str, values: Mapping[str, str], asked: str = "") -> None:
    """
    Args:
        values: What stands in the places of *path*: ``{"project": "iris"}``.
        asked: The project in the query, where an address has it there.

    Raises:
        MLRunAccessDeniedError: *caller* may not; the same for a project that is there and one that is not.
    """
    need = need_of(method, path)
    if caller.role < need.role:
        raise MLRunAccessDeniedError(
            f"{method} {path} needs the role {need.role.word}; this login is {caller.role.word}"
        )
    if caller.projects is None:
        return
    if need.is_across:
        raise MLRunAccessDeniedError(
            f"{method} {path} is about every project; this login is limited to {named(caller.projects)}"
        )
    is_named = path.startswith(("/projects/{name}", "/project-summaries/{name}"))
    for project in (values.get("project", ""), values.get("name", "") if is_named else "", asked):
        if project not in EVERY_PROJECT:
            refuse_foreign(caller.projects, project)


def refuse_foreign(projects: frozenset[str], project: str) -> None:
    """
    Raises:
        MLRunAccessDeniedError: *project* is none of *projects*.
    """
    if project not in projects:
        raise MLRunAccessDeniedError(
            f"this login is limited to {named(projects)}, and {project[:99]!r} is not among them"
        )


def named(projects: frozenset[str]) -> str:
    return f"the project{'s' if len(projects) > 1 else ''} {', '.join(sorted(projects))}"
