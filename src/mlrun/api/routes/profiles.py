"""Datastore profiles of a project; the private part of one goes in and never comes out."""

from __future__ import annotations

from starlette.responses import Response

from mlrun.api.answers import as_json, done
from mlrun.api.codec import Call, Rule
from mlrun.api.service_shapes import Profile
from mlrun.errors import MLRunInvalidArgumentError


def store(call: Call) -> Response:
    profile = call.record()
    named = profile.get("project")
    if named not in (None, "", call.project):
        raise MLRunInvalidArgumentError(
            f"the profile names the project {named!r}, the address {call.project!r}; they have to agree"
        )
    call.db.store_datastore_profile(profile, call.project)
    return as_json(call.db.get_datastore_profile(profile["name"], call.project))


def list_all(call: Call) -> Response:
    return as_json(call.db.list_datastore_profiles(call.project))


def read(call: Call) -> Response:
    return as_json(call.db.get_datastore_profile(call.path["profile"], call.project))


def delete(call: Call) -> Response:
    call.db.delete_datastore_profile(call.path["profile"], call.project)
    return done()


_ALL = "/projects/{project}/datastore-profiles"
_ONE = "/projects/{project}/datastore-profiles/{profile}"
RULES = (
    Rule("PUT", _ALL, store, "Store a datastore profile, or replace it", takes=Profile, gives=Profile),
    Rule("GET", _ALL, list_all, "List datastore profiles by name", gives=list[Profile]),
    Rule("GET", _ONE, read, "Read the public part of a datastore profile", gives=Profile, errors=(404,)),
    Rule("DELETE", _ONE, delete, "Delete a datastore profile", errors=(404,)),
)
