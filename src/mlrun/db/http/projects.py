"""Projects over HTTP, with the keys of their secrets and their datastore profiles."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from mlrun.db import records
from mlrun.db.base import Labels, Record
from mlrun.db.http.delivery import Delivery
from mlrun.db.http.paths import json_of, only_given, place
from mlrun.db.messages import Message
from mlrun.errors import MLRunAccessDeniedError, MLRunInvalidArgumentError
from mlrun.model.answer import Answer
from mlrun.model.base import dump_json
from mlrun.model.query import label_list

_FORMATS = ("full", "name_only")
_STRATEGIES = ("check", "restricted", "cascade")
_PATCH_MODES = ("replace", "additive")


class Projects(Delivery):
    """The projects of the port; what is secret goes to the server at once, and waits in no file."""

    def create_project(self, project: Record) -> Record:
        record = records.as_record(project, "a project")
        name = records.part(record, "metadata", "a project").get("name")
        body = records.dump(record, f"project {records.required(name, 'the name of a project')}").encode()
        answer = self._ask(Message("POST", "v1/projects", [("wait-for-completion", "false")], body))
        self._finished(answer, str(name))
        created: Record = json_of(answer) if answer.status != 202 else self.get_project(str(name))
        return created

    def store_project(self, name: str, project: Record) -> Record:
        records.required(name, "the name of a project")
        body = records.dump(records.as_record(project, "a project"), f"project {name}").encode()
        stored: Record = json_of(self._ask(Message("PUT", f"v1/{place(name)}", body=body)))
        return stored

    def get_project(self, name: str) -> Record:
        project: Record = self._get(f"v1/{place(name)}")
        return project

    def patch_project(self, name: str, project: Record, patch_mode: str = "replace") -> Record:
        mode = records.one_of(str(patch_mode), _PATCH_MODES, "patch mode")
        body = records.dump(records.as_record(project, "a project"), f"project {name}").encode()
        message = Message("PATCH", f"v1/{place(records.required(name, 'the name of a project'))}", body=body)
        headers = {"x-mlrun-patch-mode": mode}
        patched: Record = json_of(self._ask(message, is_safe=True, headers=headers))
        return patched

    def list_projects(
        self, owner: str = "", format_: str = "full", labels: Labels = None, state: str = "", **kwargs: Any
    ) -> list[Any]:
        records.refuse_unknown(kwargs, self.list_projects)
        word = records.one_of(format_ or "full", _FORMATS, "format of projects")
        params = only_given(owner=owner, format=word, label=label_list(labels), state=state)
        found: list[Any] = self._get("v1/projects", params)["projects"]
        return found

    def summarize_projects(self, names: list[str]) -> list[Record]:
        summaries = self._get("v1/project-summaries")["project_summaries"]
        found = {summary["name"]: summary for summary in summaries}
        return [found[name] for name in names if name in found]

    def delete_project(self, name: str, deletion_strategy: str = "restricted") -> None:
        strategy = records.one_of(str(deletion_strategy), _STRATEGIES, "deletion strategy")
        message = Message("DELETE", f"v2/projects/{quote(name, safe='')}")
        headers = {"x-mlrun-deletion-strategy": strategy}
        self._finished(self._ask(message, is_safe=True, headers=headers), name)

    # secrets

    def create_project_secrets(
        self, project: str, provider: str = "kubernetes", secrets: dict[str, str] | None = None
    ) -> None:
        body = dump_json({"provider": str(provider), "secrets": _texts(secrets or {})})
        message = Message("POST", f"v1/{place(project, 'secrets')}", body=body)
        self._ask(message, is_safe=True)

    def list_project_secret_keys(
        self, project: str, provider: str = "kubernetes", token: str | None = None
    ) -> Record:
        path = f"v1/{place(project, 'secret-keys')}"
        headers = {"x-mlrun-secret-store-token": token} if token else None
        keys: Record = json_of(
            self._ask(Message("GET", path, only_given(provider=provider)), headers=headers)
        )
        return Answer(keys)

    def delete_project_secrets(
        self, project: str, provider: str = "kubernetes", secrets: list[str] | None = None
    ) -> None:
        if secrets is not None and not secrets:
            return  # the wire can not tell none from all
        params = only_given(provider=provider, secret=secrets)
        self._ask(Message("DELETE", f"v1/{place(project, 'secrets')}", params), is_safe=True)

    def read_project_secrets(self, project: str) -> dict[str, str]:
        raise MLRunAccessDeniedError(
            f"the values of project {project!r}'s secrets do not leave {self.wire.url};"
            " list_project_secret_keys() names them, and a run that the server starts reads them"
        )

    # datastore profiles

    def store_datastore_profile(self, profile: Record, project: str = "") -> None:
        scope = project or records.default_project()
        body = dump_json({**records.as_record(profile, "a datastore profile"), "project": scope})
        self._ask(Message("PUT", f"v1/{place(scope, 'datastore-profiles')}", body=body), is_safe=True)

    def get_datastore_profile(self, name: str, project: str = "") -> Record:
        scope = project or records.default_project()
        found: Record = self._get(f"v1/{place(scope, 'datastore-profiles', name)}")
        return Answer(_public(found))

    def list_datastore_profiles(self, project: str = "") -> list[Record]:
        scope = project or records.default_project()
        found: list[Record] = self._get(f"v1/{place(scope, 'datastore-profiles')}")
        return [Answer(_public(profile)) for profile in found or ()]

    def delete_datastore_profile(self, name: str, project: str = "") -> None:
        scope = project or records.default_project()
        self._ask(Message("DELETE", f"v1/{place(scope, 'datastore-profiles', name)}"), is_safe=True)

    def read_datastore_profile_secrets(self, name: str, project: str = "") -> str:
        scope = project or records.default_project()
        raise MLRunAccessDeniedError(
            f"the private part of datastore profile {name!r} in project {scope} does not leave"
            f" {self.wire.url}; a run that the server starts reads it, and here the environment may hold it"
        )


def _public(profile: Record) -> Record:
    """MLRun's servers send the place of the private part as well."""
    return {key: value for key, value in profile.items() if key != "private"}


def _texts(secrets: dict[str, Any]) -> dict[str, Any]:
    """What JSON would take for something else is answered here, without the value."""
    for key, value in secrets.items():
        if not isinstance(value, str):
            raise MLRunInvalidArgumentError(
                f"the value of secret {key!r} is text, not {type(value).__name__}"
            )
    return secrets
