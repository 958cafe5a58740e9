"""Names of images: the default one of a function, and what a name with a leading dot means."""

from __future__ import annotations

import re

from mlrun.config import mlconf
from mlrun.errors import MLRunInvalidArgumentError
from mlrun.model.function import Function

# Source: the reference grammar of the OCI distribution, without digests.
_PART = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_DOMAIN = r"[A-Za-z0-9](?:[-A-Za-z0-9.]*[A-Za-z0-9])?"
_HOST = rf"(?:localhost|{_DOMAIN}\.{_DOMAIN}|{_DOMAIN}(?=:)|\[[0-9a-fA-F:]+\])(?::[0-9]+)?"
_NAME = re.compile(rf"(?:{_HOST}/)?{_PART}(?:/{_PART})*(?::[\w][\w.-]{{0,127}})?(?:@sha256:[0-9a-f]{{64}})?")
_LOOPBACK = ("localhost", "127.", "[::1]")


def default_image(function: Function) -> str:
    """``.mlrun/func-{project}-{name}:{tag}``; the part before the tag is a setting."""
    meta = function.metadata
    template = str(mlconf.httpdb.builder.function_target_image_name_prefix_template)
    name = template.replace("{project}", meta.project or mlconf.current_project).replace("{name}", meta.name)
    return f".mlrun/{re.sub(r'[^a-z0-9_-]+', '-', name.lower()).strip('-_')}:{meta.tag or 'latest'}"


def resolved(image: str) -> str:
    """
    The full name of *image*: a leading dot is the registry of ``httpdb.builder.docker_registry``.

    Raises:
        MLRunInvalidArgumentError: It can not name an image.
    """
    registry = str(mlconf.httpdb.builder.docker_registry).rstrip("/")
    full = "/".join(filter(None, [registry, image[1:].lstrip("/")])) if image.startswith(".") else image
    if not _NAME.fullmatch(full):
        raise MLRunInvalidArgumentError(
            f"{full!r} can not name an image; one reads [registry/]name[:tag], in lower case"
        )
    return full


def registry_of(image: str) -> str:
    """The registry that *image* names, ``host[:port]``; empty for an image of this machine."""
    head, slash, _ = image.partition("/")
    return head if slash and head != "localhost" and ("." in head or ":" in head) else ""


def is_insecure(registry: str, mode: object) -> bool:
    """Whether *registry* is spoken to without TLS, by a setting that is auto, enabled or disabled."""
    said = str(mode).lower()
    return bool(registry) and (said == "enabled" or (said == "auto" and registry.startswith(_LOOPBACK)))
