"""ECAPA-TDNN in SpeechBrain's layout, both ways, through the folder that EncoderClassifier opens.

SpeechBrain embeds waveforms, by its own front end; svdist has that front end as features.type speechbrain. Of encoders
with Kaldi's its network is compared by features as wespeaker computes them, and the row of its own front end, which is
then only near to theirs, has no bound.
"""

import math
from importlib import metadata

import torch
from speechbrain.inference.speaker import EncoderClassifier
from speechbrain.lobes.features import Fbank
from speechbrain.lobes.models.ECAPA_TDNN import ECAPA_TDNN
from speechbrain.processing.features import InputNormalization

from oracle import recordings, wespeaker

from . import features
from .classes import embeddings, imported
from .subset import SVDIST
from .table import row

TOOL = f"speechbrain {metadata.version('speechbrain')}"
WHOLE = f"{TOOL}, its own front end"
NAME = "ecapa-tdnn-speechbrain"
CHANNELS = 512
# As the recipe of its public encoder has it (VoxCeleb's, hparams/train_ecapa_tdnn.yaml), without the classifier.
SETTINGS = f"""
sample_rate: 16000
n_mels: 80
compute_features: !new:speechbrain.lobes.features.Fbank
  n_mels: !ref <n_mels>
mean_var_norm: !new:speechbrain.processing.features.InputNormalization
  norm_type: sentence
  std_norm: False
embedding_model: !new:speechbrain.lobes.models.ECAPA_TDNN.ECAPA_TDNN
  input_size: !ref <n_mels>
  channels: [{CHANNELS}, {CHANNELS}, {CHANNELS}, {CHANNELS}, 1536]
  kernel_sizes: [5, 3, 3, 3, 1]
  dilations: [1, 2, 3, 4, 1]
  attention_channels: 128
  lin_neurons: 192
modules:
  compute_features: !ref <compute_features>
  mean_var_norm: !ref <mean_var_norm>
  embedding_model: !ref <embedding_model>
pretrainer: !new:speechbrain.utils.parameter_transfer.Pretrainer
  loadables:
    embedding_model: !ref <embedding_model>
"""


def opened(folder, copies):
    return EncoderClassifier.from_hparams(source=str(folder), savedir=str(copies), run_opts={"device": "cpu"})


def decibels(samples):
    """Frames × bins of samples within ±1, without the mean over the frames."""
    normalization = InputNormalization(norm_type="sentence", std_norm=False)
    return normalization(Fbank(n_mels=80)(torch.from_numpy(samples)[None]), torch.ones(1))[0]


def by_waveform(classifier, utterances):
    with torch.inference_mode():
        return [classifier.encode_batch(torch.from_numpy(one.samples)[None]).flatten().numpy() for one in utterances]


def rows(corpus, data, work):
    """data: the folder that has the data directory `data` to train on; work: a new folder."""
    settings = f"{{type: ecapa-tdnn, layout: speechbrain, channels: {CHANNELS}}}"
    trained = recordings.trained_model(f"{NAME}-own", settings, ["features.type=speechbrain"], data)
    recordings.run(SVDIST, "export", trained, "--format", "speechbrain", "--output", work / "own")
    theirs = by_waveform(opened(work / "own", work / "own-copies"), corpus.utterances)
    yield row(corpus, NAME, "svdist → SpeechBrain", WHOLE, trained, theirs)

    network = ECAPA_TDNN(80, channels=[CHANNELS] * 4 + [1536], lin_neurons=192)
    wespeaker.draw(network, [decibels(one.samples) for one in corpus.utterances])
    home = work / "home"
    home.mkdir()
    torch.save(network.state_dict(), home / "embedding_model.ckpt")
    (home / "hyperparams.yaml").write_text(SETTINGS)
    drawn = imported(home, work / "drawn/encoder.safetensors")
    theirs = by_waveform(opened(home, work / "home-copies"), corpus.utterances)
    yield row(corpus, NAME, "SpeechBrain → svdist", WHOLE, drawn, theirs)
    utterances = [features.wespeaker(one.samples) for one in corpus.utterances]
    drawn = imported(home, work / "kaldi-drawn/encoder.safetensors", "--front-end", "wespeaker")
    yield row(corpus, NAME, "SpeechBrain → svdist", TOOL, drawn, embeddings(network, utterances))
    yield from kaldi_rows(corpus, utterances, settings, data, work)


def kaldi_rows(corpus, utterances, settings, data, work):
    """Those of an encoder that was trained with Kaldi's front end.

    utterances: features as wespeaker computes them.
    """
    trained = recordings.trained_model(NAME, settings, [], data)
    recordings.run(SVDIST, "export", trained, "--format", "speechbrain", "--output", work / "folder")
    classifier = opened(work / "folder", work / "folder-copies")
    # Its features are decibels, and the weights that read them are made for these.
    theirs = embeddings(classifier.mods.embedding_model, [one * (10 / math.log(10)) for one in utterances])
    yield row(corpus, f"{NAME}, kaldi", "svdist → SpeechBrain", TOOL, trained, theirs)
    theirs = by_waveform(classifier, corpus.utterances)
    yield row(corpus, f"{NAME}, kaldi", "svdist → SpeechBrain", WHOLE, trained, theirs, None, None)
