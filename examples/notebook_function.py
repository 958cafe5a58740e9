"""A notebook as a function: only what stands between its annotations is taken."""

from mlrun import code_to_function, import_function

fn = code_to_function("train-notebook", filename="train.ipynb", kind="local", handler="train")
print("build commands:", fn.spec.build.commands)
print("environment:", [entry["name"] for entry in fn.to_dict()["spec"]["env"]])
fn.doc()

run = fn.run(params={"steps": 5})
print("results:", run.outputs)

fn.export("function.yaml")
again = import_function("function.yaml").run(params={"steps": 10}, handler="train")
print("more steps:", again.output("loss"), "<", run.output("loss"))
