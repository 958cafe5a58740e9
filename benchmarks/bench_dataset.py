"""``log_dataset`` of 1,000,000 and 10,000,000 rows, 10 columns, beside pandas' and pyarrow's own writers."""

from dataclasses import replace

from harness import Benchmark, main

FRAME = """
import numpy, pandas

frame = pandas.DataFrame(numpy.random.default_rng(7).normal(size=(1_000_000, 10)), columns=list("abcdefghij"))
"""

PANDAS = f"""{FRAME}
number = 0

def work():
    global number
    number += 1
    frame.to_parquet(f"frame{{number}}.parquet")
"""

OURS = f"""{FRAME}
import mlrun

context = mlrun.get_or_create_ctx("dataset")
number = 0

def work():
    global number
    number += 1
    context.log_dataset(f"frame{{number}}", df=frame, format="parquet", stats=STATS)
"""

PLAIN = Benchmark(
    name="dataset",
    what="log_dataset, 1e6 x 10",
    baseline_is="DataFrame.to_parquet of the same table",
    baseline=PANDAS,
    program=OURS.replace("STATS", "False"),
    target=1.1,
    kind="ratio",
    repeat=3,
    turns=5,
    peers={"mlrun1": OURS.replace("STATS", "False")},
)
WITH_STATS = replace(
    PLAIN,
    name="dataset_stats",
    what="log_dataset with stats, 1e6 x 10",
    program=OURS.replace("STATS", "True"),
    target=2,
    peers={"mlrun1": OURS.replace("STATS", "True")},
)
LONG = FRAME.replace("1_000_000", "10_000_000")
ARROW = f"""{LONG}
import pyarrow, pyarrow.parquet
number = 0

def work():
    global number
    number += 1
    table = pyarrow.Table.from_pandas(frame, preserve_index=False)
    pyarrow.parquet.write_table(table, f"frame{{number}}.parquet")
"""
# What the process has needed at most while it logged, beside the frame: more than this is an error.
MEMORY = """
import pathlib

def most():
    return int(pathlib.Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]) / 1024

def work(log=work):
    pathlib.Path("/proc/self/clear_refs").write_text("5")
    before = most()
    log()
    above = most() - before
    if above > 300:
        raise RuntimeError(f"{above:.0f} MB above the frame; at most 300 were promised")
"""
LARGE = Benchmark(
    name="dataset_large",
    what="log_dataset with stats, 1e7 x 10, in 300 MB",
    baseline_is="pyarrow's write_table of the same table",
    baseline=ARROW,
    program=OURS.replace(FRAME, LONG).replace("STATS", "True") + MEMORY,
    target=1.3,
    kind="ratio",
    turns=2,
)
BENCHMARKS = (PLAIN, WITH_STATS, LARGE)

if __name__ == "__main__":
    main(*BENCHMARKS)
