"""The port: who starts runs that do not run in this process, and ends them."""

from __future__ import annotations

import abc
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any, ClassVar, NamedTuple, Protocol

from mlrun.cluster.base import Reach, Resource, Secrets
from mlrun.errors import MLRunNotImplementedServerError
from mlrun.model.run import Run

Record = dict[str, Any]


class Place(NamedTuple):
    """What a pod has to know of where it will run."""

    cluster: str  # its kind
    reach: Reach
    runs_operators: bool
    dbpath: str  # where the pod finds the database; with its secrets, so never in a resource
    namespace: str = ""


class Private(NamedTuple):
    """What a pod has to know, and no resource, record or log may show."""

    task: Mapping[str, str] = {}  # secrets of the task, by name
    project: Mapping[str, str] = {}  # those of the project
    login: Mapping[str, str] = {}  # variables by which the pod logs in to the database


class Work(NamedTuple):
    """A run, made ready for a cluster."""

    resource: Resource
    secrets: Secrets  # what the resource refers to, see Cluster.create


class Function(Protocol):
    """What a launcher asks of a function object; the kinds of ``runtimes`` that need a cluster have it."""

    kind: str

    def to_dict(self) -> Record: ...

    def pod_name(self, run: Run) -> str:
        """Of the pod or resource that does *run*: the same for the same attempt at the same run."""
        ...

    def manifest(self, run: Run, place: Place, private: Private) -> Work:
        """
        The resource (or, where no operators run, the pod) that does *run*.

        Raises:
            MLRunInvalidArgumentError: Such a function or run can not be done there.
        """
        ...


class Launcher(abc.ABC):
    """
    Starts runs in pods.

    ``local`` has a cluster and a database of its own, as the API server has; ``remote`` asks an API server.
    """

    owns_runs: ClassVar[bool] = False  # a run that this process waits for is ended with the waiting

    @property
    def reach(self) -> Reach | None:
        """What its pods have of this machine; None where a server on another one starts them."""
        return None

    @abc.abstractmethod
    def submit(self, function: Function, run: Run, secrets: Record | None = None) -> Run:
        """
        Store *run* as pending and see to it that it runs once; gives it as it is stored then.

        The pod's name follows from the run, so submitting the same run again starts nothing twice.

        Args:
            secrets: Of the task, name to value; in no record.

        Raises:
            MLRunInvalidArgumentError: The cluster can not run such a function or run; nothing is stored.
            MLRunRuntimeError: The cluster refuses it; the run is stored as error with the reason.
            MLRunServiceUnavailableError: It can not be reached; the same.
        """

    def resubmit(self, run: Run, secrets: Record) -> Run:
        """
        Have a sweep whose iterations have pods gone on with; gives it as it is stored then.

        Raises:
            MLRunConflictError: It is completed, or goes on.
            MLRunNotImplementedServerError: Whoever asks has to drive it here.
        """
        raise MLRunNotImplementedServerError(f"nobody but this process would drive the sweep {run.key}")

    @abc.abstractmethod
    def schedule(self, function: Function, run: Run, schedule: Any) -> Record:
        """
        Have *run* submitted anew at the times of *schedule* (five fields, or their dictionary).

        Returns:
            ``{"schedule", "project", "name", "action": "created" | "modified"}``

        Raises:
            MLRunInvalidArgumentError: A schedule that is none, or never fires.
            MLRunNotImplementedServerError: Nobody here lives long enough to fire it; says who does.
        """

    @abc.abstractmethod
    def abort(self, run: Run, text: str = "", grace_s: float | None = None) -> None:
        """
        End the pod of *run*, with a time of grace, and store the run as aborted.

        Raises:
            MLRunConflictError: It has ended already.
        """

    @abc.abstractmethod
    def wait(self, run: Run, show_logs: bool = True) -> Run:
        """
        Until *run* has ended, printing its log; one whose pod is gone is ended, with the reason.

        Where nobody but who waits would begin the next attempt at a run that failed, this attempt is all.
        """

    def check(self, function: Function, run: Run) -> None:
        """
        Refuse what :meth:`submit` would refuse, and store nothing.

        Raises:
            MLRunInvalidArgumentError: As :meth:`submit`.
            MLRunNotImplementedServerError: The API server does that.
        """
        raise MLRunNotImplementedServerError(f"whether run {run.key} can run is for the API server to say")

    def marks(self) -> Record:
        """What ``status.process`` says of a run whose pods this has started, beside their names."""
        return {}

    def run_children(
        self, function: Function, parent: Run, runs: Iterator[Run], at_once: int, secrets: Record
    ) -> Iterator[Run]:
        """
        Run the iterations of *parent* in pods of their own, at most *at_once* at a time.

        Each is given when it has ended, in any order; whoever stops asking aborts those that are live.

        Raises:
            MLRunNotImplementedServerError: Others do that here.
        """
        raise MLRunNotImplementedServerError(f"the sweep {parent.key} is driven by the API server")

    def live_pods(self, run: Run) -> list[str]:
        """
        The pods of *run* and of its iterations that have not ended; runs whose pod has are ended before.

        Raises:
            MLRunNotImplementedServerError: As :meth:`run_children`.
            MLRunServiceUnavailableError: The cluster can not be reached.
        """
        raise MLRunNotImplementedServerError(f"the pods of run {run.key} are looked after by the API server")

    def watched(self, run: Run) -> AbstractContextManager[object]:
        """While the block runs, *run* is ended if its pod has ended without its having said so."""
        return nullcontext()  # a server does it by itself

    def settle(self, run: Run) -> None:  # noqa: B027 - a server does it by itself
        """
        As :meth:`watched`, by one look.

        Raises:
            MLRunServiceUnavailableError: The cluster can not be reached.
        """
