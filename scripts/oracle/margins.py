"""The additive angular margin and its monotone extension, on cosines."""

import math

import torch


def angular(cosine, margin):
    """cos(theta + m) where cos theta > cos(pi - m), else cos theta - (1 + cos(pi - m)): the two meet at -1."""
    threshold = math.cos(math.pi - margin)
    sine = torch.sqrt(1 - cosine**2)
    shifted = cosine * math.cos(margin) - sine * math.sin(margin)
    return torch.where(cosine > threshold, shifted, cosine - (1 + threshold))


def unit(rows):
    return rows / torch.sqrt((rows**2).sum(1, keepdim=True))


def class_cosines(z, prototypes, subcenters):
    """Cosines [M, K] to each class's nearest sub-centre; class k owns rows k * subcenters and following."""
    cosines = z @ unit(prototypes).T
    return cosines.view(len(z), -1, subcenters).amax(2)
