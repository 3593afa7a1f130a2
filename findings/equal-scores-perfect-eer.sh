#!/usr/bin/env bash
# wespeaker's EER of an encoder that gives every trial the same score is 0 %, a perfect result, where the trial list has
# its non-targets first, and 100 % where it has its targets first.
#
# wespeaker-unofficial 0.0.2 from PyPI (its copy of wespeaker's utils/score_metrics.py; 3D-Speaker's speakerlab-slim
# 0.1.0 has the same two functions), NumPy 2.4.6; Linux x86-64, Python 3.
#
# compute_pmiss_pfa_rbst sorts the scores and takes the rates of misses and false alarms after each trial, also between
# trials of one score, although no threshold lies there. The order of equal scores is then that of the list: non-targets
# that come before the targets look as if they were told apart. An encoder that has collapsed to one embedding gives
# such scores, and scores of few digits give some of them: with two digits the order moved the EER of 20,000 trials by
# 0.29 points. Rates taken after the last trial of each score depend on no order, and of equal scores they give 50 %.
# (NumPy's argsort is not stable; where its sort for another CPU leaves equal scores in another order, the numbers are
# others, and depend on the list all the same.)
#
# Seen:
#   20000 equal scores, non-targets first: EER 0.00 %
#   20000 equal scores, targets first:     EER 100.00 %
#   two digits, non-targets first:         EER 7.09 %
#   two digits, targets first:             EER 7.38 %
#
# Ends with 0 where the order decides so, 1 where it is not, 77 where the packages cannot be installed.
set -euo pipefail

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
python3 -m venv "$scratch/venv"
pip() { "$scratch/venv/bin/pip" install --quiet "$@" || { echo "skipped: $* is not to be had"; exit 77; }; }
pip numpy==2.4.6 scipy matplotlib
pip --no-deps wespeaker-unofficial==0.0.2

cat >"$scratch/look.py" <<'PYTHON'
import importlib.util
from pathlib import Path

import numpy as np

# The package's own __init__ imports a dozen packages more.
home = Path(importlib.util.find_spec("wespeaker").submodule_search_locations[0])
spec = importlib.util.spec_from_file_location("score_metrics", home / "utils/score_metrics.py")
metrics = importlib.util.module_from_spec(spec)
spec.loader.exec_module(metrics)


def eer(scores, targets):
    misses, false_alarms = metrics.compute_pmiss_pfa_rbst(scores, targets)
    return 100 * metrics.compute_eer(misses, false_alarms)


targets = np.repeat([0, 1], 10000)
equal = np.full(20000, 0.5)
first, last = eer(equal, targets), eer(equal, targets[::-1])
print(f"20000 equal scores, non-targets first: EER {first:.2f} %")
print(f"20000 equal scores, targets first:     EER {last:.2f} %")

targets = (np.arange(20000) % 5 == 0).astype(int)
scores = np.round(np.random.default_rng(1).normal(size=20000) * 0.12 + 0.35 * targets, 2)
order = np.lexsort((targets, scores))
low = eer(scores[order], targets[order])
order = np.lexsort((-targets, scores))
high = eer(scores[order], targets[order])
print(f"two digits, non-targets first:         EER {low:.2f} %")
print(f"two digits, targets first:             EER {high:.2f} %")
raise SystemExit(not (first < 50 < last and low < high))
PYTHON
"$scratch/venv/bin/python" "$scratch/look.py"
