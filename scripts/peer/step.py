"""One process that measures PyTorch's training step: forward, both losses, backward, Adam, features in memory.

Gradients `one`: one backward pass, the losses weighted by the min-norm point of their gradients of the embeddings.
Gradients `both`: each loss's gradient of all parameters by a backward pass of its own, weighted by their min-norm point.
Several processes (gloo) share the rows: `one` is DistributedDataParallel; for `both` each sums two flat gradients, since
its reducer takes one backward pass a forward pass.
"""

import contextlib
import os
import resource
import statistics
import time

import torch
import torch.distributed as distributed
from torch._functorch import config as functorch_config
from torch.nn.parallel import DistributedDataParallel

from oracle import wespeaker

from .ecapa import ECAPA
from .objectives import AngularMarginSoftmax, supervised_contrastive


class SpeechBrain(torch.nn.Module):
    """SpeechBrain's ECAPA-TDNN for features with their frames last."""

    def __init__(self, channels):
        super().__init__()
        # Imported where it is used: the package is needed for its own layout alone.
        from speechbrain.lobes.models.ECAPA_TDNN import ECAPA_TDNN

        self.network = ECAPA_TDNN(80, channels=[channels] * 4 + [1536], lin_neurons=192)

    def forward(self, features):
        return self.network(features.transpose(1, 2)).squeeze(1)


class Wespeaker(torch.nn.Module):
    """An encoder of wespeaker's for features with their frames last."""

    def __init__(self, name):
        super().__init__()
        self.network = wespeaker.ENCODERS[name]()

    def forward(self, features):
        return wespeaker.embedding(self.network(features.transpose(1, 2)))


def encoder(options):
    """The module, the dimensions of its embeddings, and the package that it is from."""
    if options.encoder != "ecapa-tdnn":
        return Wespeaker(options.encoder), wespeaker.DIMENSIONS[options.encoder], "wespeaker"
    if options.layout == "speechbrain":
        return SpeechBrain(options.channels), 192, "speechbrain"
    return ECAPA(options.channels), 192, "torch.nn"


def min_norm(first, second):
    """The weight of the first gradient in the shortest combination (Sener and Koltun 2018, equation 4)."""
    difference = first - second
    return float((-(difference @ second) / (difference @ difference).clamp(min=1e-20)).clamp(0, 1))


class Step:
    def __init__(self, options):
        self.options = options
        self.ranks = int(os.environ.get("WORLD_SIZE", 1))
        self.rank = int(os.environ.get("RANK", 0))
        torch.set_num_threads(options.threads)
        torch.manual_seed(1)
        network, dimensions, self.source = encoder(options)
        if options.channels_last:
            network = network.to(memory_format=torch.channels_last)
        self.encoder_parameters = list(network.parameters())
        self.classifier = AngularMarginSoftmax(options.speakers, dimensions)
        if self.ranks > 1:
            distributed.init_process_group("gloo")
        if self.ranks > 1 and options.gradients == "one":
            network = DistributedDataParallel(network)
        # A compiled backward pass would otherwise reuse memory that the other objective's still reads.
        functorch_config.donated_buffer = options.gradients == "one"
        self.network = torch.compile(network) if options.compile else network
        self.optimizer = torch.optim.Adam([*self.encoder_parameters, *self.classifier.parameters()], fused=True)
        own = range(self.rank * options.rows // self.ranks, (self.rank + 1) * options.rows // self.ranks)
        torch.manual_seed(2 + self.rank)
        self.features = torch.randn(len(own), wespeaker.bins(options.encoder), options.frames)
        self.speakers = torch.arange(options.rows) // 2 * 7 % options.speakers
        self.own = slice(own.start, own.stop)

    def everyones(self, embeddings):
        """All ranks' embeddings, with a gradient for one's own."""
        if self.ranks == 1:
            return embeddings
        parts = [torch.empty_like(embeddings) for _ in range(self.ranks)]
        distributed.all_gather(parts, embeddings.detach())
        parts[self.rank] = embeddings
        return torch.cat(parts)

    def sum(self, tensor):
        if self.ranks > 1:
            distributed.all_reduce(tensor)

    def __call__(self):
        self.optimizer.zero_grad()
        bf16 = torch.autocast("cpu", torch.bfloat16) if self.options.precision == "bf16" else contextlib.nullcontext()
        with bf16:
            embeddings = self.network(self.features)
        embeddings = embeddings.float()
        if self.options.gradients == "both":
            self.both(embeddings)
        else:
            self.one(embeddings)
        self.optimizer.step()

    def losses(self, embeddings):
        everyones = self.everyones(embeddings)
        classification = self.classifier(embeddings, self.speakers[self.own]) / self.ranks
        return classification, supervised_contrastive(everyones, self.speakers)

    def one(self, embeddings):
        leaf = embeddings.detach().requires_grad_()
        classification, contrastive = self.losses(leaf)
        classification.backward()
        first = leaf.grad
        second, = torch.autograd.grad(contrastive, leaf)
        weight = min_norm(first.flatten(), second.flatten())
        embeddings.backward(weight * first + (1 - weight) * second)
        for parameter in self.classifier.parameters():
            self.sum(parameter.grad)

    def both(self, embeddings):
        classification, contrastive = self.losses(embeddings)
        classifier = list(self.classifier.parameters())
        gradients = torch.autograd.grad(
            classification, [*self.encoder_parameters, *classifier], retain_graph=True)
        first = torch.cat([gradient.flatten() for gradient in gradients])
        second = torch.cat(
            [gradient.flatten() for gradient in torch.autograd.grad(contrastive, self.encoder_parameters)])
        self.sum(first)
        self.sum(second)
        encoder, prototypes = first[:len(second)], first[len(second):]
        weight = min_norm(encoder, second)
        combined = encoder.mul_(weight).add_(second, alpha=1 - weight)
        start = 0
        for parameter in self.encoder_parameters:
            parameter.grad = combined[start:start + parameter.numel()].view_as(parameter)
            start += parameter.numel()
        classifier[0].grad = prototypes.view_as(classifier[0])


def measure(options):
    """What one process found; of several, the slowest one's time and the largest one's memory."""
    step = Step(options)
    times = []
    for index in range(options.warm_up + options.steps):
        if step.ranks > 1:
            distributed.barrier()
        start = time.perf_counter()
        step()
        if index >= options.warm_up:
            times.append(time.perf_counter() - start)
    found = torch.tensor(
        [statistics.median(times), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6], dtype=torch.double)
    if step.ranks > 1:
        distributed.all_reduce(found, op=distributed.ReduceOp.MAX)
        distributed.destroy_process_group()
    seconds, memory = found.tolist()
    if step.rank == 0:
        return {"seconds": seconds, "rate": options.rows / seconds, "memory": memory, "module": step.source,
                "torch": torch.__version__}
    return None
