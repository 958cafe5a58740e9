"""What a handler returns becomes results, datasets, files and plots; the next one takes them as they were."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

import mlrun


@mlrun.handler(outputs=["points:dataset", "noise"])
def make(seed: int = 1, count: int = 200):
    random = np.random.default_rng(seed)
    x = np.linspace(0, 10, count)
    noise = random.normal(0, 0.5, count)
    return pd.DataFrame({"x": x, "y": 3 * x - 2 + noise}), noise


@mlrun.handler(outputs=["**", "residuals", "picture:plot"])
def fit(points: pd.DataFrame, noise: np.ndarray):
    slope, offset = np.polyfit(points["x"], points["y"], 1)
    residuals = points["y"] - (slope * points["x"] + offset)
    axes = Figure().subplots()
    axes.scatter(noise, residuals)
    found = {"slope": round(float(slope), 2), "offset": round(float(offset), 2)}
    return found, residuals.rename("residual"), axes


def main() -> None:
    made = mlrun.new_function("make").run(handler=make)
    fitted = mlrun.new_function("fit").run(
        handler=fit, inputs={key: made.outputs[key] for key in ("points", "noise")}
    )

    print("fitted:", fitted.status.results)
    print("outputs:", ", ".join(sorted(fitted.outputs)))


if __name__ == "__main__":
    main()
