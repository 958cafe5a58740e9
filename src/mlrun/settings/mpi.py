"""Settings of functions of kind ``mpijob``."""

from __future__ import annotations

from mlrun.settings.setting import Setting

MPI = (
    Setting(
        "mpijob_crd_version",
        "str",
        "v1",
        "Resource of an mpijob on Kubernetes: MPIJob v1 or v2beta1 of the MPI operator, or `trainer`.",
        choices=("v1", "v2beta1", "trainer"),
    ),
    Setting(
        "mpi.hosts",
        "str",
        "",
        "Hosts that ranks go to, and how many each takes: `a:2,b:2`. Empty: those of the words for `mpiexec`,"
        " else this machine.",
    ),
    Setting(
        "mpi.agent",
        "str",
        "",
        "Program that starts another one on a host, called as `agent host command`. Empty: `ssh`.",
    ),
    Setting(
        "mpi.mpiexec",
        "str",
        "",
        "Program that starts the ranks, of MPICH or Open MPI. Empty: that of this Python environment, else of"
        " `PATH`.",
    ),
    Setting(
        "mpi.training_runtime",
        "str",
        "mpi-distributed",
        "Runtime of Kubeflow Trainer that an mpijob runs in, where its resource is `trainer`.",
    ),
)
