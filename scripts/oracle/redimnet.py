"""The first ReDimNet (Yakovlev et al. 2024) in wespeaker's layout.

As redimnet2.py, but that no stage strides over time and that the first map stays as it is where a stage reads it alone; a
stage's first convolution has all channels in one group; the residual blocks are separable ones or, by groups of channels,
3x3 with a bias -> BN -> GELU -> 1x1, input added; where the blocks have other channels than the stage's map, 3x3 in groups
with a bias -> BN with epsilon 1e-6 -> GELU -> 1x1 follows; some stages have nothing over time alone; attentive statistics are
of all rows of the last sum, and no BN stands before the linear layer.
"""

from . import ecapa, redimnet2


def stages(sizes):
    """Each stage's step over height, blocks, expansion and reduction, of which 0 stands for no block over time."""
    for stage in range(sizes["stages"]):
        yield (sizes[f"height{stage}"], sizes[f"blocks{stage}"], sizes[f"expansion{stage}"],
               sizes[f"reduction{stage}"])


def shapes(sizes):
    own = redimnet2.Shapes()
    channels, height, divisor = sizes["channels"], sizes["bins"], sizes["divisor"]
    rows = channels * height
    own.stem(channels)
    for stage, (lines, blocks, expansion, reduction) in enumerate(stages(sizes)):
        name = f"backbone.stage{stage}"
        own.parameters[f"backbone.inputs_weights.{stage}"] = (1, stage + 1, rows, 1) if stage else (1, 1, 1, 1)
        width = lines * channels * expansion
        own.affine(f"{name}.0", width, channels, lines, 1)
        channels, height = channels * lines, height // lines
        for part in range(1, 1 + blocks):
            block = f"{name}.{part}.conv_block"
            if sizes["separable"]:
                own.separable_block(block, width)
            else:
                own.affine(f"{block}.dwconvs.0", width, width // (width // divisor), 3, 3)
                own.normalization(f"{block}.norm", width)
                own.affine(f"{block}.pwconv1", width, width, 1, 1)
        part = 1 + blocks
        if expansion != 1:
            own.affine(f"{name}.{part}.0", channels, width // (channels // divisor), 3, 3)
            own.normalization(f"{name}.{part}.1", channels)
            own.affine(f"{name}.{part}.3", channels, channels, 1, 1)
            part += 1
        if reduction:
            own.time_block(f"{name}.{part + 1}", rows, rows // reduction)
    own.parameters[f"backbone.inputs_weights.{sizes['stages']}"] = (1, sizes["stages"] + 1, rows, 1)
    own.pooling(rows, sizes["attentionBottleneck"])
    own.affine("seg_1", sizes["embedding"], 2 * rows)
    return own.parameters, own.statistics


def encoder_type(sizes):
    class Encoder(redimnet2.Pieces):
        def narrowed(self, x, name):
            groups = x.shape[1] // self.state[f"{name}.0.weight"].shape[1]
            y = self.map_convolution(x, f"{name}.0", padding=1, groups=groups)
            y = redimnet2.gelu(self.normalization(y, f"{name}.1", redimnet2.FINE))
            return self.map_convolution(y, f"{name}.3")

        def stage(self, x, name, lines, blocks, expansion, reduction):
            """x is [utterances, channels, height, frames]."""
            x = self.map_convolution(x, f"{name}.0", stride=(lines, 1))
            block = self.separable_block if sizes["separable"] else self.convnext_block
            for part in range(1, 1 + blocks):
                x = block(x, f"{name}.{part}.conv_block")
            part = 1 + blocks
            if expansion != 1:
                x = self.narrowed(x, f"{name}.{part}")
                part += 1
            rows = redimnet2.rows_of(x)
            return self.time_block(rows, f"{name}.{part + 1}") if reduction else rows

        def embeddings(self, features):
            channels, height = sizes["channels"], sizes["bins"]
            x = self.map_convolution(features[:, None], "backbone.stem.0", padding=1)
            maps = [redimnet2.rows_of(self.over_channels(x, "backbone.stem.1"))]
            for stage, (lines, *own) in enumerate(stages(sizes)):
                x = self.weighted_sum(maps, f"backbone.inputs_weights.{stage}")
                x = x.unflatten(1, (height, channels)).transpose(1, 2)
                maps.append(self.stage(x, f"backbone.stage{stage}", lines, *own))
                channels, height = channels * lines, height // lines
            x = self.weighted_sum(maps, f"backbone.inputs_weights.{sizes['stages']}")
            return self.linear(self.pooling(x), "seg_1")

    return Encoder


class Fixture:
    """One encoder's golden values."""

    def __init__(self, seed, channels, divisor, separable, long_frames, *own):
        """own: each stage's step over height, blocks, expansion and reduction."""
        self.seed, self.long_frames = seed, long_frames
        self.sizes = {"bins": 12, "channels": channels, "divisor": divisor, "separable": int(separable),
                      "attentionBottleneck": 3, "embedding": 5, "utterances": 6, "frames": 23, "stages": len(own)}
        for stage, (height, blocks, expansion, reduction) in enumerate(own):
            self.sizes |= {f"height{stage}": height, f"blocks{stage}": blocks, f"expansion{stage}": expansion,
                           f"reduction{stage}": reduction}

    def golden(self):
        return ecapa.passes(
            encoder_type(self.sizes), shapes(self.sizes), None, self.seed, self.sizes, self.long_frames)


# Seeds under which single precision keeps its digits, as in redimnet2.py. The blocks are separable, or read groups of four
# channels, of which six channels are a single one.
separable = Fixture(20292, 4, 1, True, 61, (1, 1, 1, 12), (2, 2, 2, 6), (1, 1, 3, 12), (3, 1, 1, 4))
grouped = Fixture(20286, 6, 4, False, 37, (1, 2, 1, 0), (2, 1, 2, 0), (3, 1, 1, 6), (1, 1, 1, 18))
