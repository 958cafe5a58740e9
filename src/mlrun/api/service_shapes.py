"""The bodies and answers of what a service keeps: secrets, profiles, schedules."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from mlrun.api.shapes import Function
from mlrun.model.base import Model, field

Record = dict[str, Any]


class Secrets(Model):
    """Texts by key; they go in and do not come out again."""

    provider: str = "kubernetes"  # which here is the place of the records
    secrets: dict[str, str] = field(default_factory=dict)


class SecretKeys(msgspec.Struct):
    provider: str
    secret_keys: list[str]


class Profile(Model):
    """Where the addresses of one data store lead, under a name."""

    name: str = ""
    type: str = ""
    object: str = ""  # JSON with values in base64, as clients write it
    private: str | None = None  # the same; it is kept as a secret and not given back
    project: str = ""


class Submission(Model):
    """What is to be run, now or at the times of a schedule."""

    task: Any = None  # a task or a run
    function: Any = None  # itself, or its address; without it the task's spec.function
    schedule: Any = None  # the text of five fields, or {"minute", "hour", ...}


class Submitted(msgspec.Struct):
    """The run as it is stored, or {"schedule", "project", "name", "action"}."""

    data: Record


class Schedule(Model):
    """What is to be run when."""

    name: str = ""
    kind: str = "job"  # job | pipeline
    project: str = ""
    scheduled_object: Any = None
    cron_trigger: Any = None  # the text of five fields, or {"minute", "hour", ...}
    desired_state: str = ""
    labels: Record | None = None
    concurrency_limit: int | None = None
    creation_time: str = ""
    state: str = ""
    next_run_time: str | None = None  # null: it does not fire (any more)
    last_run_uri: str | None = None
    last_run_time: str | None = None
    missed_count: int = 0  # firings at times when no server was there
    skipped_count: int = 0  # firings that started nothing: too many runs were live, or it could not be made
    status_text: str | None = None  # what was not as it should be the last time


class Schedules(msgspec.Struct):
    schedules: list[Schedule]


class ObjectNames(msgspec.Struct):
    """Of objects of bundles: file/<sha256> or node/<sha256>."""

    objects: list[str]


class Verification(msgspec.Struct):
    resource: str
    action: Literal["create", "read", "update", "delete", "store"]


class Build(msgspec.Struct):
    """
    What is to be built for a function.

    builder_env are variables of the build, and stay in no record; source is the bundle://<digest> that a
    folder was shipped as.
    """

    function: Function
    with_mlrun: bool | str | None = None  # yes | no; null is what the function says
    mlrun_version_specifier: str = ""
    builder_env: Record = msgspec.field(default_factory=dict)
    skip_deployed: bool = False
    force_build: bool = False
    source: str = ""


class ClusterOf(msgspec.Struct):
    """A function of kind dask: by its address, or by the labels that MLRun's clients give."""

    functionUrl: str = ""  # project/name, with :tag or @hash
    selector: str = ""  # mlrun/project=iris,mlrun/function=scale,mlrun/tag=latest
    kind: str = "dask"


class StatusAnswer(msgspec.Struct):
    """state, scheduler_address, cluster_name ... of the function."""

    data: Record


class BuildAnswer(msgspec.Struct):
    data: Function
    ready: bool  # whether its image is there
