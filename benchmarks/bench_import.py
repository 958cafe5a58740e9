"""``import mlrun`` above a bare interpreter."""

from harness import Benchmark, main


def importing(name: str) -> list[str]:
    return ["{python}", "-c", f"import {name}"]


BENCHMARK = Benchmark(
    name="import",
    what="import mlrun",
    baseline_is="python -c pass",
    baseline=["{python}", "-c", "pass"],
    program=importing("mlrun"),
    target=60,
    kind="above",
    turns=15,
    peers={"mlrun1": importing("mlrun"), "mlflow": importing("mlflow"), "optuna": importing("optuna")},
)

if __name__ == "__main__":
    main(BENCHMARK)
