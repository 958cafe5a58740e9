"""Modifiers for ``fn.apply``, under the name where programs written for MLRun look for them."""

from __future__ import annotations

from mlrun.runtimes.mounts import VolumeMount as VolumeMount
from mlrun.runtimes.mounts import auto_mount as auto_mount
from mlrun.runtimes.mounts import mount_configmap as mount_configmap
from mlrun.runtimes.mounts import mount_hostpath as mount_hostpath
from mlrun.runtimes.mounts import mount_pvc as mount_pvc
from mlrun.runtimes.mounts import mount_s3 as mount_s3
from mlrun.runtimes.mounts import mount_secret as mount_secret
from mlrun.runtimes.mounts import mount_v3io as mount_v3io
from mlrun.runtimes.mounts import set_env_variables as set_env_variables
from mlrun.runtimes.mounts import v3io_cred as v3io_cred
