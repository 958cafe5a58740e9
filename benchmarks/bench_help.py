"""``mlrun --help``, the whole process."""

from harness import Benchmark, main

BENCHMARK = Benchmark(
    name="help",
    what="mlrun --help",
    baseline_is="python -c pass",
    baseline=["{python}", "-c", "pass"],
    program=["{bin}/mlrun", "--help"],
    target=120,
    turns=15,
    peers={
        "mlrun1": ["{bin}/mlrun", "--help"],
        "mlflow": ["{bin}/mlflow", "--help"],
        "optuna": ["{bin}/optuna", "--help"],
    },
)

if __name__ == "__main__":
    main(BENCHMARK)
