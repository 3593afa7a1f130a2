"""Encoders of wespeaker's classes as wespeaker stores them: a folder of weights and settings, and an ONNX graph."""

import contextlib
import json
import sys
import warnings

import torch
import yaml

from . import wespeaker


class WithoutMean(torch.nn.Module):
    """What wespeaker exports: an encoder whose embeddings lose a mean, which is zero unless one is given."""

    def __init__(self, model, dimensions):
        super().__init__()
        self.model = model
        self.register_buffer("mean_vec", torch.zeros(dimensions))

    def forward(self, feats):
        return wespeaker.embedding(self.model(feats)) - self.mean_vec


def write_settings(folder, bins, dimensions):
    """The config.yaml of an encoder whose class does not matter, since svdist finds it from the tensors."""
    data = {"fbank_args": {"num_mel_bins": bins, "frame_length": 25, "frame_shift": 10, "dither": 1.0}}
    arguments = {"feat_dim": bins, "embed_dim": dimensions}
    # JSON is YAML, too.
    (folder / "config.yaml").write_text(json.dumps({"model": "X", "model_args": arguments, "dataset_args": data}))


def save(network, bins, dimensions, folder):
    """config.yaml and avg_model.pt, with a classifier of three speakers."""
    folder.mkdir(exist_ok=True)
    classifier = {"projection.weight": torch.zeros(3, dimensions)}
    torch.save(network.state_dict() | classifier, folder / "avg_model.pt")
    write_settings(folder, bins, dimensions)


def opened(folder):
    """The network that wespeaker's own loading makes of a folder (its cli/speaker.py)."""
    configuration = yaml.load((folder / "config.yaml").read_text(), Loader=yaml.FullLoader)
    # Some classes print what they are made of.
    with contextlib.redirect_stdout(sys.stderr):
        network = wespeaker.speaker_model(configuration["model"])(**configuration["model_args"])
    network.load_state_dict(torch.load(folder / "avg_model.pt", map_location="cpu", weights_only=True))
    if configuration["model"].startswith("ReDimNet2"):
        wespeaker.transpose(network)
    return network.eval()


def export(network, bins, dimensions, path, bare=False):
    """Writes a graph as wespeaker's export_onnx.py does, or as sherpa-onnx does that of 3D-Speaker's CAM++ (bare):
    without a module around it, and with sherpa-onnx's metadata."""
    inputs, outputs = ("x", "embedding") if bare else ("feats", "embs")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            (network if bare else WithoutMean(network, dimensions)).eval(), torch.ones(1, 200, bins), str(path),
            do_constant_folding=True, opset_version=13 if bare else 14, input_names=[inputs], output_names=[outputs],
            dynamic_axes={inputs: {0: "B", 1: "T"}, outputs: {0: "B"}}, dynamo=False)
    if bare:
        import onnx

        model = onnx.load(path)
        onnx.helper.set_model_props(model, {
            "framework": "3d-speaker", "sample_rate": "16000", "output_dim": str(dimensions), "normalize_samples": "1",
            "feature_normalize_type": "global-mean"})
        onnx.save(model, path)
