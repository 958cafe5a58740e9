"""A sweep of 10 empty children in pods of the cluster ``process``, two at once, beside 10 single jobs."""

from harness import Benchmark, main

CODE = "def handler(context, p1=0):\\n    pass\\n"
FUNCTION = f"""
import mlrun

fn = mlrun.new_function("empty", kind="job").with_code(body="{CODE}")
"""
PROGRAM = f"""
{FUNCTION}

def work():
    fn.run(
        handler="handler",
        hyperparams={{"p1": list(range(10))}},
        hyper_param_options={{"parallel_runs": 2}},
    )


work()
"""
JOBS = f"""
from concurrent.futures import ThreadPoolExecutor
{FUNCTION}

def work():
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda p1: fn.run(handler="handler", params={{"p1": p1}}), range(10)))


work()
"""

BENCHMARK = Benchmark(
    name="sweep_pods",
    what="a sweep of 10 children in pods, two at once",
    baseline_is="10 jobs by fn.run() in two threads",
    baseline=JOBS,
    program=PROGRAM,
    target=1.3,  # a place is free when a pod has ended, and a job is over when its run is
    kind="ratio",
    repeat=2,
    turns=5,
)

if __name__ == "__main__":
    main(BENCHMARK)
