"""The parts of a pod's manifest that one machine can honour; what else stands in one is answered by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from mlrun.errors import MLRunInvalidArgumentError, nearest
from mlrun.model.base import Model, field

if TYPE_CHECKING:
    from typing_extensions import Self

Wrong = list[str]


class Part(Model):
    """A piece of a manifest, by Kubernetes' names; its fields are those that are honoured."""

    idle: ClassVar[frozenset[str]] = frozenset()  # choose among machines, or are information only
    refused: ClassVar[frozenset[str]] = frozenset()  # whoever sets them would miss what they do

    @classmethod
    def read(cls, data: Any, where: str, wrong: Wrong) -> Self:
        """*data* as a record; what is wrong with it is added to *wrong*, each with its place."""
        if not isinstance(data, Mapping):
            wrong.append(f"{where} is a mapping, not {data!r:.40}")
            return cls()
        try:
            part = cls.from_dict(data)
        except MLRunInvalidArgumentError as error:
            wrong.append(f"{where}: {error}")
            return cls()
        for key, value in part._unknown().items():
            if key in cls.refused and value:
                wrong.append(f"{where}.{key} is only understood by the cluster 'kubernetes'")
            elif key not in cls.refused | cls.idle:
                known = {*cls.__struct_fields__, *cls.refused, *cls.idle}
                wrong.append(f"{where}.{key} is no field of a pod.{nearest(key, known)}")
        return part

    @classmethod
    def read_all(cls, data: Any, where: str, wrong: Wrong) -> list[Self]:
        return [cls.read(item, f"{where}[{number}]", wrong) for number, item in enumerate(data or [])]


class Metadata(Part):
    name: str = ""
    namespace: str = ""
    labels: dict[str, str] = field(default_factory=dict)
    annotations: dict[str, str] = field(default_factory=dict)

    idle = frozenset(
        {
            *("creationTimestamp", "deletionGracePeriodSeconds", "deletionTimestamp", "finalizers"),
            *("generateName", "generation", "managedFields", "ownerReferences", "resourceVersion"),
            *("selfLink", "uid"),
        }
    )


class PodSpec(Part):
    containers: list[Any] = field(default_factory=list)
    volumes: list[Any] | None = None
    restartPolicy: str = "Never"
    terminationGracePeriodSeconds: float = 30.0
    activeDeadlineSeconds: float | None = None
    securityContext: dict[str, Any] = field(default_factory=dict)
    imagePullSecrets: list[dict[str, Any]] = field(default_factory=list)
    hostNetwork: bool = False

    idle = frozenset(
        {
            *("affinity", "automountServiceAccountToken", "dnsPolicy", "enableServiceLinks", "hostUsers"),
            *("nodeName", "nodeSelector", "os", "overhead", "preemptionPolicy", "priority"),
            *("priorityClassName", "runtimeClassName", "schedulerName", "serviceAccount"),
            *("serviceAccountName", "tolerations", "topologySpreadConstraints"),
        }
    )
    refused = frozenset(
        {
            *("dnsConfig", "ephemeralContainers", "hostAliases", "hostIPC", "hostPID", "hostname"),
            *("hostnameOverride", "initContainers", "readinessGates", "resourceClaims", "resources"),
            *("schedulingGates", "setHostnameAsFQDN", "shareProcessNamespace", "subdomain", "workloadRef"),
        }
    )


class Container(Part):
    name: str = ""
    image: str = ""
    imagePullPolicy: str = ""
    command: list[str] | None = None
    args: list[str] | None = None
    workingDir: str = ""
    env: list[Any] | None = None
    envFrom: list[Any] | None = None
    volumeMounts: list[Any] | None = None
    resources: dict[str, Any] = field(default_factory=dict)
    securityContext: dict[str, Any] = field(default_factory=dict)

    idle = frozenset({"ports", "terminationMessagePath", "terminationMessagePolicy"})
    refused = frozenset(
        {
            *("lifecycle", "livenessProbe", "readinessProbe", "resizePolicy", "restartPolicy"),
            *("restartPolicyRules", "startupProbe", "stdin", "stdinOnce", "tty", "volumeDevices"),
        }
    )


class Variable(Part):
    name: str = ""
    value: str | None = None
    valueFrom: dict[str, Any] | None = None


class SecretKey(Part):
    name: str = ""
    key: str = ""
    optional: bool = False


class VariablesFrom(Part):
    prefix: str = ""
    secretRef: dict[str, Any] | None = None

    refused = frozenset({"configMapRef"})


class SecretName(Part):
    name: str = ""
    optional: bool = False


class FieldName(Part):
    fieldPath: str = ""
    apiVersion: str = "v1"


class Volume(Part):
    name: str = ""
    hostPath: dict[str, Any] | None = None
    emptyDir: dict[str, Any] | None = None
    secret: dict[str, Any] | None = None

    refused = frozenset(
        {
            *("awsElasticBlockStore", "azureDisk", "azureFile", "cephfs", "cinder", "configMap", "csi"),
            *("downwardAPI", "ephemeral", "fc", "flexVolume", "flocker", "gcePersistentDisk", "gitRepo"),
            *("glusterfs", "image", "iscsi", "nfs", "persistentVolumeClaim", "photonPersistentDisk"),
            *("portworxVolume", "projected", "quobyte", "rbd", "scaleIO", "storageos", "vsphereVolume"),
        }
    )


class HostPath(Part):
    path: str = ""
    type: str = ""


class EmptyDir(Part):
    medium: str = ""
    sizeLimit: str = ""


class SecretVolume(Part):
    secretName: str = ""
    items: list[dict[str, Any]] | None = None
    optional: bool = False

    idle = frozenset({"defaultMode"})  # always readable by the pod's user only


class SecretItem(Part):
    key: str = ""
    path: str = ""

    idle = frozenset({"mode"})


class VolumeMount(Part):
    name: str = ""
    mountPath: str = ""
    readOnly: bool = False
    subPath: str = ""

    idle = frozenset({"mountPropagation", "recursiveReadOnly"})
    refused = frozenset({"subPathExpr"})


class Resources(Part):
    limits: dict[str, Any] = field(default_factory=dict)
    requests: dict[str, Any] = field(default_factory=dict)

    refused = frozenset({"claims"})


class SecurityContext(Part):
    runAsUser: int | None = None
    runAsGroup: int | None = None
    runAsNonRoot: bool = False
    readOnlyRootFilesystem: bool = False
    allowPrivilegeEscalation: bool = True
    capabilities: dict[str, list[str]] = field(default_factory=dict)

    idle = frozenset(
        {
            *("appArmorProfile", "fsGroup", "fsGroupChangePolicy", "seLinuxOptions"),
            *("seccompProfile", "supplementalGroups", "supplementalGroupsPolicy"),
        }
    )
    refused = frozenset({"privileged", "procMount", "seLinuxChangePolicy", "sysctls", "windowsOptions"})
