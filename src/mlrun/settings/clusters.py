"""The settings of places where pods run."""

from __future__ import annotations

from mlrun.settings.setting import Setting

CLUSTERS = (
    Setting(
        "cluster.kind",
        "str",
        "process",
        "Where functions of kinds that need a cluster run: `process`, `podman`, `kubernetes`, or that of"
        " another package.",
    ),
    Setting(
        "cluster.dbpath",
        "str",
        "",
        "Database that pods use, as `dbpath`. Empty: that of whoever starts them.",
    ),
    Setting(
        "cluster.max_pods",
        "int",
        0,
        "Runs that an API server has live at once at one place. 0: as many as the machine has cores; on"
        " Kubernetes any number.",
        "runs",
    ),
    Setting(
        "cluster.patience",
        "float",
        600.0,
        "A pod waits for a server that is away so long, to tell how its run ended.",
        "seconds",
    ),
    Setting(
        "background_tasks.default_timeouts.runtimes.dask",
        "int",
        600,
        "A Dask cluster on Kubernetes has to run within this time.",
        "seconds",
    ),
    Setting("cluster.keep_ended", "int", 14_400, "Pods that have ended are kept this long.", "seconds"),
    *(
        Setting(
            f"function.spec.state_thresholds.default.{name}",
            "str",
            span,
            f"A run is aborted when its pod {does} for longer; -1 is never.",
        )
        for name, span, does in (
            ("pending_scheduled", "1h", "waits for its start, with a place to run,"),
            ("pending_not_scheduled", "-1", "waits for a place to run"),
            ("image_pull_backoff", "1h", "waits for its image"),
            ("executing", "24h", "runs"),
        )
    ),
    Setting(
        "cluster.process.environment",
        "str",
        "PATH,HOME,USER,LOGNAME,SHELL,LANG,LC_*,TZ,TMPDIR,LD_LIBRARY_PATH,*_PROXY,*_proxy,SSL_CERT_*,"
        "*_CA_BUNDLE,CUDA_*,MLRUN_HOME,JAVA_HOME,SPARK_HOME",
        "Variables that pods of the cluster `process` have of who creates them, beside their own; separated"
        " by commas, `*` is any part.",
    ),
    Setting(
        "cluster.podman.command",
        "str",
        "",
        "Command that runs containers, with its options: `podman`, `docker` or what takes the same words;"
        " paths in its options are absolute. Empty: podman, else docker.",
    ),
    Setting(
        "cluster.podman.network",
        "str",
        "",
        "Network of containers: `host`, `none`, `bridge` or the name of one. Empty: what the command has.",
    ),
    Setting(
        "cluster.podman.pull_timeout",
        "float",
        600.0,
        "Creating a pod waits for its image at most this long.",
        "seconds",
    ),
    Setting(
        "cluster.kubernetes.context",
        "str",
        "",
        "Context of a kubeconfig that functions run in; a current context counts only where the file is"
        " named, too. Empty, with no file: the account of this pod.",
    ),
    Setting(
        "cluster.kubernetes.kubeconfig",
        "path",
        "",
        "Kubeconfig with that context. Empty: the files that `kubectl` reads.",
    ),
)
