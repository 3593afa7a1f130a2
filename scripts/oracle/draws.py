"""Random inputs: a frozen generator, values rounded to single precision and held as doubles."""

import numpy as np
import torch


class Draws:
    def __init__(self, seed):
        self.state = np.random.RandomState(seed)

    def normal(self, *shape, scale=1.0, mean=0.0):
        return rounded(mean + scale * self.state.standard_normal(shape))

    def uniform(self, *shape, low=0.0, high=1.0):
        return rounded(self.state.uniform(low, high, shape))


def rounded(values):
    """What single precision keeps of the values, as doubles."""
    return torch.tensor(np.asarray(values, dtype=np.float32).astype(np.float64))
