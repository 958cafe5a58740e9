"""A shell program as a function: with its arguments as they are, and filled from parameters."""

from mlrun import new_function
from mlrun.errors import RunError

as_it_is = new_function(
    "count", kind="local", command="./count_words.sh", args=["o", "infile.txt"], mode="pass"
)
run = as_it_is.run()
print("state:", run.state())

filled = new_function(
    "count", kind="local", command="./count_words.sh", args=["{letter}", "infile.txt"], mode="args"
)
for letter in "aez":
    filled.run(params={"letter": letter}, name=f"count-{letter}")

try:
    filled.run(params={"letter": "ß"})
except RunError as error:
    print("as expected, this one failed:", error)
