"""Speech in a room: scipy.signal.convolve, summed directly in double precision, by a response of unit energy whose peak is
taken for time 0."""

import numpy as np
from scipy import signal

from .draws import Draws, rounded

SAMPLES, TAPS, PEAK = 1500, 400, 37


def golden():
    draws = Draws(41)
    speech = draws.normal(SAMPLES, scale=0.1).numpy()
    tail = np.exp(-np.arange(TAPS) / 90.0) * draws.normal(TAPS, scale=0.1).numpy()
    tail[PEAK] = -0.9
    response = rounded(tail).numpy()
    convolved = signal.convolve(speech, response / np.sqrt(np.sum(response**2)), method="direct")
    return {
        "speech": speech, "response": response, "reverberated": convolved[PEAK : PEAK + SAMPLES],
    }, {}
