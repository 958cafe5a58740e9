"""A training program: parameters, a secret and an input go in; results, files and a chart come out."""

from mlrun import get_or_create_ctx
from mlrun.artifacts import ChartArtifact


def my_job(context, p1=1, p2="x"):
    print(f"Run: {context.name} (uid={context.uid})")
    print(f"Params: p1={p1}, p2={p2}")
    print(f"Has an access key: {context.get_secret('ACCESS_KEY') is not None}")
    print(f"Input: {context.get_input('infile.txt', 'infile.txt').get().decode().strip()}")

    context.log_result("accuracy", p1 * 2)
    context.log_result("loss", p1 * 3)
    context.set_label("framework", "sklearn")

    context.log_artifact("model", body=b"abc is 123", local_path="model.txt", labels={"framework": "xgboost"})
    context.log_artifact("html_result", body=b"<b>Some HTML</b>", local_path="result.html")

    chart = ChartArtifact("chart")
    chart.labels = {"type": "roc"}
    chart.header = ["Epoch", "Accuracy", "Loss"]
    for i in range(1, 8):
        chart.add_row([i, i / 20 + 0.75, 0.30 - i / 20])
    context.log_artifact(chart)


def people(context, stats=True):
    """A second handler, which needs pandas: mlrun run --handler people training.py"""
    import pandas as pd

    frame = pd.DataFrame(
        {"first_name": ["Jason", "Molly", "Tina", "Jake", "Amy"], "age": [42, 52, 36, 24, 73]}
    )
    context.log_dataset("people", df=frame, stats=stats)
    context.log_result("mean_age", frame["age"].mean())


if __name__ == "__main__":
    with get_or_create_ctx("train") as context:
        my_job(context, context.get_param("p1", 1), context.get_param("p2", "a-string"))
