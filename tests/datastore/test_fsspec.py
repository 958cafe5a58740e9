"""Object stores and other schemes of fsspec, each on a real server of this machine."""

from __future__ import annotations

import base64
import filecmp
import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import traceback
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pandas
import pytest

import mlrun
from mlrun.datastore import get_dataitem, get_store
from mlrun.datastore.aws import s3_options
from mlrun.datastore.base import DataStore
from mlrun.datastore.credentials import Credentials
from mlrun.errors import (
    MLRunAccessDeniedError,
    MLRunInvalidArgumentError,
    MLRunNotFoundError,
    MLRunRuntimeError,
)
from mlrun.testing.datastores import DataStoreContract
from mlrun.testing.servers import make_bucket

SFTP = {"FSSPEC_SFTP": json.dumps({"username": "otto", "password": "sesam-oeffne-dich"})}


class OnServer(DataStoreContract):
    @pytest.fixture
    def root(self) -> str:
        return f"tests/{uuid.uuid4().hex}"


def opened(url: str, secrets: dict[str, str], bucket: str = "") -> DataStore:
    store: Any = get_store(url, secrets)[0]
    if bucket:
        make_bucket(store.filesystem, bucket)
    return store  # type: ignore[no-any-return]


class TestS3(OnServer):
    @pytest.fixture
    def store(self, s3_secrets: dict[str, str]) -> DataStore:
        return opened("s3://contract/", s3_secrets, "contract")


class TestAzure(OnServer):
    @pytest.fixture
    def store(self, azure_server: str) -> DataStore:
        return opened("az://contract/", {"AZURE_STORAGE_CONNECTION_STRING": azure_server}, "contract")


class TestGoogle(OnServer):
    @pytest.fixture
    def store(self, google_server: str) -> DataStore:
        return opened("gs://contract/", {"STORAGE_EMULATOR_HOST": google_server}, "contract")


class TestSftp(OnServer):
    @pytest.fixture
    def store(self, sftp_server: str) -> DataStore:
        return opened(f"sftp://{sftp_server}/", SFTP)


class TestWebHdfs(OnServer):
    @pytest.fixture
    def store(self, webhdfs_server: str) -> DataStore:
        return opened(f"webhdfs://{webhdfs_server}/", {"HDFS_USER": "otto"})


def test_another_user_of_hadoop_is_denied(webhdfs_server: str) -> None:
    item = get_dataitem(f"webhdfs://{webhdfs_server}/a", {"HDFS_USER": "anna"})

    with pytest.raises(MLRunAccessDeniedError, match="a: user anna may do nothing"):
        item.get()


SIZE = 400 << 20
MOST = 340 << 20  # bytes that a process may grow by while SIZE passes through
MEASURED = """
import json, sys
from mlrun.datastore import get_dataitem

def memory(name):
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) << 10 for line in status if line.startswith(name))

url, secrets, path, way = sys.argv[1], json.loads(sys.argv[2]), sys.argv[3], sys.argv[4]
item = get_dataitem(url, secrets)
get_dataitem(url + "-small", secrets).put(b"the libraries are there")
before = memory("VmRSS")
if way == "put":
    with open(path, "rb") as file:
        item.put(file)
else:
    getattr(item, way)(path)
print(memory("VmHWM") - before)
"""


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("large") / "large.bin"
    block = os.urandom(1 << 20)
    with path.open("wb") as file:
        for number in range(SIZE >> 20):
            file.write(number.to_bytes(8, "big") + block[8:])
    return path


def growth(url: str, secrets: dict[str, str], path: Path, way: str) -> int:
    """By how much a process grows at most, in bytes, while a file goes one *way*: put, download."""
    words = [sys.executable, "-c", MEASURED, url, json.dumps(secrets), str(path), way]
    done = subprocess.run(words, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


@pytest.mark.parametrize("kind", ["s3", "az"])
def test_a_large_file_does_not_pass_through_the_memory(
    kind: str, s3_secrets: dict[str, str], azure_server: str, large: Path, tmp_path: Path
) -> None:
    patient = json.dumps({"config_kwargs": {"read_timeout": 600}})  # with a server that has other work, too
    secrets = {**s3_secrets, "AZURE_STORAGE_CONNECTION_STRING": azure_server, "FSSPEC_S3": patient}
    opened(f"{kind}://large/", secrets, "large")
    url, copy = f"{kind}://large/large.bin", tmp_path / "copy.bin"
    ways = {"put": large, "download": copy}  # what is put goes by a file and its upload

    grown = {way: growth(url, secrets, path, way) for way, path in ways.items()}

    assert all(size < MOST for size in grown.values()), grown
    assert get_dataitem(url, secrets).get(8, offset=99 << 20) == (99).to_bytes(8, "big")
    assert filecmp.cmp(copy, large, shallow=False)


@pytest.fixture
def asked(s3_secrets: dict[str, str], s3_bucket: str) -> Any:
    """The requests that S3 is asked with, by their names; an object ``digits`` is there."""
    store = get_dataitem(f"{s3_bucket}/digits", s3_secrets).store
    store.put("digits", b"0123456789")
    client: Any = store.filesystem.s3  # type: ignore[attr-defined]
    names: list[str] = []

    def note(model: Any, **rest: Any) -> None:
        names.append(model.name)

    client.meta.events.register("before-call.s3", note)
    yield names
    client.meta.events.unregister("before-call.s3", note)


def test_a_part_of_an_object_is_one_request(
    s3_secrets: dict[str, str], s3_bucket: str, asked: list[str]
) -> None:
    item = get_dataitem(f"{s3_bucket}/digits", s3_secrets)

    parts = [item.get(3, offset=2), item.get(offset=8), item.get(5, offset=8)]

    assert parts == [b"234", b"89", b"89"]
    assert asked == ["GetObject"] * 3


def test_an_open_object_is_asked_for_once(
    s3_secrets: dict[str, str], s3_bucket: str, asked: list[str]
) -> None:
    with get_dataitem(f"{s3_bucket}/digits", s3_secrets).open() as file:
        assert file.read() == b"0123456789"

    assert asked == ["HeadObject", "GetObject"]


def test_an_input_is_recorded_with_its_etag(s3_secrets: dict[str, str], s3_bucket: str) -> None:
    item = get_dataitem(f"{s3_bucket}/etag", s3_secrets)
    seen = []
    for text in ("one", "two", "one"):
        item.put(text)
        task = mlrun.new_task(inputs={"data": item.url}).with_secrets("inline", s3_secrets)
        (source,) = mlrun.new_function("read").run(task, handler=lambda data: data.get()).status.sources
        seen.append(source["etag"])

    assert seen[0] == seen[2] == hashlib.md5(b"one", usedforsecurity=False).hexdigest()
    assert seen[1] != seen[0]


@pytest.mark.parametrize("kind", ["az", "gs"])
def test_other_services_have_etags_too(kind: str, azure_server: str, google_server: str) -> None:
    secrets = {"AZURE_STORAGE_CONNECTION_STRING": azure_server, "STORAGE_EMULATOR_HOST": google_server}
    store = opened(f"{kind}://contract/", secrets, "contract")
    etags = set()
    for text in ("one", "two"):
        store.put("etag", text)
        etags.add(store.stat("etag").etag)

    assert len(etags) == 2 and all(etags)


def test_an_object_is_read_where_it_is_asked_for(s3_secrets: dict[str, str], s3_bucket: str) -> None:
    item = get_dataitem(f"{s3_bucket}/read.txt", s3_secrets)
    item.put("one\ntwo\n")

    with item.open("rb") as file:
        file.seek(4)
        assert file.read(3) == b"two"
    with item.open("r") as text:
        assert list(text) == ["one\n", "two\n"]
    with open(item) as copy:
        assert copy.read() == "one\ntwo\n"


def test_tables_of_a_bucket_are_read(s3_secrets: dict[str, str], s3_bucket: str) -> None:
    for name in ("1", "2"):
        get_dataitem(f"{s3_bucket}/tables/{name}.csv", s3_secrets).put(f"n\n{name}\n")

    tables = [
        get_dataitem(f"{s3_bucket}/{address}", s3_secrets).as_df()["n"].tolist()
        for address in ("tables", "tables/", "tables/*.csv", "tables/2.csv")
    ]

    assert tables == [[1, 2], [1, 2], [1, 2], [2]]


@pytest.fixture
def accounts(s3_secrets: dict[str, str], s3_server: str) -> dict[str, dict[str, str]]:
    """The name of a bucket to the login of the account that has it."""
    role = "arn:aws:iam::222222222222:role/other"
    other = s3_options(
        Credentials({**s3_secrets, "MLRUN_AWS_ROLE_ARN": role, "AWS_ENDPOINT_URL_STS": s3_server}), ""
    )
    logins = {
        "of-the-first": s3_secrets,
        "of-the-second": {
            "AWS_ACCESS_KEY_ID": other["key"],
            "AWS_SECRET_ACCESS_KEY": other["secret"],
            "AWS_SESSION_TOKEN": other["token"],
            "S3_ENDPOINT_URL": s3_server,
        },
    }
    for bucket, secrets in logins.items():
        store: Any = get_store(f"s3://{bucket}/", secrets)[0]
        if bucket not in store.filesystem.ls(""):
            store.filesystem.mkdir(bucket)
    return logins


def test_two_runs_at_once_keep_their_own_login(accounts: dict[str, dict[str, str]]) -> None:
    both = threading.Barrier(2, timeout=120)

    def work(context: Any, bucket: str) -> None:
        seen = set()
        for number in range(5):
            both.wait()
            item = context.get_dataitem(f"s3://{bucket}/{number}.txt")
            item.put(bucket)
            seen |= {name for name in item.store.filesystem.ls("") if name in accounts} | {
                item.get().decode()
            }
        context.log_result("seen", sorted(seen))

    def run(bucket: str) -> Any:
        task = mlrun.new_task(params={"bucket": bucket}).with_secrets("inline", accounts[bucket])
        return mlrun.new_function(bucket).run(task, handler=work)

    with ThreadPoolExecutor(2) as pool:
        runs = list(pool.map(run, accounts))

    assert [run.output("seen") for run in runs] == [[bucket] for bucket in accounts]


def test_threads_share_a_connection_and_other_keys_do_not(s3_secrets: dict[str, str]) -> None:
    def connect(secrets: dict[str, str]) -> Any:
        store: Any = get_store("s3://b/a", secrets)[0]
        return store.filesystem

    with ThreadPoolExecutor(1) as pool:
        elsewhere = pool.submit(connect, s3_secrets).result()

    assert connect(s3_secrets) is elsewhere
    assert connect({**s3_secrets, "AWS_SECRET_ACCESS_KEY": "other"}) is not elsewhere


@pytest.mark.parametrize("url", ["s3://{bucket}/nowhere.csv", "s3://no-such-bucket/a.csv"])
def test_what_is_not_there_is_named(s3_secrets: dict[str, str], s3_bucket: str, url: str) -> None:
    url = url.format(bucket=s3_bucket.removeprefix("s3://"))

    with pytest.raises(MLRunNotFoundError, match=f"no file {url}"):
        get_dataitem(url, s3_secrets).get()


def test_writing_into_a_bucket_that_is_not_there_says_so(s3_secrets: dict[str, str]) -> None:
    with pytest.raises(MLRunNotFoundError, match=r"no file s3://no-such-bucket/a: .*bucket does not exist"):
        get_dataitem("s3://no-such-bucket/a", s3_secrets).put("1")


def test_a_wrong_key_is_denied_and_not_shown(azure_server: str) -> None:
    wrong = base64.b64encode(b"a wrong key of the right length 1").decode()
    connection = re.sub("AccountKey=[^;]*", f"AccountKey={wrong}", azure_server)

    with pytest.raises(MLRunAccessDeniedError) as caught:
        get_dataitem("az://contract/a", {"AZURE_STORAGE_CONNECTION_STRING": connection}).put("1")

    text = "".join(traceback.format_exception(None, caught.value, caught.value.__traceback__)[-1:])
    assert text.count("can not write az://contract/a") == 1
    assert "the credentials are looked for as AZURE_STORAGE_CONNECTION_STRING" in text
    assert wrong not in text


def test_a_wrong_password_is_denied_and_not_shown(sftp_server: str) -> None:
    item = get_dataitem(f"sftp://otto:not-the-password@{sftp_server}/a")

    with pytest.raises(MLRunAccessDeniedError) as caught:
        item.get()

    assert str(caught.value).startswith(f"can not read sftp://otto:***@{sftp_server}/a: ")
    assert "not-the-password" not in str(caught.value) + repr(item)


def test_a_server_that_is_not_there_is_named() -> None:
    with pytest.raises(MLRunRuntimeError, match=r"can not read sftp://127\.0\.0\.1:1/a: "):
        get_dataitem("sftp://127.0.0.1:1/a").get()


@pytest.mark.parametrize("kind", ["s3", "sftp"])
def test_an_upload_that_breaks_off_leaves_what_was_there(
    kind: str,
    s3_secrets: dict[str, str],
    s3_bucket: str,
    sftp_server: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    url = f"{s3_bucket}/broken" if kind == "s3" else f"sftp://{sftp_server}/broken"
    item = get_dataitem(f"{url}/a.bin", {**s3_secrets, **SFTP})
    item.put("old")
    (tmp_path / "new.bin").write_bytes(b"1" * (40 << 20))
    store: Any = item.store
    original = type(store.filesystem).put_file

    def put_half(lpath: str, path: str, **options: Any) -> None:
        half = tmp_path / "half.bin"
        half.write_bytes(b"1" * (20 << 20))
        if kind == "sftp":
            original(store.filesystem, str(half), path)
        raise ConnectionResetError("the cable is out")

    monkeypatch.setattr(store.filesystem, "put_file", put_half)
    with pytest.raises(MLRunRuntimeError, match=r"can not write .*/broken/a\.bin: the cable is out"):
        item.upload(str(tmp_path / "new.bin"))

    assert item.get() == b"old"
    assert get_dataitem(url, {**s3_secrets, **SFTP}).listdir() == ["a.bin"]
    assert store.filesystem.find(store._path("broken")) == [store._path("broken/a.bin")]


def test_a_missing_package_is_named_with_its_command() -> None:
    code = (
        "import sys; sys.modules['s3fs'] = sys.modules['paramiko'] = None\n"
        "from mlrun.datastore import get_dataitem\n"
        "for url in ('s3://b/a', 'sftp://h/a'):\n"
        "    try: get_dataitem(url).get()\n"
        "    except ImportError as error: print(type(error).__name__, error)\n"
        "sys.modules['fsspec'] = None\n"
        "try: get_dataitem('gs://b/a').get()\n"
        "except ImportError as error: print(type(error).__name__, error)\n"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.splitlines() == [
        "MLRunMissingDependencyError s3:// needs s3fs: pip install 'mlrun[s3]'",
        "MLRunMissingDependencyError sftp:// needs paramiko: pip install 'mlrun[sftp]'",
        "MLRunMissingDependencyError gs:// needs fsspec: pip install 'mlrun[gcs]'",
    ]


def test_the_options_of_a_connection_are_for_others_that_read_by_fsspec(
    s3_secrets: dict[str, str], s3_bucket: str, s3_server: str
) -> None:
    item = get_dataitem(f"{s3_bucket}/options.csv", s3_secrets)
    item.put("n\n1\n")

    store: Any = item.store
    frame = pandas.read_csv(item.url, storage_options=store.get_storage_options())

    assert frame["n"].tolist() == [1]


def test_a_run_writes_and_another_reads_with_the_secrets_of_their_tasks(
    s3_secrets: dict[str, str], s3_bucket: str
) -> None:
    def train(context: Any) -> None:
        context.log_model("model", body=b"1", model_file="model.pkl", extra_data={"note": b"2"})
        context.log_dataset("table", df=pandas.DataFrame({"n": [1, 2]}), format="parquet")

    def use(context: Any, model: Any, table: Any) -> None:
        path, artifact, extra = mlrun.artifacts.get_model(model)
        context.log_results({"model": Path(path).read_text(), "note": extra["note"].get().decode()})
        context.log_result("rows", len(table.as_df()))
        context.log_result("again", context.get_store_resource(artifact.uri).to_dataitem().kind)

    task = mlrun.new_task(artifact_path=f"{s3_bucket}/{uuid.uuid4().hex}").with_secrets("inline", s3_secrets)
    first = mlrun.new_function("train").run(task, handler=train)
    task = mlrun.new_task(inputs={"model": first.outputs["model"], "table": first.outputs["table"]})
    second = mlrun.new_function("use").run(task.with_secrets("inline", s3_secrets), handler=use)

    assert second.status.results == {"model": "1", "note": "2", "rows": 2, "again": "s3"}
    assert "test-secret-key" not in first.to_json() + second.to_json()


def test_a_broken_table_is_named_by_its_address(s3_secrets: dict[str, str], s3_bucket: str) -> None:
    item = get_dataitem(f"{s3_bucket}/broken.parquet", s3_secrets)
    item.put(b"PAR1 and nothing else")

    with pytest.raises(MLRunInvalidArgumentError) as caught:
        item.as_df()

    assert str(caught.value).startswith(f"{s3_bucket}/broken.parquet can not be read as parquet: ")
    assert tempfile.gettempdir() not in str(caught.value)


@pytest.mark.parametrize("url", ["s3://bucket", "s3://bucket/", "sftp://host/"])
def test_a_bucket_or_host_alone_is_no_file(url: str, tmp_path: Path) -> None:
    item = get_dataitem(url)

    for verb in (item.get, item.open, lambda: item.download(str(tmp_path / "a")), lambda: item.put("1")):
        with pytest.raises(MLRunInvalidArgumentError, match="names no file"):
            verb()
