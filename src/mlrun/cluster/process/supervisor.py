"""
The small process that starts what a pod runs, waits for it, and writes down how it ended.

It is run as a file, by a bare interpreter, so it imports the quick parts of the standard library only. Who
creates a pod may be killed; this process, in a session of its own, goes on. What it is to run, and the
variables with their secrets, come through a pipe: they are in no file and no argument list.

Files of a pod's folder that are written here:

* ``started``  ``<pid> <time>``
* ``ended``    ``<exit code> <reason> <time>``, a line feed, and a sentence

``control`` is a named pipe that this process reads from: as long as somebody does, the pod lives; whoever
has it open for writing is woken when that is over. A line ``end <seconds of grace> <reason>`` asks for the
end of the pod.
"""

from __future__ import annotations

import marshal
import os
import select
import signal
import sys
import time

MARK = "MLRUN_EXEC_POD"  # the folder of the pod, in the variables of all that runs in it
STARTED, ENDED, CONTROL = "started", "ended", "control"
CANNOT_START = 127
NEVER = float("inf")
PAUSE_S = 0.01
PATIENCE_S = 5.0  # for processes that were killed to be gone
LOOK_AGAIN_S = 1.0
_WITHOUT_VARIABLES = 0x4 | 0x200000  # the kernel's flags of a process that ends, and of one of its own
_FOR_THE_COMMAND = (  # ignored or caught here, by the shell that starts this, or by Python
    signal.SIGTERM,
    signal.SIGINT,
    signal.SIGQUIT,
    signal.SIGHUP,
    signal.SIGPIPE,
    signal.SIGXFSZ,
)


def main() -> None:
    """Run a pod; the descriptors of its control pipe, and of the pipe that describes it, are named."""
    control, told = map(int, sys.argv[1:])
    os.set_inheritable(control, False)
    with open(told, "rb") as pipe:
        description = pipe.read()
    try:
        supervisor = Supervisor(control, **marshal.loads(description))
    except (EOFError, ValueError, TypeError):  # who creates the pod was killed meanwhile
        os._exit(1)
    supervisor.run()
    os._exit(0)  # nothing is left to tidy up, and whoever waits is woken sooner


class Supervisor:
    """
    Runs one pod.

    Args:
        control: Descriptor of the pipe that asks for the pod's end.
        folder: Of the pod.
        words: What to execute.
        env: All of its variables.
        workdir: Where it starts.
        groups: Folders of control groups that it joins.
        leave: Folders of control groups that this process joins first, as it was started in those of a pod.
        grace_s: Between being asked to end and being killed.
        deadline_s: It may run so long; 0 is for ever.
    """

    def __init__(
        self,
        control: int,
        folder: str,
        words: list[bytes],
        env: dict[bytes, bytes],
        workdir: str,
        groups: list[str],
        leave: list[str],
        grace_s: float,
        deadline_s: float,
    ) -> None:
        self._control = control
        self._folder = folder
        self._words = words
        self._env = env
        self._workdir = workdir
        self._groups = groups
        self._leave = leave
        self._grace_s = grace_s
        self._end_at = time.monotonic() + deadline_s if deadline_s else NEVER
        self._kill_at = NEVER
        self._reason = ""  # why the pod is being ended

    def run(self) -> None:
        os.chdir("/")  # no folder of the creator's is kept
        for group in self._leave:
            join_group(group)
        wake = self._wake_on_signals()
        self._child, problem = self._start()
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGTERM])
        try:
            write(self._folder, STARTED, f"{self._child} {time.time():.6f}\n")
            code = self._wait(wake)
            memory_kills = count_of_memory_kills(self._groups)
        finally:  # also where the folder is gone, as who was creating the pod has been interrupted
            kill_all(self._folder, self._groups)
            remove_groups(self._groups)
        code, reason, message = (
            (CANNOT_START, "StartError", problem) if problem else self._how_it_ended(code, memory_kills)
        )
        write(self._folder, ENDED, f"{code} {reason} {time.time():.6f}\n{message}")
        os.unlink(f"{self._folder}/{CONTROL}")  # nobody has to come upon a pipe that says nothing

    def _wake_on_signals(self) -> int:
        """A descriptor that can be read when the child has ended, or this process is asked to end."""
        reader, writer = os.pipe()
        os.set_blocking(reader, False)
        os.set_blocking(writer, False)
        signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGTERM, lambda *_: self._end(self._grace_s, "Terminated"))
        for word in (signal.SIGINT, signal.SIGHUP):
            signal.signal(word, signal.SIG_IGN)
        return reader

    def _start(self) -> tuple[int, str]:
        """
        The process of the pod's command; and why it could not be executed, empty if it was.

        From here on SIGTERM waits until there is somebody to pass it on to.
        """
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                self._become_the_command()
            except OSError as error:
                os.write(writer, self._explain(error).encode())
            finally:
                os._exit(CANNOT_START)
        os.close(writer)
        problem = b""
        while part := os.read(reader, 4096):  # ends when the command takes the place of the child
            problem += part
        os.close(reader)
        return child, problem.decode()

    def _become_the_command(self) -> None:
        os.setsid()
        signal.set_wakeup_fd(-1)
        for word in _FOR_THE_COMMAND:
            signal.signal(word, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGTERM])
        for group in self._groups:
            join_group(group)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.chdir(self._workdir)
        os.execvpe(self._words[0], self._words, self._env)

    def _explain(self, error: OSError) -> str:
        program = self._words[0].decode(errors="replace")
        place = "" if error.filename in (None, self._words[0]) else f": {os.fsdecode(error.filename)}"
        return f"{program} can not be executed: {os.strerror(error.errno or 0)}{place}"

    def _wait(self, wake: int) -> int:
        """Until the child has ended, obeying meanwhile; its exit code as a shell has it."""
        poll = select.poll()
        poll.register(wake, select.POLLIN)
        poll.register(self._control, select.POLLIN)
        while True:
            pid, status = os.waitpid(self._child, os.WNOHANG)
            if pid:
                break
            self._keep_time()
            until = min(self._end_at, self._kill_at) - time.monotonic()
            for descriptor, _ in poll.poll(None if until == NEVER else max(0.0, until) * 1000):
                asked = os.read(descriptor, 4096)
                if descriptor == self._control:
                    self._obey(asked)
        signal_group(self._child, signal.SIGKILL)
        code = os.waitstatus_to_exitcode(status)
        return code if code >= 0 else 128 - code

    def _keep_time(self) -> None:
        now = time.monotonic()
        if now >= self._end_at:
            self._end(self._grace_s, "DeadlineExceeded")
        if now >= self._kill_at:
            signal_group(self._child, signal.SIGKILL)
            kill(members(self._folder, self._groups))
            self._kill_at = now + LOOK_AGAIN_S

    def _obey(self, asked: bytes) -> None:
        for line in asked.decode().splitlines():
            words = line.split()
            if len(words) == 3 and words[0] == "end":
                self._end(float(words[1]), words[2])

    def _end(self, grace_s: float, reason: str) -> None:
        """Asked again it may end sooner, but is not told again: that would break its last words off."""
        is_told, self._reason = bool(self._reason), self._reason or reason
        self._end_at = NEVER
        self._kill_at = min(self._kill_at, time.monotonic() + grace_s)
        if grace_s > 0 and not is_told:
            signal_group(self._child, signal.SIGTERM)

    def _how_it_ended(self, code: int, memory_kills: int) -> tuple[int, str, str]:
        if self._reason:
            return code, self._reason, f"it was asked to end, and gave exit code {code}"
        if code and memory_kills:
            return code, "OOMKilled", "it took more memory than its limit, and was killed"
        if code == 0:
            return 0, "Completed", ""
        if code > 128 and code - 128 in set(signal.Signals):
            return code, "Error", f"it was killed by signal {code - 128} ({signal.Signals(code - 128).name})"
        return code, "Error", f"it ended with exit code {code}"


def write(folder: str, name: str, text: str) -> None:
    """A file of a folder that is there, whole or not at all."""
    temporary = f"{folder}/.{name}.{os.getpid()}"
    with open(temporary, "w", encoding="utf-8") as file:
        file.write(text)
    os.replace(temporary, f"{folder}/{name}")


def read(path: str) -> bytes:
    """Empty where it can not be read, as of a process that has ended."""
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return b""


def signal_group(leader: int, word: int) -> None:
    try:
        os.killpg(leader, word)
    except (ProcessLookupError, PermissionError):  # macOS refuses where all of the group has ended
        return


def kill(pids: list[int]) -> None:
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue


def kill_all(folder: str, groups: list[str]) -> None:
    """End every process of a pod, and wait until they are gone."""
    until = time.monotonic() + PATIENCE_S
    while alive := members(folder, groups):
        kill(alive)
        if time.monotonic() > until:
            return
        time.sleep(PAUSE_S)


def members(folder: str, groups: list[str]) -> list[int]:
    """
    The processes of a pod, as its control groups have them, else (on Linux) by their variables.

    The second way finds those that have left their session, too, but not one that has replaced its variables.
    """
    if groups:
        found = [int(pid) for group in groups for pid in read(f"{group}/cgroup.procs").split()]
    else:
        names = os.listdir("/proc") if os.path.isdir("/proc/self") else []
        mark = f"{MARK}={folder}".encode()
        found = [int(name) for name in names if name.isdigit() and mark in variables(name)]
    return sorted({*found} - {os.getpid()})


def variables(pid: str) -> list[bytes]:
    """Of a process; one that just executes a program shows none for a moment, which is waited for."""
    until = time.monotonic() + PATIENCE_S
    while True:
        try:
            with open(f"/proc/{pid}/environ", "rb") as file:
                found = file.read()
        except OSError:  # it is gone, or somebody else's
            return []
        if found or not has_some(pid) or time.monotonic() > until:
            return found.split(b"\0")
        time.sleep(PAUSE_S / 10)


def has_some(pid: str) -> bool:
    """Whether a process that shows no variables may have some: it neither ends nor was started with none."""
    words = read(f"/proc/{pid}/stat").rpartition(b")")[2].split()
    if not words or int(words[6]) & _WITHOUT_VARIABLES:
        return False
    begin, end = words[47:49]
    return begin != end or begin == b"0"  # which says that they are not known yet


def join_group(group: str) -> None:
    with open(f"{group}/cgroup.procs", "w") as file:
        file.write("0")


def remove_groups(groups: list[str]) -> None:
    """Once what was killed in them is gone."""
    until = time.monotonic() + PATIENCE_S
    while (left := [group for group in groups if not is_removed(group)]) and time.monotonic() < until:
        time.sleep(PAUSE_S)
        groups = left


def is_removed(group: str) -> bool:
    try:
        os.rmdir(group)
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return True


def count_of_memory_kills(groups: list[str]) -> int:
    """How often the kernel has killed in these control groups because their memory was at its limit."""
    for group in groups:
        for name in ("memory.events", "memory.oom_control"):  # of version 2, of version 1
            for line in read(f"{group}/{name}").splitlines():
                if line.startswith(b"oom_kill "):
                    return int(line.split()[1])
    return 0


if __name__ == "__main__":
    main()
