"""The port: a way to tell people of a run."""

from __future__ import annotations

import abc
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from mlrun.config import mlconf
from mlrun.errors import MLRunInvalidArgumentError, nearest
from mlrun.model.run import Run

DONE = {
    "running": "has started",
    "completed": "is completed",
    "error": "has failed",
    "aborted": "was aborted",
}


@dataclass(frozen=True)
class News:
    """What is to be told: a message, and the run that it is about."""

    message: str
    severity: str
    run: Run

    @property
    def headline(self) -> str:
        """``[info] it is trained: run train is completed``"""
        run = self.run
        state = DONE.get(run.status.state, run.status.state)
        return f"[{self.severity}] {self.message}: run {run.metadata.name} {state}"

    def facts(self) -> dict[str, Any]:
        """What a reader wants to know next, by name."""
        run = self.run
        known = {
            "project": run.metadata.project,
            "uid": run.metadata.uid,
            "state": run.status.state,
            "results": run.status.results,
            "error": run.status.error or run.status.status_text,
            "link": link_of(run),
        }
        return {name: value for name, value in known.items() if value not in ("", {})}


class Notifier(abc.ABC):
    """
    One kind of notification; without state, an instance is made for each.

    A subclass says which parameters it takes, and sends; what it raises is recorded with the run.
    """

    params: ClassVar[tuple[str, ...]] = ()  # every one that it takes
    needs: ClassVar[tuple[str, ...]] = ()  # those that have to be given

    def check(self, params: Mapping[str, Any]) -> None:
        """
        Raises:
            MLRunInvalidArgumentError: A parameter that it does not take, or one that is missing.
        """
        for name in params:
            if name not in self.params:
                takes = ", ".join(self.params) or "none"
                raise MLRunInvalidArgumentError(
                    f"it takes no parameter {name!r}: {takes}.{nearest(name, self.params)}"
                )
        if missing := [name for name in self.needs if not params.get(name)]:
            raise MLRunInvalidArgumentError(f"it needs {_and(missing)} in params or secret_params")

    @abc.abstractmethod
    def send(self, news: News, params: Mapping[str, Any]) -> None:
        """
        Raises:
            MLRunBaseError: It did not arrive; no parameter that may be a secret is in the message.
        """


def link_of(run: Run) -> str:
    """The run's page in the dashboard; empty where there is none."""
    base = str(mlconf.ui_url).rstrip("/")
    place = f"mlrun/projects/{run.metadata.project}/jobs/monitor/{run.metadata.uid}/overview"
    return f"{base}/{place}" if base else ""


def _and(names: Iterable[str]) -> str:
    return " and ".join(repr(name) for name in names)
