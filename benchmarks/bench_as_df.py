"""``as_df`` of a parquet file of 1 GB, beside pyarrow reading it."""

from dataclasses import replace

from harness import Benchmark, main

FILE = """
import os, pathlib

path = pathlib.Path("..", "as_df.parquet").resolve()
if not path.exists():
    import numpy, pyarrow, pyarrow.parquet

    numbers = numpy.random.default_rng(7)
    columns = list("abcdefghijkl")
    schema = pyarrow.schema([(name, pyarrow.float64()) for name in columns])
    options = {"use_dictionary": False, "compression": None}
    with pyarrow.parquet.ParquetWriter(path, schema, **options) as file:
        for _ in range(11):
            rows = {name: numbers.normal(size=1_000_000) for name in columns}
            file.write_table(pyarrow.table(rows))
    assert path.stat().st_size > 1e9
    os.sync()  # so that nothing is written to the disk while others read
"""

PYARROW = f"""{FILE}
import pandas, pyarrow.parquet

def work():
    pyarrow.parquet.read_table(path, memory_map=True).to_pandas()
"""

OURS = f"""{FILE}
import pandas, pyarrow.parquet
from mlrun import get_dataitem  # imported before the clock runs, as pyarrow is

def work():
    get_dataitem(str(path)).as_df()
"""

PANDAS = Benchmark(
    name="as_df",
    what="as_df of 1 GB of parquet",
    baseline_is="pyarrow reading it, to pandas",
    baseline=PYARROW,
    program=OURS,
    target=1.05,
    kind="ratio",
    repeat=3,  # a machine that is virtual may need a second to give a process its first GB
    turns=9,
)
ARROW = replace(
    PANDAS,
    name="as_df_arrow",
    what="the same as a pyarrow table",
    baseline_is="pyarrow reading it",
    baseline=PYARROW.replace(".to_pandas()", ""),
    program=OURS.replace("as_df()", 'as_df(df_module="pyarrow")'),
)
BENCHMARKS = (PANDAS, ARROW)

if __name__ == "__main__":
    main(*BENCHMARKS)
