"""The bodies and answers that are no records of the model; fields that are not named here survive too."""

from __future__ import annotations

from typing import Any

import msgspec

from mlrun.model.artifact import ArtifactMetadata, ArtifactSpec, ArtifactStatus
from mlrun.model.base import Model, field
from mlrun.model.function import FunctionMetadata, FunctionSpec
from mlrun.model.run import Run

Record = dict[str, Any]


class Reason(msgspec.Struct):
    reason: str  # the name of the exception, and its sentence


class Error(msgspec.Struct):
    """What was wrong; clients raise the exception that the reason names."""

    detail: Reason


class Page(msgspec.Struct):
    """What leads to the next page; all null where there is none."""

    page: int | None
    page_size: int | None = msgspec.field(name="page-size")
    page_token: str | None = msgspec.field(name="page-token")


class Artifact(Model):
    """What was logged, where its bytes are, who made it."""

    kind: str = ""
    metadata: ArtifactMetadata = field(default_factory=ArtifactMetadata)
    spec: ArtifactSpec = field(default_factory=ArtifactSpec)
    status: ArtifactStatus = field(default_factory=ArtifactStatus)


class LineageNode(Model):
    """An artifact, a run or a file."""

    id: str = ""
    kind: str = ""
    name: str = ""


class LineageEdge(msgspec.Struct):
    """What was read by a run, or made by it."""

    start: str = msgspec.field(name="from")
    to: str
    name: str
    digest: str
    is_exact: bool  # whether the run recorded the version that it read


class Lineage(msgspec.Struct):
    """A graph around one version of an artifact."""

    artifact: str  # the id of its node
    nodes: list[LineageNode]
    edges: list[LineageEdge]
    is_cut: bool  # whether there is more


class Function(Model):
    """Code, and everything around it that a run of the code needs."""

    kind: str = ""
    metadata: FunctionMetadata = field(default_factory=FunctionMetadata)
    spec: FunctionSpec = field(default_factory=FunctionSpec)
    status: Record = field(default_factory=dict)


class ProjectMetadata(Model):
    name: str = ""
    labels: Record = field(default_factory=dict)
    annotations: Record = field(default_factory=dict)


class ProjectSpec(Model):
    description: str = ""
    owner: str = ""
    goals: str = ""
    source: str = ""  # where its code comes from
    params: Record = field(default_factory=dict)
    functions: list[Any] = field(default_factory=list)
    workflows: list[Any] = field(default_factory=list)
    artifacts: list[Any] = field(default_factory=list)
    artifact_path: str = ""
    desired_state: str = ""


class ProjectStatus(Model):
    state: str = ""  # online | archived


class Project(Model):
    """What belongs together."""

    kind: str = "project"
    metadata: ProjectMetadata = field(default_factory=ProjectMetadata)
    spec: ProjectSpec = field(default_factory=ProjectSpec)
    status: ProjectStatus = field(default_factory=ProjectStatus)


class ProjectSummary(msgspec.Struct):
    """How much is in a project; recent is the last 24 hours."""

    name: str
    files_count: int
    models_count: int
    datasets_count: int
    documents_count: int
    feature_sets_count: int
    runs_running_count: int
    runs_failed_recent_count: int
    runs_completed_recent_count: int
    distinct_schedules_count: int
    distinct_scheduled_jobs_pending_count: int
    distinct_scheduled_pipelines_pending_count: int
    pipelines_completed_recent_count: int
    pipelines_failed_recent_count: int
    pipelines_running_count: int


class TaskMetadata(msgspec.Struct):
    name: str
    kind: str
    project: str | None
    created: str
    updated: str


class TaskStatus(Model):
    state: str = ""  # running | succeeded | failed
    error: str = ""


class BackgroundTask(msgspec.Struct):
    """Work that a request began; it is asked for by name until its state is succeeded or failed."""

    kind: str
    metadata: TaskMetadata
    spec: Record
    status: TaskStatus


class MetricPoint(Model):
    """One value of a series; without a time it is that of the request."""

    key: str = ""
    value: Any = None
    timestamp: Any = None
    labels: Record = field(default_factory=dict)


class ArtifactIdentifier(Model):
    """One version of an artifact; what is left out is any."""

    kind: str = ""
    key: str = ""
    iter: int | None = None
    uid: str = ""
    producer_id: str = ""  # the tree


class TaggedArtifacts(Model):
    kind: str = ""  # artifact
    identifiers: list[ArtifactIdentifier] = field(default_factory=list)


class Health(msgspec.Struct):
    version: str
    status: str


class FileStat(msgspec.Struct):
    size: int | None  # bytes
    modified: str | None  # ISO 8601
    mimetype: str


# Answers and bodies that wrap records, by the name of their schema.


class RunAnswer(msgspec.Struct):
    data: Run


class RunBodies(msgspec.Struct):
    runs: list[Run]


class Runs(msgspec.Struct):
    runs: list[Run]
    pagination: Page


class Notifications(msgspec.Struct):
    notifications: list[Record]


class Metrics(msgspec.Struct):
    metrics: list[MetricPoint]


class ArtifactAnswer(msgspec.Struct):
    data: Artifact


class Artifacts(msgspec.Struct):
    artifacts: list[Artifact]
    pagination: Page


class ArtifactTags(msgspec.Struct):
    project: str
    tags: list[str]


class FunctionTag(msgspec.Struct):
    project: str
    name: str
    tag: str
    hash: str  # of the version


class FunctionTags(msgspec.Struct):
    tags: list[FunctionTag]


class Tag(msgspec.Struct):
    project: str
    name: str


class FunctionHash(msgspec.Struct):
    hash_key: str


class FunctionAnswer(msgspec.Struct):
    func: Function


class Functions(msgspec.Struct):
    funcs: list[Function]
    pagination: Page


class Projects(msgspec.Struct):
    projects: list[Project | str]  # names with format=name_only


class ProjectSummaries(msgspec.Struct):
    project_summaries: list[ProjectSummary]


class BackgroundTasks(msgspec.Struct):
    background_tasks: list[BackgroundTask]


class LogSize(msgspec.Struct):
    size: int  # bytes
