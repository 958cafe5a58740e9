"""The schemes that fsspec serves: its words for them, what each needs, and which credentials it knows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from mlrun.datastore import aws, options, s3_download
from mlrun.datastore.credentials import Credentials

Options = Callable[[Credentials, str], dict[str, Any]]


class Scheme(NamedTuple):
    """How one scheme is served."""

    protocol: str  # fsspec's word
    extra: str = ""  # of this package: pip install 'mlrun[extra]'; empty: what fsspec itself says
    names: tuple[str, ...] = ()  # the credentials it asks for
    options: Options | None = (
        None  # of credentials and the address's authority; None: fsspec reads the address
    )
    has_buckets: bool = False  # the first part of an address is a bucket, not a host
    may_lack_host: bool = False  # dbfs:///path
    writes_whole: bool = False  # the service itself shows an upload whole or not at all
    replaces: bool = False  # its rename replaces what is there
    appends: bool = True  # fsspec's class can add to what is there
    transfer: Callable[[int], dict[str, Any]] | None = None  # how files of so many bytes are sent and fetched
    download: Callable[[Any, str, str], None] | None = None  # where fsspec's own way takes much memory


def _s3_transfer(size: int) -> dict[str, Any]:
    """Four parts at once, of 32 MB, or as long as they have to be: an object has 10 000 of them at most."""
    return {"chunksize": max(32 << 20, -(-size // 9000)), "max_concurrency": 4}


def _azure_transfer(size: int) -> dict[str, Any]:
    """16 blocks of 4 MB at once; adlfs would have 128 in memory."""
    return {"max_concurrency": 16}


_S3 = Scheme(
    "s3",
    "s3",
    aws.NAMES,
    aws.s3_options,
    has_buckets=True,
    writes_whole=True,
    transfer=_s3_transfer,
    download=s3_download.download,
)
_GOOGLE = Scheme(
    "gs", "gcs", options.GOOGLE_NAMES, options.google_options, has_buckets=True, writes_whole=True
)
_AZURE = Scheme(
    "az",
    "azure",
    options.AZURE_NAMES,
    options.azure_options,
    has_buckets=True,
    writes_whole=True,
    transfer=_azure_transfer,
)
_DBFS = Scheme(
    "dbfs", "dbfs", options.DBFS_NAMES, options.databricks_options, may_lack_host=True, appends=False
)
_V3IO = Scheme(
    "v3io", "v3io", options.V3IO_NAMES, options.iguazio_options, may_lack_host=True, writes_whole=True
)

SCHEMES = {
    "s3": _S3,
    "s3a": _S3,
    "gs": _GOOGLE,
    "gcs": _GOOGLE,
    "az": _AZURE,
    "wasb": _AZURE,
    "wasbs": _AZURE,
    "abfs": _AZURE,
    "abfss": _AZURE,
    "oss": Scheme(
        "oss", "oss", options.OSS_NAMES, options.alibaba_options, has_buckets=True, writes_whole=True
    ),
    "hdfs": Scheme("hdfs", "hdfs", options.HDFS_NAMES, options.hadoop_options, may_lack_host=True),
    "webhdfs": Scheme(
        "webhdfs", "webhdfs", options.HDFS_NAMES, options.webhdfs_options, may_lack_host=True, appends=False
    ),
    "dbfs": _DBFS,
    "v3io": _V3IO,
    "v3ios": _V3IO,
    "sftp": Scheme("sftp", "sftp", ("FSSPEC_SFTP",), replaces=True),
}


def scheme_of(word: str) -> Scheme:
    """How *word* is served; a word that has no row here is one of fsspec's own."""
    return SCHEMES.get(word) or Scheme(word, names=(f"FSSPEC_{word.upper()}",), may_lack_host=True)
