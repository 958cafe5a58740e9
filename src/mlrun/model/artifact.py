"""The artifact record: what was logged, where its bytes are, who made it."""

from __future__ import annotations

from typing import Any

from mlrun.model.base import Model, field
from mlrun.urls import StoreURL

# The kinds that have a name of their own in addresses; every other one is an artifact.
URL_KINDS = {"dataset": "datasets", "model": "models"}


class ArtifactMetadata(Model):
    """Which artifact this is."""

    key: str = ""  # the name that the user gave
    project: str = ""
    iter: int | None = None  # the hyper-parameter child that logged it; 0 is the run itself
    tree: str = ""  # uid of the run (or workflow) that logged it
    tag: str = ""
    uid: str = ""  # of this version, given by the database
    hash: str = ""  # SHA-1 of the bytes, in hex
    labels: dict[str, Any] = field(default_factory=dict)
    created: str = ""  # ISO 8601 with its zone
    updated: str = ""
    description: str = ""


class ArtifactSpec(Model):
    """Where it is and what is in it, for every kind; a field that a kind does not have is not written."""

    src_path: str = ""  # the file that was uploaded
    target_path: str = ""  # where the bytes are; a folder's ends in '/'
    viewer: str = ""
    inline: Any = None  # the bytes themselves, where there is no file
    format: str = ""
    size: int | None = None  # bytes
    db_key: str = ""  # the key in the database and in store:// addresses
    extra_data: dict[str, Any] = field(default_factory=dict)  # name -> address, or file name in the folder
    producer: dict[str, Any] = field(default_factory=dict)
    sources: list[Any] = field(default_factory=list)  # the inputs it was made of
    license: str = ""
    unpackaging_instructions: dict[str, Any] = field(default_factory=dict)
    # dataset, table
    schema: Any = None  # a pandas table schema
    header: list[Any] = field(default_factory=list)
    length: int | None = None  # rows
    label_column: Any = None
    column_metadata: dict[str, Any] = field(default_factory=dict)
    # model
    model_file: str = ""  # file name in the folder
    model_url: str = ""  # a model that is served elsewhere
    default_config: dict[str, Any] = field(default_factory=dict)
    metrics: dict[str, Any] = field(default_factory=dict)
    parameters: dict[str, Any] = field(default_factory=dict)
    inputs: list[Any] = field(default_factory=list)  # {"name", "value_type"} of each feature
    outputs: list[Any] = field(default_factory=list)
    framework: str = ""
    algorithm: str = ""
    feature_vector: str = ""
    feature_weights: list[Any] = field(default_factory=list)
    feature_stats: dict[str, Any] = field(default_factory=dict)
    # link
    link_iteration: int | None = None
    link_key: str = ""
    link_tree: str = ""


class ArtifactStatus(Model):
    """What can be shown without reading the bytes."""

    state: str = ""
    stats: dict[str, Any] = field(default_factory=dict)
    preview: list[Any] = field(default_factory=list)
    header_original_length: int | None = None  # columns before the preview was cut


class Producer(Model, kw_only=False):
    """Who logs: a run, or a project outside of runs."""

    kind: str = "run"
    project: str = ""
    name: str = ""
    tag: str = ""
    owner: str = ""
    uid: str = ""  # of the run
    iteration: int = 0
    artifact_path: str = ""  # where artifacts go unless the call says another place; templates are filled in
    workflow: str = ""  # uid of the workflow that the run is a step of; it is the tree then
    uri: str = ""  # empty: made of project, uid and iteration
    sources: list[dict[str, Any]] = field(default_factory=list)  # what it has read so far

    @property
    def tree(self) -> str:
        """What its artifacts' versions belong to: the workflow, else the run."""
        return self.workflow or self.uid

    def get_meta(self) -> dict[str, Any]:
        """As an artifact's record has it."""
        meta = {"kind": self.kind, "name": self.name, "uri": self.uri or self._uri(), "owner": self.owner}
        return {**meta, "tag": self.tag} if self.tag else meta

    def _uri(self) -> str:
        iteration = f"-{self.iteration}" if self.iteration else ""
        return f"{self.project}/{self.uid}{iteration}" if self.uid else self.project


def store_url(kind: str, metadata: ArtifactMetadata, db_key: str) -> StoreURL:
    """The address of exactly this version, without its tag (which moves)."""
    return StoreURL(
        URL_KINDS.get(kind, "artifacts"),
        metadata.project,
        db_key or metadata.key,
        metadata.iter or 0,
        "",
        metadata.tree,
        metadata.uid,
    )
