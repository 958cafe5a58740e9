"""What was run is remembered: list it, compare it, read an old version of an artifact, delete it."""

from mlrun import get_dataitem, get_run_db, mlconf, new_function

mlconf.dbpath = "./"  # the database of this folder: the file mlrun.db; MLRUN_DBPATH says the same


def train(context, p1=1):
    context.log_result("accuracy", p1 * 2)
    context.set_label("kind-of", "demo")
    context.log_artifact("model", body=f"weights {p1}", local_path="model.txt")


fn = new_function("train", kind="handler")
for p1 in (1, 2, 3):
    fn.run(handler=train, params={"p1": p1}, name="train")

db = get_run_db("./").connect()

runs = db.list_runs("train", labels=["kind-of=demo"])
runs.show()
print("accuracies, newest first:", [run["status"]["results"]["accuracy"] for run in runs])
runs.compare(filename="compare.html")

newest = db.list_artifacts("model", tag="")
versions = db.list_artifacts("mod", tag="*")
print(len(newest), "newest model of", len(versions), "versions")
for artifact in versions.to_objects():
    print(" ", artifact.uri, get_dataitem(artifact.uri).get())

db.del_runs(state="completed")
print("runs left:", len(db.list_runs()))
