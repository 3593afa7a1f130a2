"""ECAPA-TDNN (Desplanques et al. 2020) of torch.nn's layers in wespeaker's layout: zeros beyond the ends, last Res2 chunk
passed on, no normalisation after the aggregation and in the attention. Written for this comparison."""

import torch
from torch import nn


class Unit(nn.Module):
    """Convolution, ReLU, batch normalisation."""

    def __init__(self, inputs, outputs, kernel=1, dilation=1):
        super().__init__()
        self.conv = nn.Conv1d(inputs, outputs, kernel, dilation=dilation, padding=(kernel - 1) // 2 * dilation)
        self.bn = nn.BatchNorm1d(outputs)

    def forward(self, x):
        return self.bn(torch.relu(self.conv(x)))


class Res2(nn.Module):
    def __init__(self, channels, dilation, scale=8):
        super().__init__()
        self.scale = scale
        width = channels // scale
        self.units = nn.ModuleList(Unit(width, width, 3, dilation) for _ in range(scale - 1))

    def forward(self, x):
        *chunks, passed = torch.chunk(x, self.scale, dim=1)
        outputs = []
        for chunk, unit in zip(chunks, self.units):
            outputs.append(unit(chunk + outputs[-1] if outputs else chunk))
        return torch.cat([*outputs, passed], dim=1)


class SqueezeExcitation(nn.Module):
    def __init__(self, channels, bottleneck=128):
        super().__init__()
        self.linear1, self.linear2 = nn.Linear(channels, bottleneck), nn.Linear(bottleneck, channels)

    def forward(self, x):
        gate = torch.sigmoid(self.linear2(torch.relu(self.linear1(x.mean(dim=2)))))
        return x * gate.unsqueeze(2)


class Block(nn.Module):
    def __init__(self, channels, dilation):
        super().__init__()
        self.layers = nn.Sequential(
            Unit(channels, channels), Res2(channels, dilation), Unit(channels, channels), SqueezeExcitation(channels))

    def forward(self, x):
        return x + self.layers(x)


class AttentiveStatistics(nn.Module):
    def __init__(self, channels, bottleneck=128):
        super().__init__()
        self.linear1 = nn.Conv1d(3 * channels, bottleneck, 1)
        self.linear2 = nn.Conv1d(bottleneck, channels, 1)

    def forward(self, x):
        mean = x.mean(dim=2, keepdim=True)
        deviation = torch.sqrt(x.var(dim=2, keepdim=True) + 1e-7)
        hidden = self.linear1(torch.cat([x, mean.expand_as(x), deviation.expand_as(x)], dim=1))
        weights = torch.softmax(self.linear2(torch.tanh(hidden)), dim=2)
        mean = (weights * x).sum(dim=2)
        variance = ((weights * x**2).sum(dim=2) - mean**2).clamp(min=1e-7)
        return torch.cat([mean, torch.sqrt(variance)], dim=1)


class ECAPA(nn.Module):
    def __init__(self, channels, bins=80, aggregation=1536, embedding=192):
        super().__init__()
        self.entry = Unit(bins, channels, 5)
        self.blocks = nn.ModuleList(Block(channels, dilation) for dilation in (2, 3, 4))
        self.aggregation = nn.Sequential(nn.Conv1d(3 * channels, aggregation, 1), nn.ReLU())
        self.pool = AttentiveStatistics(aggregation)
        self.bn = nn.BatchNorm1d(2 * aggregation)
        self.linear = nn.Linear(2 * aggregation, embedding)

    def forward(self, features):
        """[utterances, bins, frames] -> [utterances, embedding]."""
        x = self.entry(features)
        outputs = []
        for block in self.blocks:
            x = block(x)
            outputs.append(x)
        return self.linear(self.bn(self.pool(self.aggregation(torch.cat(outputs, dim=1)))))
