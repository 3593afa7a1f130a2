"""Additive angular margin softmax (Deng et al. 2019) and the supervised contrastive loss (Khosla et al. 2020)."""

import math

import torch
import torch.nn.functional as F
from torch import nn


class AngularMarginSoftmax(nn.Module):
    def __init__(self, speakers, embedding, scale=32.0, margin=0.2):
        super().__init__()
        self.weight = nn.Parameter(nn.init.xavier_uniform_(torch.empty(speakers, embedding)))
        self.scale, self.margin = scale, margin

    def forward(self, embeddings, speakers):
        cosines = F.linear(F.normalize(embeddings), F.normalize(self.weight))
        sines = torch.sqrt((1 - cosines**2).clamp(0, 1))
        shifted = cosines * math.cos(self.margin) - sines * math.sin(self.margin)
        far = cosines <= math.cos(math.pi - self.margin)
        shifted = torch.where(far, cosines - 1 - math.cos(math.pi - self.margin), shifted)
        own = F.one_hot(speakers, cosines.shape[1]).bool()
        return F.cross_entropy(self.scale * torch.where(own, shifted, cosines), speakers)


def supervised_contrastive(embeddings, speakers, temperature=0.07):
    directions = F.normalize(embeddings)
    similarities = directions @ directions.T / temperature
    itself = torch.eye(len(speakers), dtype=torch.bool)
    positive = (speakers[:, None] == speakers[None]) & ~itself
    log_probabilities = similarities - torch.logsumexp(similarities.masked_fill(itself, -math.inf), dim=1, keepdim=True)
    return -(torch.where(positive, log_probabilities, 0).sum(1) / positive.sum(1)).mean()
