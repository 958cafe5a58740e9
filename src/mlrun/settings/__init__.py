"""What may be set: each setting with its environment variable, type, unit, default and help."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping
from typing import Any

from mlrun.errors import MLRunInvalidArgumentError, nearest
from mlrun.settings.building import BUILDING
from mlrun.settings.clusters import CLUSTERS
from mlrun.settings.mpi import MPI
from mlrun.settings.setting import Setting as Setting
from mlrun.settings.spark import SPARK

_LEVELS = ("debug", "info", "warning", "warn", "error")
TABLE = (
    Setting("home", "path", "~/.mlrun", "Folder of the default database and of what this package keeps."),
    Setting(
        "dbpath",
        "str",
        "",
        "Database: a folder, a SQLite file, a `sqlite`, `postgresql` or `http` URL. Empty: the home.",
    ),
    Setting(
        "artifact_path",
        "str",
        "",
        "Folder or URL for artifacts; `{{run.uid}}` and `{{project}}` are filled in. Empty: `./artifacts`.",
    ),
    Setting("default_project", "str", "default", "Project of a run that names none."),
    Setting("active_project", "str", "", "Project in use; wins over `default_project`."),
    Setting(
        "namespace",
        "str",
        "",
        "Kubernetes namespace that functions run in. Empty: that of the context, or of this pod.",
    ),
    *CLUSTERS,
    *SPARK,
    *MPI,
    *BUILDING,
    Setting("log_level", "str", "INFO", "Least severe message that is printed.", choices=_LEVELS),
    Setting(
        "log_formatter",
        "str",
        "human",
        "Form of a log line: for people or for programs.",
        choices=("human", "json"),
    ),
    Setting(
        "runs.flush_interval", "float", 1.0, "A long run's results reach the database this often.", "seconds"
    ),
    Setting(
        "logs.flush_interval", "float", 0.2, "What a run prints can be read by others this soon.", "seconds"
    ),
    Setting("ipython_widget", "bool", True, "Show runs and artifacts as HTML tables in notebooks."),
    Setting(
        "ignored_notebook_tags",
        "str",
        "",
        "Cells with one of these tags are left out of code; separated by commas.",
    ),
    Setting("ui_url", "str", "", "Address of the dashboard, for links to runs."),
    Setting("artifacts.calculate_hash", "bool", True, "Keep the SHA-1 of an artifact's bytes in its record."),
    Setting(
        "artifacts.generate_target_path_from_artifact_hash",
        "bool",
        False,
        "Name an artifact's file by its hash, so that equal bytes are stored once.",
    ),
    Setting(
        "artifacts.datasets.max_preview_columns",
        "int",
        100,
        "A dataset's preview has at most this many.",
        "columns",
    ),
    Setting("packagers.enabled", "bool", True, "Log what handlers return."),
    Setting(
        "packagers.pack_tuples",
        "bool",
        False,
        "A returned tuple is one value; else one for each of `returns`.",
    ),
    Setting(
        "packagers.logging_worker", "int", 0, "Which of many workers (MPI) logs what they return.", "rank"
    ),
    Setting(
        "packagers.allow_pickle", "bool", False, "Read pickles that no run of the database in use has packed."
    ),
    Setting("secret_stores.vault.url", "str", "", "Address of HashiCorp Vault. Empty: `VAULT_ADDR`."),
    Setting("secret_stores.vault.role", "str", "", "Role that a pod logs in to Vault as."),
    Setting(
        "secret_stores.vault.token_path",
        "path",
        "~/.mlrun/vault",
        "File of the token for Vault, or the folder of a file `token`.",
    ),
    Setting(
        "secret_stores.azure_vault.url",
        "str",
        "https://{name}.vault.azure.net",
        "Address of the Azure vault `name`.",
    ),
    Setting(
        "secret_stores.kubernetes.path",
        "path",
        "",
        "Folder that a cluster's secrets are mounted in, a file each. Empty: none.",
    ),
    Setting(
        "sources.timeout",
        "float",
        600.0,
        "Fetching code from a repository takes at most this long.",
        "seconds",
    ),
    Setting(
        "sources.max_bytes", "int", 10_000_000_000, "An archive with code becomes no more than this.", "bytes"
    ),
    Setting(
        "sources.max_ratio",
        "int",
        100,
        "Nor more than this many times its own size, once that is over 100 MB.",
        "times",
    ),
    Setting("sources.max_members", "int", 100_000, "Nor has it more members than this.", "members"),
    Setting(
        "sources.cache_bytes",
        "int",
        5_000_000_000,
        "Commits and archives that were fetched are kept in the home up to this size.",
        "bytes",
    ),
    Setting(
        "bundles.path",
        "str",
        "",
        "Where folders with code are kept for pods: a folder or URL. Empty: the API server in use, else the"
        " home, if pods see it.",
    ),
    Setting(
        "bundles.max_bytes", "int", 500_000_000, "A folder that is shipped has no more than this.", "bytes"
    ),
    Setting("bundles.max_files", "int", 20_000, "Nor more files than this.", "files"),
    Setting(
        "bundles.keep_days",
        "float",
        30.0,
        "So long after it was shipped last, a folder may be deleted that no tagged function, schedule or run"
        " needs; the same for all that use its place. 0: never.",
        "days",
    ),
    Setting(
        "storage.auto_mount_type",
        "str",
        "auto",
        "Storage that the pods of every function mount, unless its `spec.disable_auto_mount` is set.",
        choices=("none", "auto", "v3io_credentials", "v3io_fuse", "pvc", "s3", "env"),
    ),
    Setting(
        "storage.auto_mount_params", "str", "", "Its parameters: `key=value,key=value`, or base64 of JSON."
    ),
    Setting(
        "preemptible_nodes.node_selector",
        "str",
        "e30=",
        "Labels of nodes that can be taken away, any of which marks one: JSON, or base64 of it.",
    ),
    Setting(
        "preemptible_nodes.tolerations", "str", "W10=", "Tolerations of their taints: JSON, or base64 of it."
    ),
    Setting(
        "function_defaults.preemption_mode",
        "str",
        "prevent",
        "Whether pods run on such nodes, where their function does not say.",
        choices=("allow", "constrain", "prevent", "none"),
    ),
    Setting(
        "notifications.timeout", "float", 10.0, "Wait this long for who takes a notification.", "seconds"
    ),
    Setting(
        "hub.default_source.name", "str", "default", "Name of the function hub that `hub://<function>` means."
    ),
    Setting(
        "hub.default_source.url", "str", "https://mlrun.github.io/marketplace", "Where that function hub is."
    ),
    Setting("submit_timeout", "int", 180, "Wait this long for an API server to take a run.", "seconds"),
    Setting("httpdb.port", "int", 8080, "Port that the API server listens on."),
    Setting(
        "httpdb.host", "str", "127.0.0.1", "Address that the API server listens on; `0.0.0.0` is every one."
    ),
    Setting("httpdb.workers", "int", 1, "Processes that serve at the API server's port.", "processes"),
    Setting(
        "httpdb.dsn",
        "str",
        "",
        "Database of the API server, in place of a folder: a file or a URL.",
        secret=True,
    ),
    Setting("httpdb.dirpath", "path", "", "Folder of the API server's database. Empty: the home."),
    Setting("httpdb.user", "str", "", "User name for an API server, and the one that it asks for."),
    Setting(
        "httpdb.password", "str", "", "Password for an API server, and the one that it asks for.", secret=True
    ),
    Setting(
        "httpdb.token",
        "str",
        "",
        "Bearer token for an API server, and the one that it asks for.",
        secret=True,
    ),
    Setting(
        "httpdb.allowed_hosts",
        "str",
        "",
        "Host names that the API server answers to, beside `localhost`; separated by commas, `*` is any."
        " Empty: on loopback none, else any.",
    ),
    Setting(
        "httpdb.allowed_file_paths",
        "str",
        "",
        "Folders and beginnings of URLs that the API server gives files from, beside `artifact_path`;"
        " separated by commas.",
    ),
    Setting(
        "httpdb.scheduling.min_allowed_interval",
        "str",
        "10 minutes",
        "A schedule that fires more often is refused.",
    ),
    Setting(
        "httpdb.scheduling.default_concurrency_limit",
        "int",
        1,
        "Runs of one schedule that may be live at once, where it does not say.",
        "runs",
    ),
    Setting(
        "httpdb.scheduling.misfire",
        "str",
        "once",
        "What becomes of the firings that were missed while no server was there: the last one is made up for"
        " (`once`), or none (`skip`).",
        choices=("once", "skip"),
    ),
    Setting(
        "runtime_resources_deletion_grace_period",
        "int",
        14_400,
        "Pods that ended more recently are left alone by `mlrun clean`, unless it is forced.",
        "seconds",
    ),
    Setting(
        "httpdb.http.timeout", "float", 10.0, "A call waits for an API server at most this long.", "seconds"
    ),
    Setting("httpdb.http.retries", "int", 3, "What may be sent twice is tried again so often.", "times"),
    Setting(
        "httpdb.http.backoff", "float", 0.1, "Pause before the first retry; doubled each time.", "seconds"
    ),
    Setting("httpdb.http.verify", "bool", True, "Check the certificate of an `https://` API server."),
    Setting(
        "httpdb.logs.pull_logs_default_interval", "float", 3.0, "Ask for new log lines this often.", "seconds"
    ),
)
SETTINGS: Mapping[str, Setting] = {setting.name: setting for setting in TABLE}
BOOLS = {
    "true": True,
    "yes": True,
    "on": True,
    "1": True,
    "false": False,
    "no": False,
    "off": False,
    "0": False,
}
_TYPES = {"str": str, "path": str, "int": int, "float": float, "bool": bool}
_WORDS = {
    "str": "text",
    "path": "a path",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
}


def parse(setting: Setting, text: str) -> Any:
    """The value in *text*, as JSON or as people write it; what can not be one comes back as text."""
    text = text.strip()
    if setting.type == "bool":
        return BOOLS.get(text.lower(), text)
    if setting.type in ("int", "float") or (len(text) > 1 and text[0] == text[-1] == '"'):
        import json

        with contextlib.suppress(ValueError):
            return json.loads(text)
    return text


def check(setting: Setting, value: Any, where: str) -> Any:
    """
    Give *value* back in the type of *setting*.

    Raises:
        MLRunInvalidArgumentError: It has another type, or is not among the choices.
    """
    if setting.type in ("str", "path") and isinstance(value, os.PathLike):
        value = os.fspath(value)
    if setting.type == "float" and type(value) is int:
        value = float(value)
    wanted: Any = _TYPES[setting.type]
    if not isinstance(value, wanted) or (isinstance(value, bool) and wanted is not bool):
        given = f"this {type(value).__name__}" if setting.secret else repr(value)
        raise MLRunInvalidArgumentError(f"{where} is {_WORDS[setting.type]}, not {given}")
    if wanted in (int, float) and not 0 <= value < float("inf"):
        raise MLRunInvalidArgumentError(f"{where} is 0 or more, not {value!r}")
    if setting.choices and value.lower() not in setting.choices:
        raise MLRunInvalidArgumentError(
            f"{where} is one of {', '.join(setting.choices)}, not {value!r}.{nearest(value, setting.choices)}"
        )
    # a folder stays the same one when the program changes its working folder
    return os.path.abspath(os.path.expanduser(value)) if setting.type == "path" and value else value


def text_of(value: Any) -> str:
    """*value* as an environment variable holds it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def table() -> str:
    """Every setting as a Markdown table, as docs/configuration.md has it."""
    lines = ["| name | variable | type | unit | default | help |", "|---|---|---|---|---|---|"]
    for s in TABLE:
        default = text_of(s.default)
        kind = " \\| ".join(s.choices) or s.type
        lines.append(
            f"| `{s.name}` | `{s.env}` | {kind} | {s.unit} | {f'`{default}`' if default else ''} | {s.help} |"
        )
    return "\n".join(lines)
