"""The port: what any home of the records must be able to do; a treaty that one contract suite holds."""

from __future__ import annotations

import abc
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Union

from mlrun.db.lineage import Lineages
from mlrun.db.listings import Listings
from mlrun.db.projects import Projects
from mlrun.db.resuming import Resuming
from mlrun.db.service import Service
from mlrun.db.tagging import Tagging

if TYPE_CHECKING:
    from mlrun.model.lists import ArtifactList, RunList

Record = dict[str, Any]
Labels = Union[str, list[str], dict[str, Any], None]


class RunDB(Tagging, Projects, Service, Listings, Lineages, Resuming):
    """
    Stores records (as dictionaries) and gives them back.

    Keys that it does not know survive. A record that was given or returned is a copy: changing it changes
    nothing here. An empty project means the project in use (``mlconf.active_project``, else
    ``default_project``) when reading one record, when writing one first the project that it names itself,
    and every project when listing. An instance may be shared between threads, and goes on working in a
    forked child. What a call has acknowledged by returning survives the death of the process and of the
    machine. Times are ISO 8601 strings with their zone.
    """

    kind = url = ""  # the URL scheme, and what get_run_db would take, without secrets

    @property
    def address(self) -> str:
        """The URL with its secrets, for the children of this process; never printed, never stored."""
        return self.url

    @abc.abstractmethod
    def connect(self, secrets: Record | None = None) -> RunDB:
        """Open what is there, creating and migrating what is missing; gives itself back."""

    @abc.abstractmethod
    def close(self) -> None:
        """Give connections back; the next call opens them anew."""

    # runs

    @abc.abstractmethod
    def store_run(self, struct: Record, uid: str, project: str = "", iter: int = 0) -> None:
        """
        Insert or replace the run *struct*.

        Raises:
            MLRunConflictError: The stored run is in a final state and *struct* in
                another one: ``run default/3f2a is completed; a finished run can not
                go back to running``.
            MLRunInvalidArgumentError: No uid, or a state that is none.
        """

    @abc.abstractmethod
    def store_runs(self, structs: Iterable[Record]) -> None:
        """:meth:`store_run` for many at once, in one transaction: all or none; keys are in the metadata."""

    @abc.abstractmethod
    def update_run(self, updates: Record, uid: str, project: str = "", iter: int = 0) -> Record:
        """
        Set single values by dotted key, ``{"status.state": "completed"}``, and give the new body.

        ``status.last_update``, and with a final state ``status.end_time``, are set where *updates* do not.

        Raises:
            MLRunNotFoundError: No such run.
            MLRunConflictError: As :meth:`store_run`.
        """

    @abc.abstractmethod
    def read_run(self, uid: str, project: str = "", iter: int = 0, format_: str | None = None) -> Record:
        """
        Raises:
            MLRunNotFoundError: No such run: ``no run default/3f2a``.
        """

    @abc.abstractmethod
    def list_runs(
        self,
        name: str = "",
        uid: str | list[str] | None = None,
        project: str = "",
        labels: Labels = None,
        state: str = "",
        states: list[str] | None = None,
        sort: bool = True,
        last: int = 0,
        iter: bool = False,
        start_time_from: Any = None,
        start_time_to: Any = None,
        last_update_time_from: Any = None,
        last_update_time_to: Any = None,
        end_time_from: Any = None,
        end_time_to: Any = None,
        results: str | list[str] | None = None,
        partition_by: str | None = None,
        rows_per_partition: int = 1,
        partition_sort_by: str | None = None,
        partition_order: str = "desc",
        max_partitions: int = 0,
        with_notifications: bool = False,
        offset: int = 0,
        **kwargs: Any,
    ) -> RunList:
        """
        Runs that match every argument, newest first; see :class:`mlrun.model.query.RunQuery`.

        Times may be datetimes or ISO strings. *results* are comparisons that all have to hold:
        ``"accuracy > 0.9"``, with one of ``> >= < <= = !=`` and a number or a text. *partition_by*
        (``name`` or ``project_and_name``) gives the *rows_per_partition* runs of each group that are first
        by *partition_sort_by* (``created`` or ``updated``, the default) and *partition_order*, of the
        *max_partitions* groups that are first (0 is all). *offset* rows are left out at the beginning.
        *limit* is another word for *last*. *with_notifications* is taken for compatibility: a run's
        notifications are a part of it.

        A run that has ended and does not say when has done so at its last update.

        A run that is live in the record, but whose process on this machine is gone, is ended (state
        ``error``) before it is listed.

        Raises:
            MLRunInvalidArgumentError: A state that is none, or a keyword that is not known.
        """

    @abc.abstractmethod
    def del_run(self, uid: str, project: str = "", iter: int = 0) -> None:
        """Delete one run, if it is there; *iter* 0 with its log, metrics and children."""

    @abc.abstractmethod
    def del_runs(
        self,
        name: str = "",
        project: str = "",
        labels: Labels = None,
        state: str | None = None,
        days_ago: int = 0,
        uids: list[str] | None = None,
    ) -> int:
        """
        Delete the runs that match (names exact, or ``~part``), and give their number without children.

        Args:
            days_ago: Only runs that started at least so many days ago; 0 is any.

        Raises:
            MLRunInvalidArgumentError: No filter at all; ``del_runs(name="~")`` says that all are meant.
        """

    def abort_run(
        self, uid: str, project: str = "", iter: int = 0, timeout: int = 45, status_text: str = ""
    ) -> Record:
        """
        Mark a live run as aborted; who runs it notices at its next write.

        Raises:
            MLRunNotFoundError: No such run.
            MLRunConflictError: It has ended.
        """
        updates = {"status.state": "aborted", "status.status_text": status_text or "aborted by the user"}
        return self.update_run(updates, uid, project, iter)

    # logs: one a run (children share their parent's), a stream of bytes

    @abc.abstractmethod
    def store_log(
        self, uid: str, project: str = "", body: bytes | str = b"", append: bool = False, once: str = ""
    ) -> None:
        """
        Replace the log by *body*, or add it at the end.

        Args:
            once: A key of this write, made by its sender: a second call with the same key changes nothing,
                also after a restart, for a day at least.
        """

    @abc.abstractmethod
    def get_log(self, uid: str, project: str = "", offset: int = 0, size: int = 0) -> tuple[str, bytes]:
        """
        The run's state (read before the log, so that a final state means a whole log) and the
        bytes from *offset*, *size* at most (0 is all).

        Raises:
            MLRunNotFoundError: No such run and no log.
        """

    @abc.abstractmethod
    def get_log_size(self, uid: str, project: str = "") -> int:
        """Bytes; 0 where nothing was logged."""

    def watch_log(self, uid: str, project: str = "", watch: bool = True, offset: int = 0) -> tuple[str, int]:
        """
        Print the log from *offset*; with *watch* until the run ends. Gives state and end offset.

        Raises:
            MLRunNotFoundError: No such run.
        """
        from mlrun.db.follow import print_log

        return print_log(self, uid, project, watch, offset)

    # time series of metrics

    @abc.abstractmethod
    def store_metrics(
        self, uid: str, rows: list[Record], project: str = "", iter: int = 0, once: str = ""
    ) -> None:
        """
        Append rows ``{"key", "value": float, "timestamp": ISO 8601, "labels": {}}`` to a run's series.

        Args:
            once: As of :meth:`store_log`.
        """

    @abc.abstractmethod
    def list_metrics(
        self, uid: str, project: str = "", iter: int = 0, key: str = "", offset: int = 0, limit: int = 0
    ) -> list[Record]:
        """A run's metric rows as logged, of one *key* or all: *limit* (0 is all) from *offset* on."""

    # artifacts

    @abc.abstractmethod
    def store_artifact(
        self,
        key: str,
        artifact: Record,
        uid: str | None = None,
        iter: int | None = None,
        tag: str = "",
        project: str = "",
        tree: str | None = None,
    ) -> Record:
        """
        Store a version of the artifact under *key* (its ``db_key``), and give the stored record.

        The record gets ``metadata.uid`` (of its content, unless given), ``created``, ``updated`` and
        ``tag``; the tag ``latest`` and *tag* move to it. One tree (run) has one version of a key and
        iteration: storing it again replaces it.

        Raises:
            MLRunInvalidArgumentError: *key* can not name an artifact.
        """

    @abc.abstractmethod
    def read_artifact(
        self,
        key: str,
        tag: str = "",
        iter: int | None = None,
        project: str = "",
        tree: str | None = None,
        uid: str | None = None,
        format_: str | None = None,
    ) -> Record:
        """
        The newest version that matches; no tag, tree and uid means the tag ``latest``. A link is
        followed to what it links to.

        Raises:
            MLRunNotFoundError: ``no artifact default/train_model:v2``.
        """

    @abc.abstractmethod
    def list_artifacts(
        self,
        name: str = "",
        project: str = "",
        tag: str = "",
        labels: Labels = None,
        since: Any = None,
        until: Any = None,
        iter: int | None = None,
        best_iteration: bool = False,
        kind: str | None = None,
        category: str | None = None,
        tree: str | None = None,
        format_: str | None = None,
        limit: int | None = None,
        uid: str | None = None,
        parent: str | None = None,
        producer_uri: str | None = None,
        partition_by: str | None = None,
        rows_per_partition: int = 1,
        partition_sort_by: str | None = "updated",
        partition_order: str = "desc",
        offset: int = 0,
        **kwargs: Any,
    ) -> ArtifactList:
        """
        Versions that match every argument, newest first; see :class:`mlrun.model.query.ArtifactQuery`.

        *parent* is the address (or the key in it) that ``spec.parent_uri`` has, and *producer_uri* what
        ``spec.producer.uri`` is. *partition_by* as of :meth:`list_runs`, where the name is the key.
        *tag* ``''`` is ``latest`` (with a *tree* or *uid* any), ``'*'`` every version. *name* is found
        exactly, else anywhere in the key, so ``'ch'`` finds ``chart``; the key and the ``db_key`` both count.
        With *best_iteration* links are followed to the best child's artifact.

        Raises:
            MLRunInvalidArgumentError: A category or a keyword that is not known.
        """

    @abc.abstractmethod
    def del_artifact(
        self,
        key: str,
        tag: str = "",
        project: str = "",
        tree: str | None = None,
        uid: str | None = None,
        deletion_strategy: str = "metadata-only",
        secrets: Record | None = None,
        iter: int | None = None,
    ) -> None:
        """
        Delete the versions that match; no tag, tree and uid means every version of *key*. With the strategy
        ``data-optional`` the bytes that may be deleted go too; with ``data-force`` they do, or nothing does.

        Raises:
            MLRunInvalidArgumentError: ``data-force``, and the bytes may not be deleted.
        """

    @abc.abstractmethod
    def del_artifacts(
        self,
        name: str = "",
        project: str = "",
        tag: str = "",
        labels: Labels = None,
        days_ago: int = 0,
        tree: str | None = None,
    ) -> int:
        """
        Delete the versions that match (names exact, or ``~part``; *tag* as ``'*'``), and give their number.

        Raises:
            MLRunInvalidArgumentError: No filter at all; ``tag="*"`` says that all are meant.
        """

    # functions

    @abc.abstractmethod
    def store_function(
        self, function: Record, name: str, project: str = "", tag: str = "", versioned: bool = False
    ) -> str:
        """
        Store a version of the function, move *tag* (default ``latest``) to it, and give its hash.

        Every version stays readable by its hash, *versioned* or not. The hash is
        :func:`mlrun.model.function.function_hash`.
        """

    @abc.abstractmethod
    def get_function(self, name: str, project: str = "", tag: str = "", hash_key: str = "") -> Record:
        """
        By hash, else by tag (default ``latest``).

        Raises:
            MLRunNotFoundError: ``no function default/train:v2``.
        """

    @abc.abstractmethod
    def has_function(self, name: str, project: str, hash_key: str) -> bool:
        """Whether this version is stored."""

    @abc.abstractmethod
    def list_functions(
        self,
        name: str = "",
        project: str = "",
        tag: str = "",
        labels: Labels = None,
        since: Any = None,
        until: Any = None,
        hash_key: str = "",
        kind: str | None = None,
        states: list[str] | None = None,
        format_: str | None = None,
        limit: int | None = None,
        offset: int = 0,
        **kwargs: Any,
    ) -> list[Record]:
        """
        Versions that match, newest first, each with ``metadata.tag`` where a tag stands on it.

        *states* are of ``status.state``. *format_* is taken for compatibility: records are always whole.
        """

    @abc.abstractmethod
    def delete_function(self, name: str, project: str = "") -> None:
        """Delete every version; nothing happens if there is none."""
