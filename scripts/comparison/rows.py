"""The rows of the table: what is measured beside what, and the targets. `steps`: settings of svdist's own in a row."""

from dataclasses import dataclass, field


@dataclass
class Line:
    text: str
    is_met: bool


def verdict(value, target, at_most=False):
    """Whether a value meets its target; `met` where there is none."""
    met = value <= target if at_most else value >= target
    return met, f"target {'≤' if at_most else '≥'} {target:.4g}: {'met' if met else 'NOT MET'}"


@dataclass
class AgainstPyTorch:
    """Speed of svdist's step over PyTorch's, installed and tuned."""

    name: str
    title: str
    targets: dict
    ours: dict = field(default_factory=dict)
    theirs: dict = field(default_factory=dict)
    keys: dict = field(default_factory=dict)

    @property
    def steps(self):
        return [self.ours]

    def measure(self, measurements):
        self.keys["svdist"] = measurements.svdist(**self.ours)
        for malloc in self.targets:
            self.keys[malloc] = [measurements.peer(way, malloc=malloc, **self.theirs) for way in measurements.ways]

    def results(self, measurements):
        own = measurements.median(self.keys["svdist"], "rate")
        if own is None:
            return [Line(f"{self.title}: not measured", False)]
        memory = measurements.median(self.keys["svdist"], "memory")
        spread = measurements.range(self.keys["svdist"], "rate")
        lines = [Line(f"{self.title}: {own:.1f} utterances/s ({spread}), {memory:.0f} MB a rank", True)]
        for malloc, target in self.targets.items():
            rates = {rate: key for key in self.keys[malloc] if (rate := measurements.median(key, "rate"))}
            if not rates:
                lines.append(Line(f"    {malloc}: not measured", False))
                continue
            theirs = max(rates)
            spread = measurements.range(rates[theirs], "rate")
            way = next((f", {way.lstrip('-')}" for way in ("--compile", "--channels-last") if way in rates[theirs]), "")
            met, words = verdict(own / theirs, target)
            if met and not measurements.options.compile:
                words += " by eager PyTorch alone, torch.compile not measured"
            lines.append(Line(
                f"    {measurements.pytorch}, {malloc}{way}: {theirs:.1f} utterances/s ({spread}), "
                f"ratio {own / theirs:.2f}, {words}", met))
        return lines


@dataclass
class Extraction:
    """Embeddings of whole utterances of features in memory, svdist's rate over onnxruntime's in its faster way."""

    name: str
    title: str
    target: float
    settings: dict
    keys: dict = field(default_factory=dict)
    steps = []

    def measure(self, measurements):
        self.keys["svdist"] = measurements.svdist("extraction", **self.settings)
        self.keys["onnxruntime"] = [
            measurements.onnxruntime(way, **self.settings) for way in ([], ["--side-by-side"])]

    def results(self, measurements):
        own = measurements.median(self.keys["svdist"], "rate")
        rates = {rate: key for key in self.keys["onnxruntime"] if (rate := measurements.median(key, "rate"))}
        if own is None or not rates:
            return [Line(f"{self.title}: not measured", False)]
        theirs = max(rates)
        way = " side by side" if "--side-by-side" in rates[theirs] else ""
        met, words = verdict(own / theirs, self.target)
        return [Line(f"{self.title}: {own:.1f} utterances/s, onnxruntime{way} {theirs:.1f}, ratio {own / theirs:.2f}, {words}", met)]


@dataclass
class Memory:
    """A rank's peak against PyTorch's as installed."""

    name: str
    title: str
    target: float
    settings: dict
    keys: dict = field(default_factory=dict)

    @property
    def steps(self):
        return [self.settings]

    def measure(self, measurements):
        self.keys["svdist"] = measurements.svdist(again=False, **self.settings)
        self.keys["installed"] = measurements.peer(again=False, malloc="installed", **self.settings)

    def results(self, measurements):
        own, theirs = (measurements.median(self.keys[key], "memory") for key in ("svdist", "installed"))
        if own is None or theirs is None:
            return [Line(f"{self.title}: not measured", False)]
        met, words = verdict(own / theirs, self.target, at_most=True)
        return [Line(f"{self.title}: {own:.0f} MB against {theirs:.0f} MB, ratio {own / theirs:.2f}, {words}", met)]


@dataclass
class AgainstProducts:
    """The rate of the whole step over that of its own products."""

    name: str
    title: str
    target: float
    settings: dict
    key: str = ""

    @property
    def steps(self):
        return [self.settings]

    def measure(self, measurements):
        self.key = measurements.svdist("kernels", **self.settings)

    def results(self, measurements):
        ratio, step, products = (
            measurements.median(self.key, quantity) for quantity in ("ratio", "step", "products"))
        if ratio is None:
            return [Line(f"{self.title}: not measured", False)]
        met, words = verdict(ratio, self.target)
        return [Line(f"{self.title}: {step:.0f} of {products:.0f} GFLOP/s, ratio {ratio:.3f}, {words}", met)]


@dataclass
class AgainstLimit:
    """The rate of a step's products, counted as direct convolutions, over that of a large product on the same threads."""

    name: str
    title: str
    settings: dict
    key: str = ""

    @property
    def steps(self):
        return [self.settings]

    def measure(self, measurements):
        self.key = measurements.svdist(again=False, **self.settings)

    def results(self, measurements):
        limit, speed = (measurements.median(self.key, quantity) for quantity in ("limit", "speed"))
        if limit is None:
            return [Line(f"{self.title}: not measured", False)]
        return [Line(f"{self.title}: {speed:.0f} GFLOP/s, {limit:.2f} of a large product's", True)]


@dataclass
class AgainstItself:
    """A step's time over another step's of svdist."""

    name: str
    title: str
    target: float
    base: dict
    other: dict
    at_most: bool
    keys: tuple = ()

    @property
    def steps(self):
        return [self.base, self.other]

    def measure(self, measurements):
        self.keys = (measurements.svdist(**self.base), measurements.svdist(**self.other))

    def results(self, measurements):
        base, other = (measurements.median(key, "seconds") for key in self.keys)
        if base is None or other is None:
            return [Line(f"{self.title}: not measured", False)]
        ratio = other / base if self.at_most else base / other
        met, words = verdict(ratio, self.target, self.at_most)
        return [Line(f"{self.title}: {base:.3f} s and {other:.3f} s a step, ratio {ratio:.3f}, {words}", met)]


@dataclass
class BesideInput:
    """A step that reads recordings over one on features in memory: the input's own share of the cores and a margin."""

    name: str
    title: str
    margin: float
    base: dict
    other: dict
    keys: tuple = ()

    @property
    def steps(self):
        return [self.base, self.other]

    def measure(self, measurements):
        self.keys = (
            measurements.svdist(again=False, **self.base), measurements.svdist(again=False, **self.other),
            measurements.svdist("input", **self.base))

    def results(self, measurements):
        base, other = (measurements.median(key, "seconds") for key in self.keys[:2])
        share = measurements.median(self.keys[2], "wav share")
        if base is None or other is None or share is None:
            return [Line(f"{self.title}: not measured", False)]
        own = share / self.base["threads"]
        met, words = verdict(other / base, 1 + own + self.margin, at_most=True)
        return [Line(f"{self.title}: {base:.3f} s and {other:.3f} s a step, ratio {other / base:.3f}, of the cores' time "
                     f"the input takes {own:.3f}, {words}", met)]


TWO_THREADS = {"threads": 2}
EXTRACTION = "200 utterances of 2 to 10 s, two threads"
# Targets by the type of an encoder other than ECAPA-TDNN: of the step over PyTorch's, tuned, and of extraction.
TARGETS = {
    "resnet": (1.8, 1.3), "campplus": (1.6, 1.3), "x-vector": (1.4, 1.2), "redimnet2": (1.8, 1.2),
    "redimnet": (2, 1.3)}


def encoder_rows(encoder):
    """The rows of an encoder other than ECAPA-TDNN."""
    step, extraction = TARGETS[encoder]
    return [
        AgainstPyTorch("step", "fp32, two threads, one backward", {"tuned": step}, TWO_THREADS, TWO_THREADS),
        AgainstLimit("limit", "the step's products over the limit", TWO_THREADS),
        Memory("memory", "memory at a rank's peak, one backward", 0.5, TWO_THREADS),
        Extraction("extraction", EXTRACTION, extraction, TWO_THREADS),
    ]


BOTH = {"gradients": "both"}
BF16 = {"precision": "bf16", "threads": 2}
IN_MEMORY = {"threads": 2, "rows": 64}
RECORDINGS = IN_MEMORY | {"recordings": True}
SHARDED = {"ranks": 2, "sharded": True}

ROWS = [
    AgainstPyTorch(
        "one-thread-one", "fp32, one thread, one backward", {"installed": 2.6, "tuned": 1.35}),
    AgainstPyTorch(
        "one-thread-both", "fp32, one thread, both gradients", {"installed": 2.5, "tuned": 1.65}, BOTH, BOTH),
    AgainstPyTorch(
        "two-threads-one", "fp32, two threads, one backward", {"installed": 3, "tuned": 1.4}, {"threads": 2},
        {"threads": 2}),
    AgainstPyTorch(
        "two-ranks-both", "fp32, two ranks, both gradients, against two processes with gloo",
        {"installed": 3, "tuned": 1.8}, BOTH | {"ranks": 2}, BOTH | {"ranks": 2}),
    AgainstPyTorch(
        "bf16", "bf16 products, two threads, one backward, against autocast to bf16", {"tuned": 1.4}, BF16, BF16),
    AgainstProducts("products-one", "fp32 step over its own products, one backward", 0.85, {}),
    AgainstProducts("products-both", "fp32 step over its own products, both gradients", 0.85, BOTH),
    AgainstItself(
        "weak-scaling", "two ranks of 64 rows against one of 64", 0.84, {"rows": 64}, {"rows": 128, "ranks": 2}, False),
    Memory("memory-one", "memory at a rank's peak, one backward", 0.6, {}),
    Memory("memory-both", "memory at a rank's peak, both gradients", 0.6, BOTH),
    AgainstItself(
        "recordings", "two threads, step that reads recordings beside it against features in memory", 1.08,
        IN_MEMORY, RECORDINGS, True),
    BesideInput("input-cost", "the same against the input's own cost and 0.02", 0.02, IN_MEMORY, RECORDINGS),
    AgainstItself(
        "augmented", "the same with noise, speeds, volume and SpecAugment", 1.08, IN_MEMORY,
        RECORDINGS | {"augmented": True}, True),
    AgainstItself(
        "speakers", "two ranks that share the prototypes of 1,000,000 speakers against those of 10,000", 1.25,
        SHARDED | {"speakers": 10_000}, SHARDED | {"speakers": 1_000_000}, True),
    Extraction("extraction", EXTRACTION, 1.3, TWO_THREADS),
]
