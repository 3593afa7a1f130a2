"""The filter bank of wespeaker's front end (Kaldi's, with a Hamming window) and of others, the one that wespeaker has
for ReDimNet2 (frontend/tfmel.py) and SpeechBrain's (processing/features.py), in double precision throughout."""

import dataclasses
import importlib.util

import numpy as np

RATE = 16000


@dataclasses.dataclass(frozen=True)
class FrontEnd:
    """Lengths in milliseconds, frequencies in Hz; the names are svdist's settings."""

    bins: int = 80
    window: str = "hamming"
    frameLength: float = 25
    frameShift: float = 10
    edges: str = "snip"
    lowestFrequency: float = 20
    highestFrequency: float = 8000
    scale: str = "int16"
    preEmphasis: float = 0.97
    logFloor: float = 2.0**-23
    meanRemoval: str = "utterance"


# What sherpa-onnx computes for every wespeaker and 3D-Speaker model, 3D-Speaker's own, and two that share nothing with them.
CASES = {
    "sherpa": FrontEnd(window="povey", highestFrequency=7600, edges="mirror"),
    "3d-speaker": FrontEnd(window="povey", scale="unit"),
    "hann": FrontEnd(
        bins=24, window="hann", frameLength=50, frameShift=12.5, edges="mirror", lowestFrequency=0, preEmphasis=0,
        scale="unit", logFloor=1e-10),
    "rectangular": FrontEnd(
        bins=30, window="rectangular", frameLength=16, frameShift=16, lowestFrequency=100, highestFrequency=3700,
        preEmphasis=0.5, logFloor=1e-2, meanRemoval="none"),
}


@dataclasses.dataclass(frozen=True)
class TFMel:
    """What svdist's features.type tfmel leaves open."""

    bins: int = 72
    frameLength: float = 25
    frameShift: float = 10
    lowestFrequency: float = 20
    highestFrequency: float = 7600
    preEmphasis: float = 0.97


# wespeaker's, and one that shares nothing with it.
TFMEL_CASES = {
    "tfmel": TFMel(),
    "tfmel-other": TFMel(
        bins=30, frameLength=16, frameShift=8, lowestFrequency=100, highestFrequency=3700, preEmphasis=0.5),
}


@dataclasses.dataclass(frozen=True)
class SpeechBrain:
    """What svdist's features.type speechbrain leaves open."""

    bins: int = 80
    frameShift: float = 10
    lowestFrequency: float = 0
    highestFrequency: float = 8000


# That of its public encoders, and one that shares nothing with it.
SPEECHBRAIN_CASES = {
    "speechbrain": SpeechBrain(),
    "speechbrain-other": SpeechBrain(bins=30, frameShift=8, lowestFrequency=100, highestFrequency=3700),
}
SPEECHBRAIN_POINTS = 400


def speechbrain(samples, front=SpeechBrain()):
    """Frames x bins."""
    shift, points = round(front.frameShift * RATE / 1000), SPEECHBRAIN_POINTS
    samples = np.pad(samples.astype(np.float64), points // 2)
    frames = samples[np.arange(points) + np.arange(0, len(samples) - points + 1, shift)[:, None]]
    # Hamming's window over a period, not symmetric.
    power = np.abs(np.fft.rfft(frames * (0.54 - 0.46 * np.cos(2 * np.pi * np.arange(points) / points)))) ** 2
    mel = lambda frequency: 2595 * np.log10(1 + frequency / 700)
    mels = np.linspace(mel(front.lowestFrequency), mel(front.highestFrequency), front.bins + 2)
    places = 700 * (10 ** (mels / 2595) - 1)
    # On both sides a filter is as wide as its lower one.
    centres, widths = places[1:-1, None], np.diff(places)[:-1, None]
    weights = np.maximum(0, 1 - np.abs(np.linspace(0, RATE / 2, points // 2 + 1) - centres) / widths)
    levels = 10 * np.log10(np.maximum(power @ weights.T, 1e-10))
    levels = np.maximum(levels, levels.max() - 80)
    return levels - levels.mean(axis=0)


def speechbrain_class(samples, front=SpeechBrain()):
    """The same by SpeechBrain's own classes, which make all their numbers in PyTorch's default precision."""
    import torch
    from speechbrain.lobes.features import Fbank
    from speechbrain.processing.features import InputNormalization

    usual = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        features = Fbank(
            n_mels=front.bins, hop_length=front.frameShift, f_min=front.lowestFrequency,
            f_max=front.highestFrequency)(torch.from_numpy(samples.astype(np.float64))[None])
        return InputNormalization(norm_type="sentence", std_norm=False)(features, torch.ones(1))[0].numpy()
    finally:
        torch.set_default_dtype(usual)


def checked_speechbrain(samples, front):
    """Frames x bins, compared with SpeechBrain's classes where they are installed."""
    features = speechbrain(samples, front)
    if importlib.util.find_spec("speechbrain"):
        difference = np.abs(features - speechbrain_class(samples, front)).max()
        if not difference < 1e-9:
            raise ValueError(f"SpeechBrain's own features differ by {difference:.1e}")
    return features


def tfmel(samples, front=TFMel()):
    """Frames x bins."""
    samples = samples.astype(np.float64)
    samples = (samples - samples.mean()) / (samples.std() + 1e-8)
    # The sample before the first is the second.
    samples = samples - front.preEmphasis * np.concatenate([samples[1:2], samples[:-1]])
    length, shift = round(front.frameLength * RATE / 1000), round(front.frameShift * RATE / 1000)
    samples = np.pad(samples, shift // 2)
    frames = samples[np.arange(length) + np.arange(0, len(samples) - length + 1, shift)[:, None]]
    points = 1 << (length - 1).bit_length()
    power = np.abs(np.fft.rfft(frames * window("hamming", length), points)[:, : points // 2]) ** 2
    mel = lambda frequency: 2595 * np.log10(1 + frequency / 700)
    edges = np.linspace(mel(front.lowestFrequency), mel(front.highestFrequency), front.bins + 2)[:, None]
    # The last of the frequencies below half the rate counts as that half.
    places = mel(np.linspace(0, RATE / 2, points // 2))
    rising, falling = (places - edges[:-2]) / (edges[1:-1] - edges[:-2]), (edges[2:] - places) / (edges[2:] - edges[1:-1])
    weights = np.maximum(0, np.minimum(rising, falling))
    weights[:, 0] = 0
    features = np.log((power.clip(1e-8, 1e8) @ weights.T).clip(1e-8, 1e8) + 1e-8)
    return features - features.mean(axis=0)


def reference(samples, front=FrontEnd()):
    """Frames x bins, before the mean is removed and as they are, in double precision throughout."""
    samples = samples.astype(np.float64) * (32768 if front.scale == "int16" else 1)
    length, shift = round(front.frameLength * RATE / 1000), round(front.frameShift * RATE / 1000)
    if front.edges == "snip":
        starts = np.arange(0, len(samples) - length + 1, shift)
    else:
        # Frames are centred on the middles of their shifts; NumPy's symmetric padding repeats the samples at the ends.
        starts = np.arange((len(samples) + shift // 2) // shift) * shift + shift // 2 - length // 2
        before, after = max(0, -starts[0]), max(0, starts[-1] + length - len(samples))
        samples, starts = np.pad(samples, (before, after), "symmetric"), starts + before
    frames = samples[np.arange(length) + starts[:, None]]
    frames = frames - frames.mean(axis=1, keepdims=True)
    previous = np.concatenate([frames[:, :1], frames[:, :-1]], axis=1)
    points = 1 << (length - 1).bit_length()
    shaped = (frames - front.preEmphasis * previous) * window(front.window, length)
    power = np.abs(np.fft.rfft(shaped, points)[:, : points // 2]) ** 2
    features = np.log(np.maximum(power @ triangles(front, points).T, front.logFloor))
    return features, features - features.mean(axis=0) if front.meanRemoval == "utterance" else features


def window(name, length):
    """Kaldi's, which are symmetric."""
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(length) / (length - 1))
    return {"hamming": 0.08 + 0.92 * hann, "hann": hann, "povey": hann**0.85, "rectangular": np.ones(length)}[name]


def triangles(front, points):
    mel = lambda frequency: 1127 * np.log(1 + frequency / 700)
    low, high = mel(front.lowestFrequency), mel(front.highestFrequency)
    spacing = (high - low) / (front.bins + 1)
    frequencies = mel(np.arange(points // 2) * RATE / points)
    left = low + spacing * np.arange(front.bins)[:, None]
    return np.maximum(0, np.minimum(frequencies - left, left + 2 * spacing - frequencies) / spacing)


def signal():
    """Half a second like speech: a gliding buzz through three resonances, a hiss, a quiet stretch, true silence."""
    count = RATE // 2
    time = np.arange(count) / RATE
    phase = np.cumsum(120 + 60 * np.sin(2 * np.pi * 1.7 * time)) / RATE
    source = np.where(np.diff(np.floor(phase), prepend=0) > 0, 1.0, 0.0)
    # A linear congruence rather than NumPy's generator, whose stream may change.
    state, hiss = 12345, np.empty(count)
    for index in range(count):
        state = (1103515245 * state + 12345) % 2**31
        hiss[index] = state / 2**30 - 1
    source += 0.01 * hiss
    for frequency, bandwidth in ((700, 80), (1220, 90), (2600, 120)):
        radius = np.exp(-np.pi * bandwidth / RATE)
        a1, a2 = -2 * radius * np.cos(2 * np.pi * frequency / RATE), radius**2
        output = np.zeros(count)
        for index in range(count):
            output[index] = source[index] - a1 * output[index - 1] - a2 * output[index - 2]
        source = output
    speech = source / np.abs(source).max()
    envelope = np.where(time < 0.25, 0.5, np.where(time < 0.33, 0.0, np.where(time < 0.4, 3e-4, 0.0)))
    fricative = np.where((time >= 0.25) & (time < 0.33), 0.05, 0.0) * np.diff(hiss, prepend=0)
    samples = speech * envelope + fricative + np.where(time < 0.4, 1e-3, 0.0)
    return np.round(samples * 32768).astype(np.float32) / np.float32(32768)


def golden():
    """The samples (single precision) and their features, bins x frames (double): svdist's own and each case's."""
    samples = signal()
    features = {"features": FrontEnd(), **CASES}
    return {"filterbank-samples.f32": samples.astype("<f4")} | {
        f"filterbank-{name}.f64": reference(samples, front)[1].T.astype("<f8") for name, front in features.items()} | {
        f"filterbank-{name}.f64": tfmel(samples, front).T.astype("<f8") for name, front in TFMEL_CASES.items()} | {
        f"filterbank-{name}.f64": checked_speechbrain(samples, front).T.astype("<f8")
        for name, front in SPEECHBRAIN_CASES.items()}
