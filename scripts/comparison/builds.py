"""The steps of the table's rows in an earlier build and in this one, in turns."""

from comparison.measurements import PROGRAM
from comparison.rows import Line, verdict

TARGET = 0.98


class BuildAgainstEarlier:
    """Speed of this build's step over an earlier one's, and the peak memory of a rank in both.

    settings: those of svdist-benchmark's step, as rows hold them.
    """

    def __init__(self, settings, program):
        self.settings = settings
        self.programs = {"after": PROGRAM, "before": program}
        self.keys = {}
        self.rounds = 0

    def measure(self, measurements):
        # Whoever comes first finds the machine as the pair before left it: the order changes from round to round.
        for build in sorted(self.programs, reverse=self.rounds % 2 == 1):
            self.keys[build] = measurements.svdist(program=self.programs[build], **self.settings)
        self.rounds += 1

    def results(self, measurements):
        title = " ".join(["step", *(f"--{name} {value}" for name, value in self.settings.items())])
        keys = [self.keys[build] for build in ("before", "after")]
        before, after = (measurements.values(key, "seconds") for key in keys)
        if not before or not after:
            return [Line(f"{title}: not measured", False)]
        medians = [measurements.median(key, "seconds") for key in keys]
        memory = [measurements.median(key, "memory") for key in keys]
        met, words = verdict(medians[0] / medians[1], TARGET)
        return [Line(
            f"{title}: {medians[0]:.3f} s before, {medians[1]:.3f} s after, ratio {medians[0] / medians[1]:.3f} "
            f"(of the fastest {min(before) / min(after):.3f}), {words}; {memory[0]:.0f} MB and {memory[1]:.0f} MB", met)]


def against_earlier(rows, program):
    """One row for each step that the rows measure."""
    settings = []
    for row in rows:
        settings += [own for own in row.steps if own not in settings]
    return [BuildAgainstEarlier(own, program) for own in settings]
