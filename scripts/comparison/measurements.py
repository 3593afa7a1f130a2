"""Runs single measurements, svdist's and PyTorch's, and keeps what they found."""

import json
import shlex
import statistics
import subprocess
import sys

PROGRAM = ".build/release/svdist-benchmark"


class Measurements:
    def __init__(self, options):
        self.options = options
        self.found = {}
        self.launcher = shlex.split(options.launcher)
        self.pytorch = "PyTorch"

    @property
    def machine(self):
        return self.output([PROGRAM, "machine"]).strip()

    def own(self, name, ranks=None, detailed=False, program=PROGRAM):
        """The command of a benchmark of svdist's own; detailed: with the encoder asked for and all that it prints."""
        ranks = ranks or (2 if name in ("all-reduce", "overlap") else 1)
        details = self.arguments({}) if detailed and name in ("kernels", "layers", "input") else []
        return [*mpirun(ranks), program, name, *details, *["--each"] * (detailed and name == "kernels")]

    def svdist(self, name="step", ranks=1, again=True, program=PROGRAM, **settings):
        """One more measurement by svdist-benchmark; returns the key under which its medians are found.

        again: whether to measure also where another row did as often.
        """
        command = self.own(name, ranks, program=program) + self.arguments(settings) + ["--warm-up", "2"]
        return self.run(command, again)

    @property
    def ways(self):
        """The ways to run PyTorch, as switches of benchmark-pytorch: the fastest counts."""
        ways = [[], ["--compile"]] if self.options.compile else [[]]
        return ways if self.options.encoder == "ecapa-tdnn" else [*ways, ["--channels-last"]]

    def peer(self, way=(), again=True, **settings):
        """One more measurement by benchmark-pytorch."""
        command = [sys.executable, "scripts/benchmark-pytorch", *self.arguments(settings), "--warm-up", "1"]
        key = self.run([*command, *way], again)
        if self.found.get(key):
            self.pytorch = f"PyTorch {self.found[key][-1]['torch']} ({self.found[key][-1]['module']})"
        return key

    def onnxruntime(self, way=(), **settings):
        """One more measurement by benchmark-onnxruntime."""
        return self.run([sys.executable, "scripts/benchmark-onnxruntime", "--encoder", self.options.encoder, *way,
                         *(word for name, value in settings.items() for word in (f"--{name}", str(value)))], True)

    def median(self, key, quantity):
        """None where it could not be measured."""
        values = self.values(key, quantity)
        return statistics.median(values) if values else None

    def values(self, key, quantity):
        return [found[quantity] for found in self.found.get(key, [])]

    def range(self, key, quantity):
        """The smallest and the largest, in words."""
        values = self.values(key, quantity)
        return f"{min(values):.1f} to {max(values):.1f}"

    def arguments(self, settings):
        settings = {
            "channels": self.options.channels, "layout": self.options.layout, "steps": self.options.steps} | settings
        # Earlier builds know ECAPA-TDNN alone.
        if self.options.encoder != "ecapa-tdnn":
            settings["encoder"] = self.options.encoder
        words = []
        for name, value in settings.items():
            words += [f"--{name}"] if value is True else [f"--{name}", str(value)]
        return words

    def run(self, command, again):
        key = " ".join(command)
        if not again and len(self.found.get(key, [])) >= self.options.rounds:
            return key
        output = self.output(command + ["--json"])
        try:
            found = json.loads(output.splitlines()[-1])
        except (ValueError, IndexError):
            print(f"not measured: {key}: {output.strip()}", file=sys.stderr)
            return key
        self.found.setdefault(key, []).append(found)
        return key

    def output(self, command):
        # Status 1 may be a bound that is not met.
        return subprocess.run(self.launcher + command, stdout=subprocess.PIPE, text=True).stdout


def mpirun(ranks):
    if ranks == 1:
        return []
    return ["mpirun", "-n", str(ranks), "--oversubscribe", "--bind-to", "none"]
