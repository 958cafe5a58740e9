"""The settings of images: who builds them, of what, and under which names."""

from __future__ import annotations

from mlrun.settings.setting import Setting

BUILDING = (
    Setting(
        "builder.kind",
        "str",
        "",
        "Who makes images: `process`, `podman`, `kubernetes`, or that of another package. Empty: as"
        " `cluster.kind`.",
    ),
    Setting(
        "builder.timeout", "float", 3600.0, "One command of a build is ended after this long.", "seconds"
    ),
    Setting(
        "builder.process.installer",
        "str",
        "auto",
        "What installs the requirements of an environment: `auto` is uv where it is installed, else pip.",
        choices=("auto", "uv", "pip"),
    ),
    Setting(
        "builder.podman.args",
        "str",
        "",
        "Options for each build of an image, such as `--network host -v /etc/ssl/certs:/etc/ssl/certs:ro`.",
    ),
    Setting(
        "builder.kubernetes.image",
        "str",
        "docker.io/moby/buildkit:rootless",
        "Image of the pod that builds images on Kubernetes; it has `buildctl-daemonless.sh`.",
    ),
    Setting(
        "httpdb.builder.docker_registry",
        "str",
        "",
        "Registry that an image's leading dot stands for, `host[:port][/path]`. Empty: this machine.",
    ),
    Setting(
        "httpdb.builder.docker_registry_secret",
        "str",
        "",
        "Kubernetes secret with the login for that registry.",
    ),
    Setting(
        "httpdb.builder.insecure_pull_registry_mode",
        "str",
        "auto",
        "Pull base images without TLS: `auto` is from registries of this machine.",
        choices=("auto", "enabled", "disabled"),
    ),
    Setting(
        "httpdb.builder.insecure_push_registry_mode",
        "str",
        "auto",
        "Push without TLS: `auto` is to registries of this machine.",
        choices=("auto", "enabled", "disabled"),
    ),
    Setting(
        "httpdb.builder.mlrun_version_specifier",
        "str",
        "",
        "What pip installs as this package in images: `mlrun==2.0`. Empty: the very one that runs here.",
    ),
    Setting(
        "httpdb.builder.function_target_image_name_prefix_template",
        "str",
        "func-{project}-{name}",
        "Name of the image of a function that names none.",
    ),
    Setting(
        "default_base_image",
        "str",
        "mlrun/mlrun",
        "Image that builds start from where a function names none.",
    ),
    *(
        Setting(
            f"function_defaults.image_by_kind.{kind}",
            "str",
            image,
            f"Image of functions of kind {kind} that name none.",
        )
        for kind, image in {
            "job": "mlrun/mlrun",
            "serving": "mlrun/mlrun",
            "nuclio": "mlrun/mlrun",
            "remote": "mlrun/mlrun",
            "dask": "mlrun/ml-base",
            "mpijob": "mlrun/mlrun",
            "application": "python:3.11",
        }.items()
    ),
)
