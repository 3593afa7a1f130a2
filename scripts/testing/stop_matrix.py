"""What a signal to mpirun or to `svdist launch` does to a training of two ranks: on a terminal and in batch.

    stop_matrix.py PROGRAM NAME-OF-THE-MPI CORPUS WORK

Prints a row for each case: what was started, where, the signal, the exit status, whether the newest checkpoint has the last
step that was logged, and whether the same command then ends with the bits of the undisturbed run. Ends with 1 where
`svdist launch` did not end with 75 and such a checkpoint, where USR1 to mpirun did not, or where bits differ.
"""

import hashlib
import json
import os
import pathlib
import pty
import signal
import subprocess
import sys
import threading
import time

STEPS = 6
SETTINGS = {
    "crop.seconds": 2, "features.bins": 40, "batch.speakers": 4, "batch.utterances": 2, "batch.unit": 4,
    "encoder.channels": 128, "checkpoint.everySteps": 1000, "training.steps": STEPS,
}
MARK = "SVDIST_STOP_MATRIX"
LIMIT = 120


def arguments(run, corpus):
    settings = [word for key, value in SETTINGS.items() for word in ("--set", f"{key}={value}")]
    return ["--run-dir", str(run), "--threads", "1", "--set", f"corpus.train={corpus}", *settings]


def command(start, program, run, corpus):
    if start == "launch":
        return [program, "launch", "-np", "2", "--", *arguments(run, corpus)]
    return ["mpirun", "-np", "2", program, *arguments(run, corpus)]


def logged(run):
    """The last step in the run's log, 0 before the first."""
    log = run / "metrics.jsonl"
    lines = log.read_text().splitlines() if log.exists() else []
    return json.loads(lines[-1])["step"] if lines else 0


def newest(run):
    steps = [int(folder.name.removeprefix("step-")) for folder in run.glob("checkpoints/step-*")]
    return max(steps, default=None)


def bits(run):
    folder = run / "checkpoints" / f"step-{STEPS:08}"
    names = ["model.safetensors", "optimizer.safetensors"]
    return [hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in names]


def marked(mark):
    """The processes with the mark in their environment."""
    found = []
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            if f"{MARK}={mark}".encode() in (process / "environ").read_bytes().split(b"\0"):
                found.append(int(process.name))
        except OSError:
            pass
    return found


class Start:
    """A command on a terminal of its own, or in a session without one."""

    def __init__(self, place, words, mark):
        self.output = b""
        environment = os.environ | {MARK: mark}
        if place == "terminal":
            self.process, self.terminal = pty.fork()
            if self.process == 0:
                os.execvpe(words[0], words, environment)
        else:
            child = subprocess.Popen(words, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                     stderr=subprocess.STDOUT, start_new_session=True)
            self.process, self.terminal = child.pid, os.dup(child.stdout.fileno())
        self.place = place
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        while True:
            try:
                block = os.read(self.terminal, 1 << 16)
            except OSError:
                return
            if not block:
                return
            self.output += block

    def send(self, name):
        if self.place == "terminal" and name == "INT":
            os.write(self.terminal, b"\x03")
        else:
            os.kill(self.process, getattr(signal, "SIG" + name))

    def wait(self):
        """The exit status, 128 + the signal that ended it, or None where it does not end."""
        deadline = time.monotonic() + LIMIT
        while time.monotonic() < deadline:
            process, status = os.waitpid(self.process, os.WNOHANG)
            if process:
                code = os.waitstatus_to_exitcode(status)
                return code if code >= 0 else 128 - code
            time.sleep(0.02)
        os.kill(self.process, signal.SIGKILL)
        os.waitpid(self.process, 0)
        return None


def end_all(mark):
    """Waits for the end of all processes of a start; kills those that are there after 20 s and returns whether any was."""
    deadline = time.monotonic() + 20
    while left := marked(mark):
        if time.monotonic() > deadline:
            for process in left:
                os.kill(process, signal.SIGKILL)
            return True
        time.sleep(0.1)
    return False


def row(program, corpus, work, start, place, name, undisturbed):
    mark = f"{start}-{place}-{name}"
    run = work / mark
    words = command(start, program, run, corpus)
    begun = Start(place, words, mark)
    deadline = time.monotonic() + LIMIT
    while logged(run) < 1 and time.monotonic() < deadline:
        time.sleep(0.01)
    begun.send(name)
    status = begun.wait()
    stays = end_all(mark)
    (work / f"{mark}.log").write_bytes(begun.output)
    last, saved = logged(run), newest(run)
    again = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True)
    (work / f"{mark}.again.log").write_bytes(again.stdout + again.stderr)
    same = again.returncode == 0 and bits(run) == undisturbed
    kept = saved is not None and saved == last < STEPS
    print(f"{start:<8} {place:<9} {name:<5} {'none' if status is None else status:>6}  "
          f"{f'step {saved} of {last}' if saved is not None else f'none, {last} logged':<15}  "
          f"{'same' if same else 'DIFFERENT'}{', ranks stayed' if stays else ''}", flush=True)
    must = start == "launch" or name == "USR1"
    return same and (not must or (status == 75 and kept and not stays))


def main():
    program, name, corpus, work = sys.argv[1:]
    work = pathlib.Path(work)
    work.mkdir(parents=True, exist_ok=True)
    run = work / "undisturbed"
    subprocess.run(command("mpirun", program, run, corpus), stdin=subprocess.DEVNULL, check=True, capture_output=True)
    times = [json.loads(line)["totalSeconds"] for line in (run / "metrics.jsonl").read_text().splitlines()]
    undisturbed = bits(run)
    print(f"{name}, steps of {sorted(times)[len(times) // 2]:.1f} s, model {undisturbed[0][:12]}")
    print(f"{'start':<8} {'place':<9} {'signal':<5} {'status':>6}  {'checkpoint':<15}  bits after going on")
    cases = [(start, place, name) for start in ("launch", "mpirun") for place in ("terminal", "batch")
             for name in ("INT", "TERM", "USR1", "HUP")]
    results = [row(program, corpus, work, *case, undisturbed) for case in cases]
    sys.exit(0 if all(results) else 1)


main()
