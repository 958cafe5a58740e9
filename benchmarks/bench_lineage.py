"""A run of 10,000 artifacts: a page of its listing, and the lineage of one of them over 5 runs."""

from dataclasses import replace

from harness import Benchmark, main

# Steps 0 to 4, each of which reads what the one before has made; step 2 has made 10,000 artifacts.
FILLED = """
import mlrun

db = mlrun.get_run_db()
address = ""
for step in range(5):
    sources = [{"name": "data", "url": address, "artifact": address}] if address else []
    metadata = {"name": f"step{step}", "uid": f"u{step}", "project": "p"}
    run = {"metadata": metadata, "status": {"state": "completed", "sources": sources}}
    db.store_run(run, f"u{step}", "p")
    for number in range(10_000 if step == 2 else 1):
        record = {
            "kind": "dataset",
            "metadata": {"key": f"d{number}", "tree": f"u{step}"},
            "spec": {"producer": {"kind": "run", "uri": f"p/u{step}"}, "target_path": f"/data/{number}"},
        }
        stored = db.store_artifact(f"d{number}", record, project="p", tree=f"u{step}")["metadata"]
    address = f"store://datasets/p/d{number}@u{step}^{stored['uid']}"
db.read_run("u0", "p")
"""
LIST = f"""{FILLED}
def work():
    assert len(db.list_artifacts(project="p", tree="u2", limit=20)) == 20
"""
LINEAGE = f"""{FILLED}
def work():
    assert len(db.list_lineage("d0", "p", tag="latest", depth=5)["nodes"]) == 10
"""
READ_ONE = f"""{FILLED}
def work():
    db.read_artifact("d0", project="p")
"""
PAGE = Benchmark(
    name="artifacts_page",
    what="first page of 10,000 artifacts of a run",
    baseline_is="one artifact read",
    baseline=READ_ONE,
    program=LIST,
    target=10,
    repeat=5,
    turns=2,
)
WALK = replace(PAGE, name="lineage", what="lineage over 5 runs", program=LINEAGE, target=20)
BENCHMARKS = (PAGE, WALK)

if __name__ == "__main__":
    main(*BENCHMARKS)
