"""Files to S3 and back, beside s3fs alone; the server is moto, on this machine."""

from dataclasses import replace

from harness import Benchmark, main

SERVER = """
import atexit, contextlib, os, pathlib
from mlrun.testing import servers

running = contextlib.ExitStack()
atexit.register(running.close)
login = {
    "AWS_ACCESS_KEY_ID": "benchmark",
    "AWS_SECRET_ACCESS_KEY": "benchmark",
    "S3_ENDPOINT_URL": running.enter_context(servers.aws_server()),
}
number = 0

def connect():
    import s3fs

    return s3fs.S3FileSystem(
        key="benchmark", secret="benchmark", endpoint_url=login["S3_ENDPOINT_URL"], use_listings_cache=False
    )

connect().mkdir("bench")
"""

ALONE = f"""{SERVER}
fs = connect()

def put(name, data): fs.pipe_file(f"bench/{{name}}", data)
def upload(name, path): fs.put_file(path, f"bench/{{name}}")
def download(name, path): fs.get_file(f"bench/{{name}}", path)
"""

OURS = f"""{SERVER}
import mlrun

def item(name): return mlrun.get_dataitem(f"s3://bench/{{name}}", secrets=login)
def put(name, data): item(name).put(data)
def upload(name, path): item(name).upload(path)
def download(name, path): item(name).download(path)

put("first", b"")
"""

LARGE = """
pathlib.Path("large").write_bytes(os.urandom(1 << 20) * 256)

def work():
    upload("large", "large")
    download("large", "copy")
"""

SMALL = """
def work():
    for at in range(1000):
        put(f"small/{at}", b"x" * 1000)
"""

LARGE_FILE = Benchmark(
    name="s3_large",
    what="256 MB to S3 and back",
    baseline_is="s3fs alone",
    baseline=ALONE + LARGE,
    program=OURS + LARGE,
    target=1.05,
    kind="ratio",
    repeat=2,
    turns=5,
)
SMALL_FILES = replace(
    LARGE_FILE,
    name="s3_small",
    what="1,000 files of 1 kB to S3",
    baseline=ALONE + SMALL,
    program=OURS + SMALL,
    target=1.1,
    repeat=1,
)
BENCHMARKS = (LARGE_FILE, SMALL_FILES)

if __name__ == "__main__":
    main(*BENCHMARKS)
