"""ECAPA-TDNN in wespeaker's layout (ecapa.py) with other statistics over time than attentive ones (poolings.py), as
wespeaker's ECAPA_TDNN has them by `pooling_func`: TSTP, and XI, which gives one number for each channel.
"""

from . import ecapa, poolings


def encoder_type(pooling):
    class Encoder(ecapa.Encoder):
        def pooling(self, x):
            return poolings.pooled(self, x, pooling, "pool")

    return Encoder


def shapes(pooling):
    parameters, statistics = ecapa.shapes()
    own, own_statistics, rows = poolings.shapes(pooling, "pool", ecapa.AGGREGATION)
    parameters = {name: shape for name, shape in parameters.items() if not name.startswith("pool.")} | own
    parameters |= {"bn.weight": (rows,), "bn.bias": (rows,), "linear.weight": (ecapa.EMBEDDING, rows)}
    statistics |= own_statistics | {"bn.running_mean": (rows,), "bn.running_var": (rows,)}
    return parameters, statistics


class Fixture:
    """One encoder's golden values."""

    def __init__(self, pooling, seed):
        self.pooling, self.seed = pooling, seed

    def golden(self):
        return ecapa.passes(encoder_type(self.pooling), shapes(self.pooling), "conv.bias", self.seed)


# Seeds under which single precision keeps its digits.
tstp = Fixture("tstp", 20303)
xi = Fixture("xi", 20317)
