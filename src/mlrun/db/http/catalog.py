"""Functions and projects over HTTP."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from mlrun.db import times
from mlrun.db.base import Labels, Record
from mlrun.db.http.delivery import Delivery, json_of, only_given, place
from mlrun.db.http.wire import AWAY
from mlrun.db.journal import Message
from mlrun.db.sql import records
from mlrun.errors import MLRunNotFoundError
from mlrun.model.query import label_list
from mlrun.urls import check_key

_FORMATS = ("full", "name_only")
_STRATEGIES = ("check", "restricted", "cascade")


class Catalog(Delivery):
    """The functions and the projects of the port."""

    def store_function(
        self, function: Record, name: str, project: str = "", tag: str = "", versioned: bool = False
    ) -> str:
        from mlrun.model.function import function_hash

        record = records.as_record(function, "a function")
        name, what = records.required(name, "the name of a function"), f"function {name}"
        metadata = records.part(record, "metadata", what)
        records.labels_of(metadata, what)
        scope = project or metadata.get("project") or records.default_project()
        record["metadata"] = {**metadata, "name": name, "project": scope}
        text = records.dump(record, what)
        params = only_given(tag=check_key(tag or "latest", "tag"), versioned=bool(versioned))
        own_hash = function_hash(records.load(text))
        about = _about(scope, name, own_hash)
        path = f"v1/{place(scope, 'functions', name)}"
        answer = self._write(Message("POST", path, params, text.encode(), about=about))
        return own_hash if answer is None else str(json_of(answer)["hash_key"])

    def get_function(self, name: str, project: str = "", tag: str = "", hash_key: str = "") -> Record:
        scope = project or records.default_project()
        params = only_given(tag="" if hash_key else tag, hash_key=hash_key)
        function: Record = self._get(f"v1/{place(scope, 'functions', name)}", params)["func"]
        return function

    def has_function(self, name: str, project: str, hash_key: str) -> bool:
        """While the server is away: whether it is in the journal; storing it again changes nothing."""
        scope = project or records.default_project()
        try:
            self.get_function(name, scope, hash_key=hash_key)
        except MLRunNotFoundError:
            return False
        except AWAY:
            return next(self.journal.pending(_about(scope, name, hash_key)), None) is not None
        return True

    def list_functions(
        self,
        name: str = "",
        project: str = "",
        tag: str = "",
        labels: Labels = None,
        since: Any = None,
        until: Any = None,
        hash_key: str = "",
        **kwargs: Any,
    ) -> list[Record]:
        records.refuse_unknown(kwargs, self.list_functions)
        params = only_given(
            name=name,
            tag="" if tag == "*" else tag,
            label=label_list(labels),
            since=times.of_caller(since, "since"),
            until=times.of_caller(until, "until"),
            hash_key=hash_key,
            format="full",
        )
        return self._pages(f"v1/{place(project or '*', 'functions')}", "funcs", params)

    def delete_function(self, name: str, project: str = "") -> None:
        scope = project or records.default_project()
        message = Message("DELETE", f"v2/{place(scope, 'functions', name)}")
        self._finished(self._ask(message, is_safe=True), scope)

    def create_project(self, project: Record) -> Record:
        record = records.as_record(project, "a project")
        name = records.part(record, "metadata", "a project").get("name")
        body = records.dump(record, f"project {records.required(name, 'the name of a project')}").encode()
        answer = self._ask(Message("POST", "v1/projects", [("wait-for-completion", "false")], body))
        self._finished(answer, str(name))
        created: Record = json_of(answer) if answer.status_code != 202 else self.get_project(str(name))
        return created

    def store_project(self, name: str, project: Record) -> Record:
        records.required(name, "the name of a project")
        body = records.dump(records.as_record(project, "a project"), f"project {name}").encode()
        stored: Record = json_of(self._ask(Message("PUT", f"v1/{place(name)}", body=body)))
        return stored

    def get_project(self, name: str) -> Record:
        project: Record = self._get(f"v1/{place(name)}")
        return project

    def list_projects(
        self, owner: str = "", format_: str = "full", labels: Labels = None, state: str = "", **kwargs: Any
    ) -> list[Any]:
        records.refuse_unknown(kwargs, self.list_projects)
        word = records.one_of(format_ or "full", _FORMATS, "format of projects")
        params = only_given(owner=owner, format=word, label=label_list(labels), state=state)
        found: list[Any] = self._get("v1/projects", params)["projects"]
        return found

    def delete_project(self, name: str, deletion_strategy: str = "restricted") -> None:
        strategy = records.one_of(str(deletion_strategy), _STRATEGIES, "deletion strategy")
        message = Message("DELETE", f"v2/projects/{quote(name, safe='')}")
        headers = {"x-mlrun-deletion-strategy": strategy}
        self._finished(self._ask(message, is_safe=True, headers=headers), name)


def _about(project: str, name: str, hash_key: str) -> str:
    return f"function {project}/{name}@{hash_key}"
