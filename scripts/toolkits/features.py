"""Features as the recipes of other toolkits compute them, by torchaudio's Kaldi filter bank."""

import torch
from torchaudio.compliance import kaldi

from .subset import RATE


def wespeaker(samples, bins=80):
    """Frames × bins of samples within ±1, as wespeaker's cli/speaker.py computes them: Hamming's window, 16-bit
    samples, no dither, without the mean over the frames."""
    features = kaldi.fbank(
        torch.from_numpy(samples)[None] * 32768, num_mel_bins=bins, frame_length=25, frame_shift=10, dither=0,
        sample_frequency=RATE, window_type="hamming", use_energy=False)
    return features - features.mean(0, keepdim=True)
