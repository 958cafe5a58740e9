"""One function over many parameters: a grid, a file, chance, an end condition, and an own iterator."""

from mlrun import new_function, new_task


def score(context, p1=0, p2="", p3=1.0):
    """Pretends to train; the best place is p1 = 5."""
    context.log_results({"accuracy": p3 - (p1 - 5) ** 2 / 100, "loss": abs(p1 - 5)})


def climb(context, start=0, steps=10):
    """Decides by itself what to try next: a child for each step uphill."""
    best, best_child = float("-inf"), None
    for p1 in range(start, start + steps):
        with context.get_child_context(p1=p1) as child:
            score(child, p1)
            if child.results["accuracy"] < best:
                break
            best, best_child = child.results["accuracy"], child
    best_child.mark_as_best()


fn = new_function("score", kind="handler")

grid = fn.run(handler=score, hyperparams={"p1": [1, 3, 5], "p3": [0.5, 1.0]}, name="grid",
              hyper_param_options={"selector": "max.accuracy"})  # fmt: skip
print("grid:", len(grid.status.iterations) - 1, "children, best accuracy", grid.output("accuracy"))

rows = fn.run(new_task("rows", handler=score).with_param_file("params.csv", "min.loss"))
print("rows of params.csv:", len(rows.status.iterations) - 1, "children, smallest loss", rows.output("loss"))

dice = new_task("dice", handler=score).with_hyper_params(
    {"p1": list(range(100))}, "max.accuracy", strategy="random", max_iterations=20
)
print("random:", len(fn.run(dice).status.iterations) - 1, "of 100 children")

ending = new_task("ending", handler=score).with_hyper_params(
    {"p1": list(range(100))}, "max.accuracy", stop_condition="accuracy >= 0.99"
)
print("with an end condition:", len(fn.run(ending).status.iterations) - 1, "of 100 children")

own = fn.run(handler=climb, name="climb")
print("own iterator: best iteration", own.output("best_iteration"), "accuracy", own.output("accuracy"))
