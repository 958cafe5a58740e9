"""The database as a run sees it: what it writes about itself has no secret in it."""

from __future__ import annotations

from typing import Any, cast

from mlrun.db.base import RunDB
from mlrun.secrets import Masker

# What user code can put a text into; identities, states, times and addresses are never changed.
_RUN = {
    "metadata": ("labels", "annotations"),
    "spec": ("parameters", "inputs", "hyperparams", "notifications"),
    "status": ("error", "status_text", "reason", "results", "iterations"),
}
_ARTIFACT = {
    "metadata": ("labels", "description"),
    "spec": (
        *("inline", "src_path", "extra_data", "sources", "license", "schema", "header", "label_column"),
        *("column_metadata", "metrics", "parameters", "inputs", "outputs", "framework", "algorithm"),
        *("feature_vector", "feature_weights", "feature_stats", "default_config", "model_url"),
    ),
    "status": ("preview", "stats"),
}
_LABELS = ("kind", "owner", "host", "workflow")  # given by us, and looked for


def masked_run(record: dict[str, Any], masker: Masker) -> dict[str, Any]:
    """The record of a run as it may be kept."""
    return masked(record, _RUN, masker)


class MaskedDB:
    """
    Passes everything on to *db*, and masks what is written about runs and their artifacts.

    It lives as long as the context that has it.
    """

    def __init__(self, db: RunDB, masker: Masker) -> None:
        self.db, self.masker = db, masker

    def store_run(self, struct: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        return self.db.store_run(masked_run(struct, self.masker), *args, **kwargs)

    def store_metrics(self, uid: str, metrics: Any, *args: Any, **kwargs: Any) -> Any:
        return self.db.store_metrics(uid, self.masker.mask_value(metrics), *args, **kwargs)

    def store_artifact(self, key: str, artifact: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        return self.db.store_artifact(key, masked(artifact, _ARTIFACT, self.masker), *args, **kwargs)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.db, name)

    def __repr__(self) -> str:
        return f"<MaskedDB of {self.db!r}>"


def masked_db(db: RunDB, masker: Masker) -> RunDB:
    """*db*, where what is written is masked; one that does so already is wrapped anew."""
    inner = db.db if isinstance(db, MaskedDB) else db
    return cast(RunDB, MaskedDB(inner, masker))


def masked(record: dict[str, Any], fields: dict[str, tuple[str, ...]], masker: Masker) -> dict[str, Any]:
    """A copy of *record* with the secrets in *fields* of its parts as stars; itself where none is known."""
    if not masker:
        return record
    copy = dict(record)
    for part, names in fields.items():
        if isinstance(values := record.get(part), dict):
            copy[part] = {
                name: _masked(name, value, masker) if name in names else value
                for name, value in values.items()
            }
    return copy


def _masked(name: str, value: Any, masker: Masker) -> Any:
    if name == "labels" and isinstance(value, dict):
        ours = {key: value[key] for key in _LABELS if key in value}
        return {**masker.mask_value(value), **ours}
    return masker.mask_value(value)
