"""Shards as Python's tarfile writes them, in the way of wespeaker's tools/make_shard_list.py: for each utterance a member
key.spk and a member key.wav. ShardListTests.swift holds the keys, the speakers and the samples' formula."""

import io
import struct
import tarfile

import numpy as np

KEYS = [("id1/a", "id1"), ("id2/" + "x" * 60 + "/" + "y" * 60, "id2"), ("id3/stimme-é", "sprecher é")]
SAMPLES = 4400


def wave(item):
    """8 bits at 8 kHz: sample k is (7 k + 13 item) mod 200 + 28."""
    samples = bytes((7 * k + 13 * item) % 200 + 28 for k in range(SAMPLES))
    header = struct.pack("<4sI4s4sIHHIIHH4sI", b"RIFF", 36 + SAMPLES, b"WAVE", b"fmt ", 16, 1, 1, 8000, 8000, 1, 8,
                         b"data", SAMPLES)
    return header + samples


def shard(form):
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=form) as tar:
        for item, (key, speaker) in enumerate(KEYS):
            for suffix, data in [("spk", speaker.encode()), ("wav", wave(item))]:
                info = tarfile.TarInfo(f"{key}.{suffix}")
                info.size = len(data)
                tar.addfile(info, io.BytesIO(data))
    return np.frombuffer(stream.getvalue(), np.uint8)


def golden():
    return {"shard-pax.tar": shard(tarfile.PAX_FORMAT), "shard-gnu.tar": shard(tarfile.GNU_FORMAT)}
