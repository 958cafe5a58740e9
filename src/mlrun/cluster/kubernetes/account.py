"""Which cluster, and as whom: what the settings name, or the account of the pod that this is."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from kubernetes import client, config  # 0.2 s; this file is imported when the cluster is
from kubernetes.config import incluster_config
from urllib3.connection import HTTPConnection

from mlrun.errors import MLRunInvalidArgumentError, nearest

# A connection that a watch or a log holds is found dead after 35 s, when its other end went without a word.
_KEEP_ALIVE = [
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
    *(
        (socket.IPPROTO_TCP, getattr(socket, option), value)
        for option, value in {"TCP_KEEPIDLE": 20, "TCP_KEEPINTVL": 5, "TCP_KEEPCNT": 3}.items()
        if hasattr(socket, option)
    ),
]

_MOST_IDLE = 64  # connections; one more is opened, used and thrown away, which the pool logs as a warning


class Account(NamedTuple):
    """An API server and a way in, as they are at this moment; tokens and certificates may be replaced."""

    configuration: Any  # a client.Configuration
    namespace: str
    source: str  # for messages


def open_account(kubeconfig: str = "", context: str = "") -> Account:
    """
    Read the credentials of the account that is meant.

    Args:
        kubeconfig: A file; its current context counts as named, too.
        context: Of *kubeconfig*, or else of the files that ``kubectl`` reads.

    Raises:
        MLRunInvalidArgumentError: Neither is given and this is no pod; a file or context that is not there.
    """
    if not kubeconfig and not context:
        return _of_this_pod()
    files = _files(kubeconfig)
    contexts = dict(_contexts(files))
    context = context or _current_context(files)
    if context not in contexts:
        known = ", ".join(sorted(contexts)) or "none"
        raise MLRunInvalidArgumentError(
            f"context {context!r} is not in {_spelled(files)}: {known}.{nearest(context, contexts)}"
        )
    configuration = _configuration()
    try:
        config.load_kube_config(os.pathsep.join(files), context=context, client_configuration=configuration)  # type: ignore[no-untyped-call]
    except (config.ConfigException, OSError) as error:
        raise MLRunInvalidArgumentError(f"context {context!r} of {_spelled(files)}: {error}") from error
    return Account(configuration, contexts[context] or "default", f"context {context!r} of {_spelled(files)}")


def _of_this_pod() -> Account:
    if not os.environ.get(incluster_config.SERVICE_HOST_ENV_NAME):
        raise MLRunInvalidArgumentError(
            "cluster 'kubernetes' has to be named, as a current context is not used by chance:"
            " set cluster.kubernetes.context to a context of your kubeconfig,"
            " or cluster.kubernetes.kubeconfig to a file of its own"
        )
    configuration = _configuration()
    try:
        config.load_incluster_config(configuration)  # type: ignore[no-untyped-call]
        namespace = Path(incluster_config.SERVICE_TOKEN_FILENAME).with_name("namespace").read_text().strip()
    except (config.ConfigException, OSError) as error:
        raise MLRunInvalidArgumentError(f"this pod has no account of the cluster: {error}") from error
    return Account(configuration, namespace, "the account of this pod")


def _configuration() -> Any:
    configuration = client.Configuration()
    configuration.connection_pool_maxsize = _MOST_IDLE
    configuration.socket_options = [*HTTPConnection.default_socket_options, *_KEEP_ALIVE]
    return configuration


def _files(kubeconfig: str) -> list[str]:
    """The kubeconfig that is named, else those that ``kubectl`` would merge."""
    named = kubeconfig or os.environ.get("KUBECONFIG") or "~/.kube/config"
    paths = [os.path.expanduser(path) for path in named.split(os.pathsep) if path]
    there = [path for path in paths if os.path.isfile(path)]
    if not there:
        raise MLRunInvalidArgumentError(f"there is no kubeconfig {_spelled(paths)}")
    return there


def _spelled(files: list[str]) -> str:
    return os.pathsep.join(files)


def _contexts(files: list[str]) -> Iterator[tuple[str, str]]:
    """Name and namespace of each; where a name comes twice the first file wins, as it does for kubectl."""
    for file in reversed(files):
        try:
            for context in _content(file).get("contexts") or []:
                yield context["name"], context["context"].get("namespace") or ""
        except (KeyError, TypeError, AttributeError) as error:
            raise MLRunInvalidArgumentError(
                f"{file} is not a kubeconfig: contexts is a list of names and contexts"
            ) from error


def _current_context(files: list[str]) -> str:
    for file in files:
        if current := _content(file).get("current-context"):
            return str(current)
    raise MLRunInvalidArgumentError(
        f"{_spelled(files)} has no current-context: set cluster.kubernetes.context to one of"
        f" {', '.join(dict(_contexts(files)))}"
    )


def _content(file: str) -> dict[str, Any]:
    try:
        content = yaml.safe_load(Path(file).read_text())
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise MLRunInvalidArgumentError(f"{file} is not a kubeconfig: {error}") from error
    if not isinstance(content, dict):
        raise MLRunInvalidArgumentError(f"{file} is not a kubeconfig: it has no clusters, users and contexts")
    return content
