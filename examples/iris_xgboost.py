"""Iris and XGBoost: make the data set, train and explain a model, then search for better settings."""

import numpy as np
import pandas as pd
import xgboost as xgb
from matplotlib.figure import Figure
from sklearn.datasets import load_iris
from sklearn.metrics import accuracy_score, confusion_matrix
from sklearn.model_selection import train_test_split

from mlrun import new_task, run_local
from mlrun.artifacts import ChartArtifact, PlotArtifact


def iris_generator(context):
    iris = load_iris()
    frame = pd.DataFrame(iris.data, columns=[name.replace(" (cm)", "") for name in iris.feature_names])
    frame["label"] = iris.target
    context.logger.info(f"saving {len(frame)} flowers under {context.out_path}")
    context.log_dataset("iris_dataset", df=frame, label_column="label")


def xgb_train(
    context, dataset="", model_name="model.bst", max_depth=6, num_class=3, eta=0.2, gamma=0.1, steps=20
):
    frame = pd.read_csv(dataset)
    features, label = frame.drop(columns="label"), frame["label"]
    # The same flowers are held back every time, so that runs can be compared.
    x_train, x_test, y_train, y_test = train_test_split(features, label, test_size=0.4, random_state=10)
    train, test = xgb.DMatrix(x_train, label=y_train), xgb.DMatrix(x_test, label=y_test)
    settings = {
        "max_depth": max_depth,
        "eta": eta,
        "gamma": gamma,
        "num_class": num_class,
        "objective": "multi:softprob",
        "nthread": 1,
    }
    history = {}
    evals = [(train, "train"), (test, "test")]
    model = xgb.train(settings, train, steps, evals=evals, evals_result=history, verbose_eval=False)
    guess = np.argmax(model.predict(test), axis=1)
    accuracy = float(accuracy_score(y_test, guess))

    context.log_results({"accuracy": accuracy, "loss": history["test"]["mlogloss"][-1]})
    context.log_model(
        "model",
        body=bytes(model.save_raw()),
        model_file=model_name,
        framework="xgboost",
        metrics={"accuracy": accuracy},
        parameters=settings,
    )
    chart = ChartArtifact("loss", header=["Round", "Train", "Test"], title="Log loss by round")
    for step, losses in enumerate(zip(history["train"]["mlogloss"], history["test"]["mlogloss"])):
        chart.add_row([step + 1, *losses])
    context.log_artifact(chart)
    context.log_artifact(PlotArtifact("confusion", body=draw(confusion_matrix(y_test, guess))))


def draw(matrix):
    figure = Figure(figsize=(4, 4))
    axes = figure.add_subplot(xlabel="predicted", ylabel="true", title="Iris, held-back flowers")
    axes.imshow(matrix, cmap="Blues")
    for (row, column), count in np.ndenumerate(matrix):
        axes.text(column, row, count, ha="center", va="center")
    return figure


if __name__ == "__main__":
    data = run_local(handler=iris_generator)
    dataset = {"dataset": data.outputs["iris_dataset"]}

    training = run_local(handler=xgb_train, inputs=dataset, params={"eta": 0.3})
    training.show()

    grid = {"eta": [0.05, 0.1, 0.2, 0.3], "max_depth": [1, 2, 3]}
    task = new_task(name="sweep", handler=xgb_train, inputs=dataset)
    sweep = run_local(task.with_hyper_params(grid, "max.accuracy", parallel_runs=2))
    sweep.show()
    print(f"one training: accuracy {training.output('accuracy'):.3f}")
    print(f"best of {len(sweep.status.iterations) - 1}: accuracy {sweep.output('accuracy'):.3f}", end=" ")
    print(f"in iteration {sweep.output('best_iteration')}, its model is {sweep.output('model')}")
