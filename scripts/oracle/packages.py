"""Python packages for the scripts: those of this interpreter, else of a virtual environment outside the repository
($SVDIST_PYTHON_ENVIRONMENT, by default in ~/.cache/svdist), into which pip installs what is missing."""

import importlib.util
import os
import pathlib
import subprocess
import sys

MARK = "SVDIST_PYTHON_RESTARTED"
# The last torchaudio, and the PyTorch that it was built for.
TORCHAUDIO = {"torch": "torch==2.11.0", "torchaudio": "torchaudio==2.11.0"}


def absent(packages):
    """The packages of modules that can't be found."""
    return [package for module, package in packages.items() if importlib.util.find_spec(module) is None]


def need(packages, environment="python", alone=None):
    """Goes on where all modules can be imported, starting over in the virtual environment if need be; where pip cannot
    install them, says so and ends the script with status 0.

    packages: for each module's name, that of its package.
    environment: the name of the virtual environment; packages that exclude others have one of their own.
    alone: packages of which a script uses modules that need none of the packages they ask for.
    """
    missing = absent(packages) + absent(alone or {})
    if not missing:
        return
    name = pathlib.Path(sys.argv[0]).name
    home = pathlib.Path(
        os.environ.get("SVDIST_PYTHON_ENVIRONMENT") or pathlib.Path.home() / ".cache/svdist" / environment)
    if os.environ.get(MARK) == "1":
        sys.exit(f"{name}: no {', '.join(missing)} even in {home}: remove that folder and try again")
    python = home / "bin" / "python"
    try:
        if not python.exists():
            subprocess.run([sys.executable, "-m", "venv", str(home)], check=True, stdout=sys.stderr)
        install = [str(python), "-m", "pip", "install", "--quiet"]
        subprocess.run([*install, *packages.values()], check=True)
        if alone:
            subprocess.run([*install, "--no-deps", *alone.values()], check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        print(f"{name}: nothing done: needs {', '.join(missing)}, which could not be installed ({error})")
        sys.exit(0)
    os.environ[MARK] = "1"
    os.execv(python, [str(python), *sys.argv])
