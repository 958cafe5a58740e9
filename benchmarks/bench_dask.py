"""Tracked children on Dask workers beside bare Dask tasks of the same handler: wall clock and processor."""

from harness import Benchmark, main

BARE = """
from distributed import LocalCluster

{clock}

def handler(p1=0):
    return {{"a": p1, "b": p1 * 2, "c": p1 * 3, "d": p1 * 4}}

cluster = LocalCluster(n_workers={workers}, threads_per_worker=1, dashboard_address="127.0.0.1:0")
client = cluster.get_client()
client.gather(client.map(handler, range(-8, 0), pure=False))  # loads what it needs

def work():
    {work}
"""

OURS = """
import mlrun

{clock}

def handler(context, p1=0):
    context.log_results({{"a": p1, "b": p1 * 2, "c": p1 * 3, "d": p1 * 4}})

function = mlrun.new_function("sweep", kind="dask")
function.spec.replicas = {workers}

def sweep(values, **options):
    function.run(handler=handler, hyperparams={{"p1": list(values)}}, hyper_param_options=options)

sweep(range(-8, 0))

def work():
    sweep(range({children}), selector="max.a", parallel_runs={at_once})
"""

# Of this process and its children: work of others on the machine changes it little.
PROCESSOR = """
import psutil

def clock():
    me = psutil.Process()
    return sum(sum(one.cpu_times()[:2]) for one in [me, *me.children(recursive=True)])
"""

ALL_AT_ONCE = "client.gather(client.map(handler, range(1000), pure=False))"
ONE_BY_ONE = "for p1 in range(200):\n        client.submit(handler, p1, pure=False).result()"

SWEEP = Benchmark(
    name="dask_sweep",
    what="sweep of 1,000 children on 2 Dask workers",
    baseline_is="1,000 such tasks of bare Dask, gathered",
    baseline=BARE.format(clock="", workers=2, work=ALL_AT_ONCE),
    program=OURS.format(clock="", workers=2, children=1000, at_once=0),
    target=1.3,
    kind="ratio",
)

PROCESSOR_OF_SWEEP = Benchmark(
    name="dask_sweep_processor",
    what="the same, processor time of all processes",
    baseline_is="1,000 such tasks of bare Dask, gathered",
    baseline=BARE.format(clock=PROCESSOR, workers=2, work=ALL_AT_ONCE),
    program=OURS.format(clock=PROCESSOR, workers=2, children=1000, at_once=0),
    target=1.3,
    kind="ratio",
)

CHILD = Benchmark(
    name="dask_child",
    what="200 tracked children on Dask, one after the other",
    baseline_is="200 such tasks of bare Dask, each awaited",
    baseline=BARE.format(clock="", workers=1, work=ONE_BY_ONE),
    program=OURS.format(clock="", workers=1, children=200, at_once=1),
    target=200 * 1.5,
    kind="above",
)

BENCHMARKS = [SWEEP, PROCESSOR_OF_SWEEP, CHILD]

if __name__ == "__main__":
    main(*BENCHMARKS)
