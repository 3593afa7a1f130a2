"""The filter bank of wespeaker's front end (Kaldi's, with a Hamming window), in double precision throughout."""

import numpy as np

RATE, LENGTH, SHIFT, POINTS, BINS, LOWEST = 16000, 400, 160, 512, 80, 20.0
FLOOR = 1.1920928955078125e-07


def reference(samples):
    """Frames x bins, before and after the mean is removed, in double precision throughout."""
    samples = samples.astype(np.float64) * 32768
    count = 1 + (len(samples) - LENGTH) // SHIFT
    frames = samples[np.arange(LENGTH) + SHIFT * np.arange(count)[:, None]]
    frames = frames - frames.mean(axis=1, keepdims=True)
    previous = np.concatenate([frames[:, :1], frames[:, :-1]], axis=1)
    window = 0.54 - 0.46 * np.cos(2 * np.pi * np.arange(LENGTH) / (LENGTH - 1))
    power = np.abs(np.fft.rfft((frames - 0.97 * previous) * window, POINTS)[:, : POINTS // 2]) ** 2
    features = np.log(np.maximum(power @ triangles().T, FLOOR))
    return features, features - features.mean(axis=0)


def triangles():
    mel = lambda frequency: 1127 * np.log(1 + frequency / 700)
    low, high = mel(LOWEST), mel(RATE / 2)
    spacing = (high - low) / (BINS + 1)
    frequencies = mel(np.arange(POINTS // 2) * RATE / POINTS)
    left = low + spacing * np.arange(BINS)[:, None]
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
    """The samples (single precision) and their features, bins x frames, mean removed (double)."""
    samples = signal()
    return {"filterbank-samples.f32": samples.astype("<f4"),
            "filterbank-features.f64": reference(samples)[1].T.astype("<f8")}
