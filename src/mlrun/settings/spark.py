"""What may be set of functions that use Spark."""

from __future__ import annotations

from mlrun.settings.setting import Setting

_SIZES = {
    "driver": {"requests": {"cpu": "1", "memory": "2g"}, "limits": {"cpu": "2"}},
    "executor": {"requests": {"cpu": "1", "memory": "5g"}, "limits": {"cpu": "2"}},
}

SPARK = (
    Setting(
        "spark_service",
        "str",
        "",
        "Spark of functions of kind remote-spark that name none: `spark://host:7077` or `sc://host:15002`.",
    ),
    Setting(
        "spark_service_timeout",
        "float",
        5.0,
        "That Spark, where somebody else runs it, says its first word within this time.",
        "seconds",
    ),
    Setting(
        "spark_app_image",
        "str",
        "",
        "Image of functions of kind spark on Kubernetes that name none. Empty: that of kind job.",
    ),
    Setting("spark_app_image_tag", "str", "", "Its tag. Empty: none is added."),
    Setting(
        "spark_history_server_path",
        "str",
        "",
        "Folder or URL for the event logs that a history server of Spark reads. Empty: none are written.",
    ),
    *(
        Setting(
            f"default_spark_resources.{part}.{section}.{what}",
            "str",
            value,
            f"{section.capitalize()} of {what} of a Spark {part} on Kubernetes, where a function has none.",
        )
        for part, sections in _SIZES.items()
        for section, sizes in sections.items()
        for what, value in sizes.items()
    ),
)
