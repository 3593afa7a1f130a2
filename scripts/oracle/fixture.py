"""What one fixture is: files that a module's golden values are written to, and compared with."""

import json

import numpy as np
import torch
from safetensors import safe_open
from safetensors.numpy import save_file

GENERATOR = "scripts/golden"


class Tensors:
    """NAME.safetensors, NAME.json or both, from a module whose golden() gives tensors (or None) and a record.

    Tensors are stored in single precision. A record is the JSON file, or the metadata of the tensors where `metadata` is
    set. `text`, where the module has it, lays the JSON file out.
    """

    def __init__(self, module, metadata=False, tolerance=1e-6):
        self.module, self.metadata, self.tolerance = module, metadata, tolerance

    def files(self, folder, name):
        return folder / f"{name}.safetensors", folder / f"{name}.json"

    def write(self, folder, name):
        tensors, record = self.module.golden()
        tensor_file, record_file = self.files(folder, name)
        if tensors is not None:
            metadata = {key: str(value) for key, value in record.items()} if self.metadata else {}
            save_file(single(tensors), tensor_file, metadata={"generator": GENERATOR} | metadata)
        if not self.metadata:
            record = {"generator": GENERATOR} | record
            lay_out = getattr(self.module, "text", lambda record: json.dumps(record, indent=1) + "\n")
            record_file.write_text(lay_out(record))
        return counted(tensors, None if self.metadata else record)

    def check(self, folder, name):
        tensors, record = self.module.golden()
        tensor_file, record_file = self.files(folder, name)
        problems = [] if tensors is None else differing(tensor_file, single(tensors), 2e-6)
        if not self.metadata:
            record = json.loads(json.dumps({"generator": GENERATOR} | record))
            found = differs(json.loads(record_file.read_text()), record, name, self.tolerance)
            problems += [found] if found else []
        return counted(tensors, None if self.metadata else record), problems


class Exact:
    """A safetensors file of given element types and metadata, held bit for bit; `golden()` gives the tensors."""

    def __init__(self, module):
        self.module = module

    def write(self, folder, name):
        tensors = self.module.golden()
        save_file(tensors, folder / f"{name}.safetensors", metadata=self.module.METADATA)
        return counted(tensors, None)

    def check(self, folder, name):
        tensors, path = self.module.golden(), folder / f"{name}.safetensors"
        problems = differing(path, tensors, 0)
        with safe_open(path, "np") as stored:
            problems += [] if stored.metadata() == self.module.METADATA else ["metadata"]
        return counted(tensors, None), problems


class TorchFiles:
    """Files of torch.save, whose bytes differ from one PyTorch to the next; `golden()` gives values by file name."""

    def __init__(self, module):
        self.module = module

    def write(self, folder, name):
        values = self.module.golden()
        for file, value in values.items():
            torch.save(value, folder / file)
        return f"{len(values)} files"

    def check(self, folder, name):
        values = self.module.golden()
        problems = [
            file for file, value in values.items()
            if not same(torch.load(folder / file, weights_only=True), value)]
        return f"{len(values)} files", problems


def same(stored, fresh):
    """Whether two values of dictionaries, lists, tensors and plain values are equal, layouts of tensors included."""
    if isinstance(fresh, torch.Tensor):
        layout = stored.dtype == fresh.dtype and stored.stride() == fresh.stride()
        return layout and torch.equal(stored, fresh)
    if isinstance(fresh, dict):
        return list(stored) == list(fresh) and all(same(stored[key], fresh[key]) for key in fresh)
    if isinstance(fresh, (list, tuple)):
        return len(stored) == len(fresh) and all(same(a, b) for a, b in zip(stored, fresh))
    return stored == fresh


class Arrays:
    """Files of nothing but numbers; `golden()` gives arrays by file name."""

    def __init__(self, module):
        self.module = module

    def write(self, folder, name):
        arrays = self.module.golden()
        for file, values in arrays.items():
            values.tofile(folder / file)
        return counted(arrays, None)

    def check(self, folder, name):
        arrays = self.module.golden()
        problems = []
        for file, values in arrays.items():
            stored = np.fromfile(folder / file, values.dtype)
            if stored.size != values.size or not distance(stored, values.ravel()) <= 1e-9:
                problems.append(file)
        return counted(arrays, None), problems


class Bytes:
    """Files whose every byte is held; `golden()` gives the bytes by file name."""

    def __init__(self, module):
        self.module = module

    def write(self, folder, name):
        files = self.module.golden()
        for file, content in files.items():
            (folder / file).write_bytes(content)
        return f"{sum(map(len, files.values()))} bytes"

    def check(self, folder, name):
        files = self.module.golden()
        problems = [file for file, content in files.items() if (folder / file).read_bytes() != content]
        return f"{sum(map(len, files.values()))} bytes", problems


def single(tensors):
    return {name: np.ascontiguousarray(np.asarray(value), dtype=np.float32) for name, value in tensors.items()}


def distance(stored, fresh):
    """The largest difference by the largest number; 0 where all are equal, no number where one side has none."""
    if stored.size == 0 or np.array_equal(stored, fresh):
        return 0.0
    with np.errstate(invalid="ignore"):
        return np.abs(stored - fresh).max() / max(1e-3, np.abs(fresh).max())


def differing(path, fresh, tolerance):
    with safe_open(path, "np") as stored:
        problems = [f"{name} is only in one of the two" for name in sorted(set(stored.keys()) ^ fresh.keys())]
        for name in sorted(set(stored.keys()) & fresh.keys()):
            old, new = stored.get_tensor(name), fresh[name]
            same = old.shape == new.shape and old.dtype == new.dtype
            if not same or not distance(old, new) <= tolerance:
                problems.append(name)
        return problems


def differs(a, b, path, tolerance):
    """The first place where two JSON values differ by more than rounding, or None."""
    if isinstance(a, bool) or isinstance(b, bool) or isinstance(a, str) or a is None or b is None:
        return None if a == b else path
    if isinstance(a, (int, float)) and isinstance(b, (int, float)):
        return None if abs(a - b) <= tolerance * max(1, abs(a), abs(b)) else path
    if type(a) is not type(b) or len(a) != len(b):
        return path
    if isinstance(a, dict):
        if a.keys() != b.keys():
            return path
        pairs = [(a[key], b[key], f"{path}/{key}") for key in a]
    else:
        pairs = [(x, y, f"{path}[{index}]") for index, (x, y) in enumerate(zip(a, b))]
    return next((found for found in (differs(*pair, tolerance) for pair in pairs) if found), None)


def numbers(value):
    if isinstance(value, dict):
        return sum(numbers(one) for one in value.values())
    if isinstance(value, (list, tuple)):
        return sum(numbers(one) for one in value)
    return int(isinstance(value, (int, float)) and not isinstance(value, bool))


def counted(tensors, record):
    """`12 tensors of 345 numbers, 67 numbers in JSON`."""
    parts = []
    if tensors is not None:
        parts.append(f"{len(tensors)} tensors of {sum(np.asarray(one).size for one in tensors.values())} numbers")
    if record is not None:
        parts.append(f"{numbers(record)} numbers in JSON")
    return ", ".join(parts)
