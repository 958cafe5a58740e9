"""Every test has an mlrun home, a working folder, an environment and settings of its own."""

from __future__ import annotations

import datetime
import ipaddress
import os
import signal
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

# As where a shell starts a job in its background; the programs of tests would inherit it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def reload_settings() -> None:
    """Read settings anew, where a test (or the code under it) has loaded them."""
    if config := sys.modules.get("mlrun.config"):
        config.mlconf.reload()


def leave_nothing_for_later() -> None:
    """What a test has left to the flusher is not written, or warned of, in the middle of the next one."""
    if module := sys.modules.get("mlrun.execution.flusher"):
        flusher, is_idle = module.flusher, threading.Event()
        for job in list(flusher._waiting):
            flusher.cancel(job)
        if flusher._thread is not None:
            flusher.later(is_idle.set, 0)
            assert is_idle.wait(120), "the flusher does not come back"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty ``MLRUN_HOME``; the working folder is ``tmp_path``, and no setting comes from outside."""
    before = dict(os.environ)
    for name in [name for name in os.environ if name.upper().startswith("MLRUN_")]:
        del os.environ[name]
    folder = tmp_path / "home"
    os.environ |= {
        "MLRUN_HOME": str(folder),
        "MLRUN_DEFAULT_ENV_FILE": str(tmp_path / "no.env"),  # instead of ~/.mlrun.env
        "MPLBACKEND": "Agg",
        # Test workers that each start a thread for every core would only wait for each other.
        "OMP_NUM_THREADS": "1",
    }
    monkeypatch.chdir(tmp_path)
    reload_settings()
    yield folder
    leave_nothing_for_later()
    if current := sys.modules.get("mlrun.execution.current"):
        current.set_of_process(None)
    if db := sys.modules.get("mlrun.db"):
        db.close_all()
    os.environ.clear()
    os.environ |= before
    reload_settings()


@pytest.fixture
def db(home: Path) -> Any:
    """The default database of the test, empty; what the code under test opens too."""
    from mlrun.db import get_run_db

    return get_run_db()


@pytest.fixture(scope="session")
def postgres() -> Iterator[Any]:
    """A PostgreSQL server of this test session."""
    from mlrun.testing.postgres import PostgresServer, programs

    pytest.importorskip("psycopg", reason="psycopg is not installed: pip install 'mlrun[postgres]'")
    if not programs():
        pytest.skip("PostgreSQL is not on this machine: apt install postgresql")
    with PostgresServer() as server:
        yield server


@pytest.fixture(scope="session")
def _emptied(postgres: Any) -> str:
    return str(postgres.new_database())


@pytest.fixture
def postgres_db(_emptied: str, home: Path) -> Iterator[Any]:
    """A database of PostgreSQL, connected and empty: the same one for each test, emptied before."""
    from mlrun.db.postgres import PostgresRunDB

    db = PostgresRunDB(_emptied).connect()
    with db.connections.write() as connection:
        connection.execute(
            "DO $$ DECLARE name text; BEGIN FOR name IN SELECT tablename FROM pg_tables WHERE"
            " schemaname = 'public' AND tablename <> 'schema_version'"
            " LOOP EXECUTE 'DELETE FROM ' || quote_ident(name); END LOOP; END $$"
        )
    yield db
    db.close()


@pytest.fixture(scope="session")
def kubernetes() -> Iterator[Any]:
    """A namespace of this test session on the Kubernetes that MLRUN_TEST_KUBECONFIG names."""
    from mlrun.testing.kubernetes import HOW_TO_GET_ONE, VARIABLE, KubernetesNamespace

    pytest.importorskip("kubernetes", reason="its client is not installed: pip install 'mlrun[kubernetes]'")
    if not os.environ.get(VARIABLE):
        pytest.skip(HOW_TO_GET_ONE)
    with KubernetesNamespace(os.environ[VARIABLE]) as namespace:
        yield namespace


@pytest.fixture(scope="session")
def key_pem() -> str:
    """A private key, as PEM."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    return (
        rsa.generate_private_key(65537, 2048)
        .private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        .decode()
    )


@pytest.fixture(scope="session")
def certificate(key_pem: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of key and certificate of 127.0.0.1, which no authority has signed."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization

    key: Any = serialization.load_pem_private_key(key_pem.encode(), None)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.timezone.utc)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "pair.pem"
    path.write_text(key_pem + made.public_bytes(serialization.Encoding.PEM).decode())
    return path


@pytest.fixture(scope="session")
def commits(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A git repository below a folder, and its commits."""
    from mlrun.testing.git import make_repository

    return make_repository(str(tmp_path_factory.mktemp("git")))


@pytest.fixture(scope="session")
def daemon(commits: Any) -> Iterator[str]:
    """The address of that repository at a git daemon."""
    from mlrun.testing.git import git_daemon

    with git_daemon(commits.folder) as address:
        yield f"{address}/org/repo.git"


@pytest.fixture(scope="session")
def s3_server() -> Iterator[str]:
    """The endpoint of a server of S3."""
    from mlrun.testing.servers import aws_server

    with aws_server() as endpoint:
        yield endpoint


@pytest.fixture
def s3_secrets(s3_server: str) -> dict[str, str]:
    return {
        "AWS_ACCESS_KEY_ID": "test-key-id",
        "AWS_SECRET_ACCESS_KEY": "test-secret-key",
        "S3_ENDPOINT_URL": s3_server,
    }


@pytest.fixture
def s3_bucket(s3_secrets: dict[str, str]) -> str:
    """The address of a bucket that is there."""
    from mlrun.datastore import get_store
    from mlrun.testing.servers import make_bucket

    store: Any = get_store("s3://shared/", s3_secrets)[0]
    return f"s3://{make_bucket(store.filesystem, 'shared')}"


@pytest.fixture
def receiver() -> Iterator[Any]:
    """A web server that takes what is sent to it."""
    from mlrun.testing.receiver import receiving

    with receiving() as server:
        yield server
