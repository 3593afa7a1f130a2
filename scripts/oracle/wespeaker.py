"""The classes of wespeaker's encoders, from PyPI's wespeaker-unofficial 0.0.2 (import name wespeaker).

The package's own __init__ imports its command line, which needs a dozen packages more, and so do those of packages within
it: modules of the same names stand in for them here, so that `wespeaker.models` is imported without.
"""

import contextlib
import importlib
import importlib.util
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
    network.register_forward_pre_hook(lambda network, inputs: (inputs[0].transpose(1, 2),))
    return network


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


def bins(name):
    """The bins of an encoder's features."""
    return BINS.get(name, 80)


def embedding(output):
    """The embedding among what an encoder returns: the last of several."""
    return output[-1] if isinstance(output, tuple) else output
