"""Secrets of a project: their keys are told, their values never."""

from __future__ import annotations

from starlette.responses import Response

from mlrun.api.answers import as_json, done
from mlrun.api.codec import Call, Rule
from mlrun.api.parameters import texts, word
from mlrun.api.service_shapes import SecretKeys, Secrets
from mlrun.errors import MLRunNotImplementedServerError

KUBERNETES = "kubernetes"  # MLRun's word for the place of the service's own


def create(call: Call) -> Response:
    body = call.record()
    secrets = body.get("secrets")
    call.db.create_project_secrets(call.project, body.get("provider") or KUBERNETES, secrets)
    call.house.service.keep_secrets(call.project, secrets or {})
    return done(201)


def list_keys(call: Call) -> Response:
    return as_json(call.db.list_project_secret_keys(call.project, call.text("provider")))


def refuse_values(call: Call) -> Response:
    return as_json(call.db.list_project_secrets(call.project, "", call.text("provider")))


def delete(call: Call) -> Response:
    keys = call.texts("secret") or None
    call.db.delete_project_secrets(call.project, call.text("provider"), keys)
    call.house.service.forget_secrets(call.project, keys)
    return done(204)


def create_of_user(call: Call) -> Response:
    raise MLRunNotImplementedServerError(
        "secrets of users are not built; secrets of a project are (POST projects/{project}/secrets)"
    )


_ALL = "/projects/{project}/secrets"
_PROVIDER = word("provider", (KUBERNETES,), "The place of the service's own.", default=KUBERNETES)
_SECRETS = texts("secret", "The keys; none is every one.")
RULES = (
    Rule("POST", _ALL, create, "Add secrets to those of a project", takes=Secrets, status=201),
    Rule("GET", _ALL, refuse_values, "Refused: values are not given back", (_PROVIDER,)),
    Rule("DELETE", _ALL, delete, "Delete secrets of a project", (_PROVIDER, _SECRETS), status=204),
    Rule(
        "GET",
        "/projects/{project}/secret-keys",
        list_keys,
        "The keys of a project's secrets",
        (_PROVIDER,),
        gives=SecretKeys,
    ),
    Rule(
        "POST",
        "/user-secrets",
        create_of_user,
        "Not built: secrets of users",
        errors=(501,),
    ),
)
