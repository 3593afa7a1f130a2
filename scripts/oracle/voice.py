"""Which frames of a recording are voice, by Kaldi's compute-vad (ivector/voice-activity-detection.cc) on its front end's log
energies (feat/feature-window.cc: 25 ms every 10 ms, whole frames, mean removed, raw energy), one step of dither being added
to each frame's energy as what it is on average.

Samples are not stored but made from integers: sample k is amplitude · ((31 k² + 17 k) mod 2003 − 1001) / 1001, rounded down,
plus offset, in steps of 16 bits; each stretch of SIGNAL says its samples, amplitude and offset. Times of decisions are frames.
"""

import numpy as np

LENGTH, SHIFT = 400, 160
SIGNAL = [(4800, 0, 0), (2400, 20, 0), (5600, 6000, 0), (4000, 20, 0), (4000, 1500, 300), (160, 9000, 0), (4840, 3, -40)]
# Threshold and the mean's part: the VoxCeleb recipe's, a fixed one, one that only the loudest reach, one that nothing does.
RULES = [(5.5, 0.5), (9.0, 0.0), (12.0, 0.6), (40.0, 0.5)]
CONTEXT, PROPORTION = 2, 0.12


def signal():
    k = np.arange(sum(count for count, _, _ in SIGNAL), dtype=np.int64)
    amplitude = np.concatenate([np.full(count, amplitude) for count, amplitude, _ in SIGNAL])
    offset = np.concatenate([np.full(count, offset) for count, _, offset in SIGNAL])
    return amplitude * ((31 * k * k + 17 * k) % 2003 - 1001) // 1001 + offset


def log_energies(samples):
    frames = np.lib.stride_tricks.sliding_window_view(samples.astype(np.float64), LENGTH)[::SHIFT]
    return np.log(((frames - frames.mean(axis=1, keepdims=True)) ** 2).sum(axis=1) + LENGTH)


def voiced(energies, threshold, mean_scale):
    above = energies > threshold + mean_scale * energies.mean()
    kernel = np.ones(2 * CONTEXT + 1)
    counts = np.convolve(above, kernel, "same")
    return counts >= PROPORTION * np.convolve(np.ones(len(above)), kernel, "same")


def golden():
    energies = log_energies(signal())
    cases = [{"threshold": threshold, "meanScale": scale,
              "voice": "".join("01"[int(one)] for one in voiced(energies, threshold, scale))} for threshold, scale in RULES]
    return None, {"signal": [list(part) for part in SIGNAL], "logEnergies": energies.tolist(), "cases": cases}
