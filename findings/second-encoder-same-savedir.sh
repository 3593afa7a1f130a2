#!/usr/bin/env bash
# SpeechBrain's from_hparams(source=B, savedir=S) gives the encoder of A, without a word, where S was A's.
#
# speechbrain 1.1.2, torch and torchaudio 2.11.0 from PyPI; Linux x86-64, Python 3.
#
# `savedir` is documented as where to put the pretraining material. For a source that is a folder, from_hparams puts
# links to its files there, hyperparams.yaml and weights; but where S has files of these names, it takes them as they
# are and does not look whether they are those of the source. So a loop over the exports of two runs that keeps one
# savedir compares the first encoder with itself. Without savedir, or with another one, B is B.
# fetch_config=FetchConfig(overwrite=True) also helps.
#
# Seen (cosine of embeddings of one waveform, two drawn encoders):
#   B alone and A:             -0.283
#   B by A's savedir and A:    1.000
#   B, overwriting, and A:     -0.283
#
# Ends with 0 where that is so, 1 where it is not, 77 where the packages cannot be installed.
set -euo pipefail

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
python3 -m venv "$scratch/venv"
"$scratch/venv/bin/pip" install --quiet speechbrain==1.1.2 torch==2.11.0 torchaudio==2.11.0 || {
  echo "skipped: speechbrain 1.1.2 is not to be had"
  exit 77
}

cat >"$scratch/look.py" <<'PYTHON'
import sys
from pathlib import Path

import torch
from speechbrain.inference.speaker import EncoderClassifier
from speechbrain.lobes.models.ECAPA_TDNN import ECAPA_TDNN
from speechbrain.utils.fetching import FetchConfig

SETTINGS = """
compute_features: !new:speechbrain.lobes.features.Fbank
  n_mels: 80
mean_var_norm: !new:speechbrain.processing.features.InputNormalization
  norm_type: sentence
  std_norm: False
embedding_model: !new:speechbrain.lobes.models.ECAPA_TDNN.ECAPA_TDNN
  input_size: 80
  channels: [64, 64, 64, 64, 96]
  attention_channels: 16
  lin_neurons: 32
modules:
  compute_features: !ref <compute_features>
  mean_var_norm: !ref <mean_var_norm>
  embedding_model: !ref <embedding_model>
pretrainer: !new:speechbrain.utils.parameter_transfer.Pretrainer
  loadables:
    embedding_model: !ref <embedding_model>
"""
scratch = Path(sys.argv[1])
for seed, name in enumerate("AB", 1):
    torch.manual_seed(seed)
    (scratch / name).mkdir()
    network = ECAPA_TDNN(80, channels=[64] * 4 + [96], lin_neurons=32, attention_channels=16)
    torch.save(network.state_dict(), scratch / name / "embedding_model.ckpt")
    (scratch / name / "hyperparams.yaml").write_text(SETTINGS)
waveform = 0.1 * torch.randn(1, 48000)


def embedding(name, savedir, **options):
    classifier = EncoderClassifier.from_hparams(source=str(scratch / name), savedir=str(scratch / savedir), **options)
    return classifier.encode_batch(waveform).flatten()


def cosine(one, other):
    return float(torch.nn.functional.cosine_similarity(one, other, dim=0))


first = embedding("A", "S")
alone, second = cosine(embedding("B", "other"), first), cosine(embedding("B", "S"), first)
overwriting = cosine(embedding("B", "S", fetch_config=FetchConfig(overwrite=True)), first)
print(f"B alone and A:             {alone:.3f}")
print(f"B by A's savedir and A:    {second:.3f}")
print(f"B, overwriting, and A:     {overwriting:.3f}")
raise SystemExit(not (alone < 0.9 and second > 0.9999 and overwriting < 0.9))
PYTHON
"$scratch/venv/bin/python" "$scratch/look.py" "$scratch" 2>"$scratch/errors" || { cat "$scratch/errors" >&2; exit 1; }
