"""ReDimNet2 (Yakovlev et al. 2024, with time pooling) in wespeaker's layout.

A 3x3 convolution with a bias and a normalisation over channels make the first map. Each stage reads the softmax-weighted sum
of all maps before it, row by row, as a map of c channels at f heights (row f·c + channel); a convolution whose kernel is its
stride (all stages' strides over time at once); residual blocks of depthwise 3x3 and 1x1, convolution -> ReLU -> BN ->
convolution -> BN, the input added before the last ReLU; 1x1 to the stage's channels and BN with epsilon 1e-6 where the
blocks have others; then over time alone: 1x1 to fewer rows and a normalisation over them, four depthwise kernels of 7, 19,
31 and 59 frames (BN -> GELU -> 1x1, input added), a transformer layer of four heads, 1x1 back, input added; each frame
repeated to the input's number of frames. The sum of all maps, 1x1, attentive statistics, BN and a linear layer.
"""

import math

import torch
import torch.nn.functional as F

from . import ecapa

KERNELS = (7, 19, 31, 59)
HEADS = 4
FINE = 1e-6


def stages(sizes):
    """Each stage's steps over height and frames, blocks, expansion and reduction."""
    for stage in range(sizes["stages"]):
        yield (sizes[f"height{stage}"], sizes[f"frames{stage}"], sizes[f"blocks{stage}"],
               sizes[f"quarters{stage}"] / 4, sizes[f"reduction{stage}"])


class Shapes:
    """The tensors of a state dict but the batch counters: parameters, then running statistics."""

    def __init__(self):
        self.parameters, self.statistics = {}, {}

    def affine(self, name, *shape):
        self.parameters[f"{name}.weight"], self.parameters[f"{name}.bias"] = shape, shape[:1]

    def normalization(self, name, channels):
        self.affine(name, channels)
        self.statistics[f"{name}.running_mean"] = self.statistics[f"{name}.running_var"] = (channels,)

    def separable_block(self, name, width):
        for part in ("1", "2"):
            self.parameters[f"{name}.conv{part}.weight"] = (width, 1, 3, 3)
            self.affine(f"{name}.conv{part}pw", width, width, 1, 1)
            self.normalization(f"{name}.bn{part}", width)

    def time_block(self, name, rows, hidden):
        self.affine(f"{name}.red_dim_conv.0", hidden, rows, 1)
        self.affine(f"{name}.red_dim_conv.1", hidden)
        for part, kernel in enumerate(KERNELS):
            self.affine(f"{name}.tcm.{part}.dwconvs.0", hidden, 1, kernel)
            self.normalization(f"{name}.tcm.{part}.norm", hidden)
            self.affine(f"{name}.tcm.{part}.pwconv1", hidden, hidden, 1)
        for part in ("k_proj", "v_proj", "q_proj", "out_proj"):
            self.affine(f"{name}.tcm.4.attention.{part}", hidden, hidden)
        self.affine(f"{name}.tcm.4.layer_norm", hidden)
        self.affine(f"{name}.tcm.4.feed_forward.intermediate_dense", hidden, hidden)
        self.affine(f"{name}.tcm.4.feed_forward.output_dense", hidden, hidden)
        self.affine(f"{name}.tcm.4.final_layer_norm", hidden)
        self.affine(f"{name}.exp_dim_conv", rows, hidden, 1)

    def stem(self, channels):
        self.affine("backbone.stem.0", channels, 1, 3, 3)
        self.affine("backbone.stem.1", channels)

    def pooling(self, rows, bottleneck):
        self.affine("pool.linear1", bottleneck, 3 * rows, 1)
        self.affine("pool.linear2", rows, bottleneck, 1)


def shapes(sizes):
    own = Shapes()
    channels, height, step = sizes["channels"], sizes["bins"], 1
    rows = channels * height
    own.stem(channels)
    for stage, (lines, frames, blocks, expansion, reduction) in enumerate(stages(sizes)):
        name = f"backbone.stage{stage}"
        width, step = int(lines * channels * expansion), step * frames
        own.parameters[f"{name}.0.w"] = (1, stage + 1, rows, 1)
        own.affine(f"{name}.2", width, channels // math.gcd(channels, width), lines, step)
        channels, height = channels * lines, height // lines
        for part in range(3, 3 + blocks):
            own.separable_block(f"{name}.{part}.conv_block", width)
        part = 3 + blocks
        if expansion != 1:
            own.affine(f"{name}.{part}.0", channels, width, 1, 1)
            own.normalization(f"{name}.{part}.1", channels)
            part += 1
        own.time_block(f"{name}.{part + 1}", rows, rows // reduction)
    own.parameters["backbone.fin_wght1d.w"] = (1, sizes["stages"] + 1, rows, 1)
    pooled = rows
    if sizes["outputs"] and sizes["keepsHeight"]:
        own.affine("backbone.head", sizes["outputs"], channels, 1, 1)
        pooled = sizes["outputs"] * height
    elif sizes["outputs"]:
        own.affine("backbone.head", sizes["outputs"], rows, 1)
        pooled = sizes["outputs"]
    own.pooling(pooled, sizes["attentionBottleneck"])
    own.normalization("bn", 2 * pooled)
    own.affine("linear", sizes["embedding"], 2 * pooled)
    return own.parameters, own.statistics


def rows_of(x):
    """[utterances, channels, height, frames] as rows over time, line after line."""
    return x.transpose(1, 2).flatten(1, 2)


def gelu(x):
    return x / 2 * (1 + torch.erf(x / 2**0.5))


class Pieces(ecapa.Encoder):
    """What both ReDimNets compute alike."""

    def map_convolution(self, x, name, **how):
        return F.conv2d(x, self.state[f"{name}.weight"], self.state.get(f"{name}.bias"), **how)

    def over_channels(self, x, name):
        """Normalises each element over the second dimension."""
        mean = x.mean(1, keepdim=True)
        variance = ((x - mean) ** 2).mean(1, keepdim=True)
        shape = [1, -1] + [1] * (x.dim() - 2)
        weight, bias = self.state[f"{name}.weight"].view(shape), self.state[f"{name}.bias"].view(shape)
        return (x - mean) / torch.sqrt(variance + FINE) * weight + bias

    def weighted_sum(self, maps, name):
        weights = torch.softmax(self.state[name][0], dim=0)
        return sum(weight * x for weight, x in zip(weights, maps))

    def separable_block(self, x, name):
        width = x.shape[1]
        y = self.map_convolution(x, f"{name}.conv1", padding=1, groups=width)
        y = self.normalization(torch.relu(self.map_convolution(y, f"{name}.conv1pw")), f"{name}.bn1")
        y = self.map_convolution(y, f"{name}.conv2", padding=1, groups=width)
        y = self.normalization(self.map_convolution(y, f"{name}.conv2pw"), f"{name}.bn2")
        return torch.relu(y + x)

    def convnext_block(self, x, name):
        """Over frames, or over height and frames."""
        weight = self.state[f"{name}.dwconvs.0.weight"]
        convolve, product = (F.conv1d, self.convolution) if weight.dim() == 3 else (F.conv2d, self.map_convolution)
        y = convolve(x, weight, self.state[f"{name}.dwconvs.0.bias"], padding=weight.shape[-1] // 2,
                     groups=x.shape[1] // weight.shape[1])
        return x + product(gelu(self.normalization(y, f"{name}.norm")), f"{name}.pwconv1")

    def attention(self, x, name):
        """x is [utterances, frames, channels]."""
        def heads(part):
            return self.linear(x, f"{name}.{part}").unflatten(2, (HEADS, -1)).transpose(1, 2)

        query, key, value = heads("q_proj"), heads("k_proj"), heads("v_proj")
        energies = query @ key.transpose(2, 3) / query.shape[3] ** 0.5
        read = torch.softmax(energies, dim=3) @ value
        return self.linear(read.transpose(1, 2).flatten(2, 3), f"{name}.out_proj")

    def transformer(self, x, name):
        def normalized(y, part):
            return self.over_channels(y.transpose(1, 2), f"{name}.{part}").transpose(1, 2)

        y = x.transpose(1, 2)
        y = normalized(y + self.attention(y, f"{name}.attention"), "layer_norm")
        z = self.linear(y, f"{name}.feed_forward.intermediate_dense")
        z = z / 2 * (1 + torch.tanh((2 / math.pi) ** 0.5 * (z + 0.044715 * z**3)))
        y = normalized(y + self.linear(z, f"{name}.feed_forward.output_dense"), "final_layer_norm")
        return y.transpose(1, 2)

    def time_block(self, x, name):
        y = self.over_channels(self.convolution(x, f"{name}.red_dim_conv.0"), f"{name}.red_dim_conv.1")
        for part in range(len(KERNELS)):
            y = self.convnext_block(y, f"{name}.tcm.{part}")
        return x + self.convolution(self.transformer(y, f"{name}.tcm.4"), f"{name}.exp_dim_conv")


def encoder_type(sizes):
    class Encoder(Pieces):
        def stage(self, x, name, lines, step, blocks, expansion):
            """x is [utterances, channels, height, frames]."""
            groups = x.shape[1] // self.state[f"{name}.2.weight"].shape[1]
            x = self.map_convolution(x, f"{name}.2", stride=(lines, step), groups=groups)
            for part in range(3, 3 + blocks):
                x = self.separable_block(x, f"{name}.{part}.conv_block")
            part = 3 + blocks
            if expansion != 1:
                x = self.normalization(self.map_convolution(x, f"{name}.{part}.0"), f"{name}.{part}.1", FINE)
                part += 1
            return self.time_block(rows_of(x), f"{name}.{part + 1}")

        def embeddings(self, features):
            channels, height, step = sizes["channels"], sizes["bins"], 1
            whole = math.prod(frames for _, frames, _, _, _ in stages(sizes))
            features = features[:, None, :, :features.shape[2] // whole * whole]
            x = self.over_channels(self.map_convolution(features, "backbone.stem.0", padding=1), "backbone.stem.1")
            maps = [rows_of(x)]
            for stage, (lines, frames, blocks, expansion, _) in enumerate(stages(sizes)):
                name, step = f"backbone.stage{stage}", step * frames
                x = self.weighted_sum(maps, f"{name}.0.w").unflatten(1, (height, channels)).transpose(1, 2)
                x = self.stage(x, name, lines, step, blocks, expansion)
                channels, height = channels * lines, height // lines
                maps.append(x.repeat_interleave(step, dim=2))
            x = self.weighted_sum(maps, "backbone.fin_wght1d.w")
            if sizes["keepsHeight"]:
                x = x.unflatten(1, (height, channels)).transpose(1, 2)
                x = self.map_convolution(x, "backbone.head").flatten(1, 2)
            elif sizes["outputs"]:
                x = self.convolution(x, "backbone.head")
            return self.linear(self.normalization(self.pooling(x), "bn"), "linear")

    return Encoder


class Fixture:
    """One encoder's golden values."""

    def __init__(self, seed, outputs, keeps_height, long_frames, *own):
        """own: each stage's steps over height and frames, blocks, expansion and reduction."""
        self.seed, self.long_frames = seed, long_frames
        self.sizes = {"bins": 12, "channels": 4, "outputs": outputs, "keepsHeight": int(keeps_height),
                      "attentionBottleneck": 3, "embedding": 5, "utterances": 6, "frames": 27, "stages": len(own)}
        for stage, (height, frames, blocks, expansion, reduction) in enumerate(own):
            self.sizes |= {f"height{stage}": height, f"frames{stage}": frames, f"blocks{stage}": blocks,
                           f"quarters{stage}": int(4 * expansion), f"reduction{stage}": reduction}

    def golden(self):
        return ecapa.passes(
            encoder_type(self.sizes), shapes(self.sizes), None, self.seed, self.sizes, self.long_frames)


# Seeds under which single precision keeps its digits: a ReLU that changes sides would bend gradients, and a channel that
# hardly varies multiplies rounding. Within a stage there are more, fewer or as many channels as in its map, in groups of
# one, two or four.
with_map = Fixture(
    20270, 3, True, 70, (1, 1, 1, 1.5, 6), (2, 1, 2, 1, 12), (1, 2, 1, 0.75, 4), (3, 1, 1, 1, 12), (1, 2, 1, 1, 12))
with_rows = Fixture(20262, 0, False, 41, (1, 1, 1, 2, 6), (3, 1, 1, 1, 12), (2, 2, 1, 0.5, 12))
