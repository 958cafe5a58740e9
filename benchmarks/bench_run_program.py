"""``mlrun run training.py`` (without pandas), the whole process."""

from harness import Benchmark, main

COMMAND = ["{bin}/mlrun", "run", "-i", "infile.txt={root}/examples/infile.txt", "{root}/examples/training.py"]

BENCHMARK = Benchmark(
    name="run_program",
    what="mlrun run training.py",
    baseline_is="python -c pass",
    baseline=["{python}", "-c", "pass"],
    program=COMMAND,
    target=400,
    turns=9,
)

if __name__ == "__main__":
    main(BENCHMARK)
