"""Where an artifact's bytes go, and what shows them: the rules for paths, suffixes and viewers."""

from __future__ import annotations

import functools
import os
import re

from mlrun import urls
from mlrun.config import mlconf
from mlrun.errors import MLRunInvalidArgumentError, nearest
from mlrun.model.artifact import Producer

VIEWERS = {
    ".htm": "web-app",
    ".html": "web-app",
    ".json": "json",
    ".yaml": "yaml",
    ".yml": "yaml",
    ".txt": "text",
    ".log": "text",
    ".md": "text",
    ".py": "code",
    ".ipynb": "notebook",
    ".csv": "table",
    ".parquet": "table",
    ".pq": "table",
    ".jpg": "image",
    ".jpeg": "image",
    ".png": "image",
    ".gif": "image",
    ".svg": "image",
}
HASH = "{{hash}}"  # stands in a target path until the bytes are known
_TEMPLATE = re.compile(r"\{\{\s*([^{}]*?)\s*\}\}")


def viewer_of(path: str) -> str:
    """The viewer that shows a file of this name; empty for none."""
    return VIEWERS.get(os.path.splitext(path)[1].lower(), "")


def suffix_of(path: str) -> str:
    """``.gz`` brings the suffix before it along: ``model.tar.gz`` has ``.tar.gz``."""
    root, suffix = os.path.splitext(os.path.basename(path))
    return os.path.splitext(root)[1] + suffix if suffix in (".gz", ".bz2", ".xz") else suffix


def absolute(path: str) -> str:
    """A local path as every later process finds it; an address as it is."""
    return path if "://" in path else os.path.abspath(os.path.expanduser(path))


def target_of(producer: Producer, artifact_path: str, key: str, suffix: str) -> str:
    """
    ``<artifact path>/<run name>/<run uid>/<iteration>/<key><suffix>``; a project's ends in its key.

    The uid is left out where the artifact path has it already: no run overwrites the bytes of another one.

    Raises:
        MLRunInvalidArgumentError: *artifact_path* has a template that is not known, or has no value here.
    """
    folder = base_of(producer, artifact_path)
    if producer.kind == "run":
        folder += _run_part(
            producer.name, producer.uid, producer.iteration, producer.uid in folder.split("/")
        )
    return f"{folder}/{key}" + ("" if suffix and key.endswith(suffix) else suffix)


def base_of(producer: Producer, artifact_path: str) -> str:
    """
    The artifact path of a call, else of its producer, else the setting.

    It is absolute, its templates are filled in, and there is no ``/`` at its end.
    """
    uid = producer.uid if producer.kind == "run" else ""
    default = producer.artifact_path or str(mlconf.artifact_path or "")
    local = os.getcwd() if "://" not in (artifact_path or default) else ""
    return _base(artifact_path, default, producer.project, uid, producer.workflow, local)


def default_key(producer: Producer, key: str) -> str:
    """The ``db_key`` of an artifact: a run's name comes first, a project's artifact is only its key."""
    return f"{_path_name(producer.name)}_{key}" if producer.kind == "run" and producer.name else key


@functools.lru_cache(maxsize=256)
def _base(asked: str, default: str, project: str, uid: str, workflow: str, cwd: str) -> str:
    """The cached half of :func:`base_of`: the same for all artifacts of a run in one working folder."""
    path = _join_default(asked, default) or "artifacts"
    words = {"project": project, "run.project": project, "run.uid": uid, "workflow.uid": workflow}
    return absolute(_TEMPLATE.sub(lambda match: _word(match[1], words, path), path)).rstrip("/")


@functools.lru_cache(maxsize=256)
def _run_part(name: str, uid: str, iteration: int, has_uid: bool) -> str:
    parts = [_path_name(name) or "run", *([] if has_uid or not uid else [uid]), str(iteration)]
    return "/" + "/".join(parts)


def _join_default(asked: str, default: str) -> str:
    if not asked.startswith("+/"):
        return asked or default
    if ".." in asked.split("/"):
        raise MLRunInvalidArgumentError(
            f"artifact_path {asked!r}: '+/' adds to the run's own path {default!r}, and '..' would leave it"
        )
    return f"{default.rstrip('/')}/{asked[2:]}" if default else asked[2:]


def _word(word: str, words: dict[str, str], path: str) -> str:
    if value := words.get(word):
        return value
    if word in words:
        raise MLRunInvalidArgumentError(
            f"artifact_path {path!r}: {{{{{word}}}}} has no value here: there is no {word.split('.')[0]}"
        )
    known = ", ".join(f"{{{{{name}}}}}" for name in words)
    raise MLRunInvalidArgumentError(
        f"artifact_path {path!r}: {{{{{word}}}}} is not a template: {known}.{nearest(word, words)}"
    )


@functools.lru_cache(maxsize=256)
def _path_name(name: str) -> str:
    """A run's name as a folder and as a part of keys: what a key may not hold becomes ``-``."""
    text = re.sub(r"[^A-Za-z0-9_.-]+", "-", name)
    return re.sub(r"\.{2,}", ".", text).strip("-._")


def is_url(path: str) -> bool:
    return urls.scheme(path) not in ("", "file")
