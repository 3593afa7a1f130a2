"""The classes of wespeaker's encoders, from PyPI's wespeaker-unofficial 0.0.2 (import name wespeaker).

The package's own __init__ imports its command line, which needs a dozen packages more, and so do those of packages within
it: modules of the same names stand in for them here, so that `wespeaker.models` is imported without.
"""

import contextlib
import importlib
import importlib.util
import itertools
import sys
import types

PACKAGE = {"wespeaker": "wespeaker-unofficial==0.0.2"}
# What the modules of these classes import besides their package: redimnet2 imports tfmel, which takes its window of SciPy.
NEEDS = {"torch": "torch", "numpy": "numpy", "scipy": "scipy"}


def module(name, package="models"):
    """A module of wespeaker.models, or of another of its packages."""
    own = f"wespeaker.{package}"
    if "wespeaker" not in sys.modules:
        stand_in("wespeaker", importlib.util.find_spec("wespeaker").submodule_search_locations)
    if own not in sys.modules:
        stand_in(own, [f"{folder}/{package}" for folder in sys.modules["wespeaker"].__path__])
    return importlib.import_module(f"{own}.{name}")


def stand_in(name, folders):
    package = types.ModuleType(name)
    package.__path__ = list(folders)
    sys.modules[name] = package


def redimnet2():
    """ReDimNet2-B0 with a map over frequency and time at its end, for features as the other classes take them."""
    # It imports this itself, and the package's __init__ with it if none stands in.
    module("tfmel", "frontend")
    with contextlib.redirect_stdout(sys.stderr):
        network = module("redimnet2").ReDimNet2B0(feat_dim=72, return_2d_output=True)
    return transpose(network)


def transpose(network):
    """Lets a network that reads [B, F, T] take features as the other classes do."""
    network.register_forward_pre_hook(lambda network, inputs: (inputs[0].transpose(1, 2),))
    return network


# The modules of the classes, by what their names begin with, the longer ones first. wespeaker's own get_speaker_model
# imports modules that need packages of their own.
MODULES = {
    "XVEC": "tdnn", "ECAPA_TDNN": "ecapa_tdnn", "ResNet": "resnet", "CAMPPlus": "campplus", "ReDimNet2": "redimnet2",
    "ReDimNet": "redimnet", "SimAM_ResNet": "samresnet"}


def speaker_model(name):
    """The class of a name in wespeaker's configurations."""
    if name.startswith("ReDimNet2"):
        module("tfmel", "frontend")
    with contextlib.redirect_stdout(sys.stderr):
        return getattr(module(next(place for start, place in MODULES.items() if name.startswith(start))), name)


# For each encoder.type of svdist, wespeaker's encoder of the same sizes, the dimensions of its embeddings, and the bins of
# its features where they are not 80.
ENCODERS = {
    "ecapa-tdnn": lambda: module("ecapa_tdnn").ECAPA_TDNN_GLOB_c512(80, 192),
    "resnet": lambda: module("resnet").ResNet34(80, 256, pooling_func="TSTP", two_emb_layer=False),
    "campplus": lambda: module("campplus").CAMPPlus(80, 512, pooling_func="TSTP"),
    "x-vector": lambda: module("tdnn").XVEC(feat_dim=80, embed_dim=512, pooling_func="TSTP"),
    "redimnet2": redimnet2,
    "redimnet": lambda: module("redimnet").ReDimNetB0(),
}
DIMENSIONS = {
    "ecapa-tdnn": 192, "resnet": 256, "campplus": 512, "x-vector": 512, "redimnet2": 192, "redimnet": 192}
BINS = {"redimnet2": 72, "redimnet": 60, "redimnet-b1": 72, "redimnet-b2": 72}
# Others by names of their own, with svdist's settings.
VARIANTS = {
    "resnet-astp": (
        "{type: resnet, pooling: astp}", lambda: module("resnet").ResNet34(80, 256, pooling_func="ASTP")),
    "resnet-simam": (
        "{type: resnet, channels: 64, gate: simam, pooling: asp}", lambda: module("samresnet").SimAM_ResNet34_ASP()),
    "ecapa-tdnn-xi": (
        "{type: ecapa-tdnn, pooling: xi}", lambda: module("ecapa_tdnn").ECAPA_TDNN_c512(80, 192, pooling_func="XI")),
    "redimnet-b1": ("{type: redimnet, size: b1}", lambda: module("redimnet").ReDimNetB1()),
    "redimnet-b2": ("{type: redimnet, size: b2}", lambda: module("redimnet").ReDimNetB2()),
    "x-vector-xi": ("{type: x-vector, pooling: xi}", lambda: module("xi_vector").XI_VEC_XVEC(80, 512)),
}

# All of these: svdist's settings, and wespeaker's encoder.
EVERY = {name: (f"{{type: {name}}}", make) for name, make in ENCODERS.items()} | VARIANTS

# Others of sizes that nobody trains, and of wespeaker's other depths, whose settings svdist finds from their files.
SIZES = {
    "ecapa-tdnn-small": lambda: module("ecapa_tdnn").ECAPA_TDNN(64, 80, 32, global_context_att=True),
    "ecapa-tdnn-tstp": lambda: module("ecapa_tdnn").ECAPA_TDNN_c512(80, 192, pooling_func="TSTP"),
    "resnet-18-small": lambda: module("resnet").ResNet(
        module("resnet").BasicBlock, [2, 2, 2, 2], m_channels=8, feat_dim=80, embed_dim=64, two_emb_layer=True),
    "resnet-50": lambda: module("resnet").ResNet50(80, 256, two_emb_layer=False),
    "campplus-small": lambda: module("campplus").CAMPPlus(80, 64, growth_rate=8, init_channels=32),
    "x-vector-small": lambda: module("tdnn").XVEC(feat_dim=80, hid_dim=48, stats_dim=96, embed_dim=32),
}


def bins(name):
    """The bins of an encoder's features."""
    return BINS.get(name, 80)


def embedding(output):
    """The embedding among what an encoder returns: the last of several."""
    return output[-1] if isinstance(output, tuple) else output


# By fewer, the statistics move only part of the way, and embeddings stay so much alike that scores in single precision are
# equal.
BATCHES = 50


def draw(network, utterances):
    """Draws a class's weights as it does itself, and lets batches move its statistics. It is left as it infers."""
    import torch

    torch.manual_seed(7)
    for module in network.modules():
        if hasattr(module, "reset_parameters"):
            module.reset_parameters()
        if isinstance(module, torch.nn.modules.batchnorm._BatchNorm) and module.affine:
            torch.nn.init.uniform_(module.weight, 0.5, 1.5)
            torch.nn.init.normal_(module.bias, std=0.2)
    for value in network.parameters():
        # The numbers whose softmax ReDimNet weighs its maps by.
        if value.ndim == 4 and value.shape[0] == value.shape[3] == 1 and value.requires_grad:
            torch.nn.init.normal_(value)
    frames = min(200, *(len(utterance) for utterance in utterances))
    network.train()
    with torch.no_grad():
        starts = range(0, len(utterances) - 3, 4)
        for start in itertools.islice(itertools.cycle(starts), max(len(starts), BATCHES)):
            network(torch.stack([utterance[:frames] for utterance in utterances[start:start + 4]]))
    network.eval()
