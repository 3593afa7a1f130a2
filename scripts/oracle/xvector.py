"""The x-vector (Snyder et al. 2018) in wespeaker's layout.

Five layers over frames, conv -> ReLU -> BN without weight and bias; the convolutions read nothing beyond the ends, so that
the utterance gets shorter. Statistics over time of each channel (poolings.py); the embedding is seg_2 of the normalised ReLU
of seg_1. Batch normalisation as in ecapa.py.
"""

import torch
import torch.nn.functional as F

from . import ecapa, poolings

# The frames that each layer sees, and the distance between them.
LAYERS = ((5, 1), (3, 2), (3, 3), (1, 1), (1, 1))
SIZES = {"bins": 7, "channels": 6, "statistics": 9, "embedding": 5, "utterances": 8, "frames": 23}
LONG_FRAMES = 31


def shapes(pooling):
    """Every tensor of the state dict but the batch counters: parameters, then running statistics."""
    parameters, statistics = {}, {}

    def affine(name, *shape):
        parameters[f"{name}.weight"], parameters[f"{name}.bias"] = shape, shape[:1]

    def statistics_of(name, channels):
        statistics[f"{name}.running_mean"], statistics[f"{name}.running_var"] = (channels,), (channels,)

    inputs, channels, embedding = SIZES["bins"], SIZES["channels"], SIZES["embedding"]
    for index, (kernel, _) in enumerate(LAYERS):
        outputs = SIZES["statistics"] if index == len(LAYERS) - 1 else channels
        affine(f"frame_{index + 1}.conv_1d", outputs, inputs, kernel)
        statistics_of(f"frame_{index + 1}.bn", outputs)
        inputs = outputs
    own, own_statistics, rows = poolings.shapes(pooling, "pool", inputs)
    parameters |= own
    statistics |= own_statistics
    affine("seg_1", embedding, rows)
    statistics_of("seg_bn_1", embedding)
    affine("seg_2", embedding, embedding)
    return parameters, statistics


class Encoder(ecapa.Encoder):
    kind = "tstp"

    def frame(self, x, name, dilation):
        weight, bias = self.state[f"{name}.conv_1d.weight"], self.state[f"{name}.conv_1d.bias"]
        return self.normalization(torch.relu(F.conv1d(x, weight, bias, dilation=dilation)), f"{name}.bn")

    def embeddings(self, features):
        x = features
        for index, (_, dilation) in enumerate(LAYERS):
            x = self.frame(x, f"frame_{index + 1}", dilation)
        first = torch.relu(self.linear(poolings.pooled(self, x, self.kind, "pool"), "seg_1"))
        return self.linear(self.normalization(first, "seg_bn_1"), "seg_2")


class XiEncoder(Encoder):
    kind = "xi"


class Fixture:
    """One encoder's golden values."""

    def __init__(self, encoder_type, seed):
        self.encoder_type, self.seed = encoder_type, seed

    def golden(self):
        return ecapa.passes(
            self.encoder_type, shapes(self.encoder_type.kind), None, self.seed, SIZES, LONG_FRAMES)


plain = Fixture(Encoder, seed=20241)
xi = Fixture(XiEncoder, seed=20253)
