"""Functions over HTTP."""

from __future__ import annotations

from typing import Any

from mlrun.db import records
from mlrun.db.base import Record
from mlrun.db.http import listings
from mlrun.db.http.delivery import Delivery
from mlrun.db.http.paths import json_of, only_given, place
from mlrun.db.http.wire import AWAY
from mlrun.db.messages import Message
from mlrun.errors import MLRunNotFoundError
from mlrun.model.base import load_json
from mlrun.urls import check_key


class Functions(Delivery):
    """The functions of the port."""

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
        self._own.keep(about, text.encode())
        return own_hash if answer is None else str(json_of(answer)["hash_key"])

    def get_function(self, name: str, project: str = "", tag: str = "", hash_key: str = "") -> Record:
        scope = project or records.default_project()
        params = only_given(tag="" if hash_key else tag, hash_key=hash_key)
        try:
            function: Record = self._get(f"v1/{place(scope, 'functions', name)}", params)["func"]
        except AWAY:
            known = self._known_function(_about(scope, name, hash_key)) if hash_key else None
            if known is None:
                raise
            return known
        return function

    def has_function(self, name: str, project: str, hash_key: str) -> bool:
        """
        While the server is away: whether this process has stored it, or it waits.

        Storing it again changes nothing.
        """
        scope = project or records.default_project()
        try:
            self._get(f"v1/{place(scope, 'functions', name)}", only_given(hash_key=hash_key))
        except MLRunNotFoundError:
            return False
        except AWAY:
            return self._known_function(_about(scope, name, hash_key)) is not None
        return True

    def _known_function(self, name: str) -> Record | None:
        waiting = next(self.journal.pending(name), None)
        body = waiting.body if waiting else self._own.get(name)
        function: Record | None = load_json(body) if body else None
        if function is not None:
            function["metadata"]["hash"] = name.rpartition("@")[2]
        return function

    def list_functions(self, *args: Any, **kwargs: Any) -> list[Record]:
        return self._listed(listings.list_functions(*args, **kwargs))

    def paginated_list_functions(
        self,
        *args: Any,
        page: int | None = None,
        page_size: int | None = None,
        page_token: str | None = None,
        **kwargs: Any,
    ) -> tuple[list[Record], str | None]:
        """One page of :meth:`list_functions`, as :meth:`paginated_list_runs` gives those of runs."""
        listing = listings.list_functions(*args, **kwargs).in_pages()
        return self._page_of(listing, page, page_size, page_token)

    def list_function_tags(self, project: str = "") -> list[Record]:
        tags: list[Record] = self._get(f"v1/{place(project or '*', 'function-tags')}")["tags"]
        return tags

    def delete_function(self, name: str, project: str = "") -> None:
        scope = project or records.default_project()
        message = Message("DELETE", f"v2/{place(scope, 'functions', name)}")
        self._own.forget(f"function {scope}/{name}@")
        self._finished(self._ask(message, is_safe=True), scope)


def _about(project: str, name: str, hash_key: str) -> str:
    return f"function {project}/{name}@{hash_key}"
