"""The classes of wespeaker's encoders, from PyPI's wespeaker-unofficial 0.0.2 (import name wespeaker).

The package's own __init__ imports its command line, and that of its front ends imports s3prl, which need a dozen packages
more: modules of the same names stand in for them here, so that `wespeaker.models` is imported without.
"""

import importlib
import importlib.util
import sys
import types

PACKAGE = {"wespeaker": "wespeaker-unofficial==0.0.2"}


def module(name):
    """A module of wespeaker.models."""
    if "wespeaker" not in sys.modules:
        folders = list(importlib.util.find_spec("wespeaker").submodule_search_locations)
        for package, inner in (("wespeaker", ""), ("wespeaker.frontend", "/frontend")):
            sys.modules[package] = types.ModuleType(package)
            sys.modules[package].__path__ = [folder + inner for folder in folders]
    return importlib.import_module(f"wespeaker.models.{name}")


# For each encoder.type of svdist, wespeaker's encoder of the same sizes, and the dimensions of its embeddings.
ENCODERS = {
    "ecapa-tdnn": lambda: module("ecapa_tdnn").ECAPA_TDNN_GLOB_c512(80, 192),
    "resnet": lambda: module("resnet").ResNet34(80, 256, pooling_func="TSTP", two_emb_layer=False),
    "campplus": lambda: module("campplus").CAMPPlus(80, 512, pooling_func="TSTP"),
    "x-vector": lambda: module("tdnn").XVEC(feat_dim=80, embed_dim=512, pooling_func="TSTP"),
}
DIMENSIONS = {"ecapa-tdnn": 192, "resnet": 256, "campplus": 512, "x-vector": 512}


def embedding(output):
    """The embedding among what an encoder returns: the last of several."""
    return output[-1] if isinstance(output, tuple) else output
