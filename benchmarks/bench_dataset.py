"""``log_dataset`` of 1,000,000 rows and 10 columns, beside pandas' own ``to_parquet``."""

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
BENCHMARKS = (PLAIN, WITH_STATS)

if __name__ == "__main__":
    main(*BENCHMARKS)
