"""Runs svdist's tests against svdist with mistakes in it: see scripts/mutate.

The mutants are in the *.txt files beside this one:

    file NAME                   the source that the mutants below change: its name in Sources, or its path
    tests SELECTION…            what must notice them: SUITE or SUITE/PATTERN in one process, SUITE@RANKS under mpirun

    NAME: what mistake it stands for
      old TEXT                  a piece of the source that is there once, white space of any kind alike; «…» within it
                                is what changes, all of it where there are no such marks
      new EXPRESSION            what stands for it: both become `mutant ? (new) : (old)`
      do STATEMENTS             or statements: both become `if mutant { do } else { old }`
      skip                      or nothing, for statements
      tests SELECTION…          other tests than the file's
"""

import argparse
import atexit
import fnmatch
import os
import pathlib
import queue
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
LIBRARY = "Sources/DistTrain"
VARIABLE = "SVDIST_MUTANT"
# Every process that a test starts inherits this: what is left of them is found by it.
MARK = f"SVDIST_MUTATION_RUN={os.getpid()}-{int(time.time())}"
SECONDS_ALONE, SECONDS_UNDER_MPIRUN = 60, 90


class Mutant:
    def __init__(self, name, reason, path, tests, where):
        self.name, self.reason, self.path, self.tests, self.where = name, reason, path, tests, where
        self.old = self.kind = None
        self.text = ""


def fail(message):
    sys.exit(f"mutate: {message}")


def source_named(name, where):
    """The path of a source from the root on."""
    if "/" in name:
        return name
    found = sorted((ROOT / "Sources").rglob(name))
    if len(found) != 1:
        fail(f"{where}: {len(found)} files in Sources are named {name}")
    return str(found[0].relative_to(ROOT))


def read_mutants():
    mutants = []
    for listing in sorted(HERE.glob("*.txt")):
        path, tests, mutant = None, [], None
        for number, line in enumerate(listing.read_text().splitlines(), 1):
            where = f"{listing.name}:{number}"
            word, _, rest = line.strip().partition(" ")
            if not word or word.startswith("#"):
                continue
            if not line[0].isspace() and word == "file":
                path, tests, mutant = source_named(rest, where), [], None
            elif not line[0].isspace() and word == "tests":
                tests, mutant = rest.split(), None
            elif not line[0].isspace() and word.endswith(":"):
                mutant = Mutant(word[:-1], rest, path, tests, where)
                mutants.append(mutant)
            elif mutant and word == "old":
                mutant.old = rest
            elif mutant and word in ("new", "do", "skip"):
                mutant.kind, mutant.text = word, rest
            elif mutant and word == "tests":
                mutant.tests = rest.split()
            else:
                fail(f"{where}: not understood: {line}")
    check(mutants)
    return mutants


def check(mutants):
    seen = set()
    for mutant in mutants:
        if not (mutant.path and mutant.old and mutant.kind and mutant.tests):
            fail(f"{mutant.where}: {mutant.name} lacks a file, old, new or tests")
        if mutant.name in seen:
            fail(f"{mutant.where}: a second mutant named {mutant.name}")
        if mutant.path.endswith(".swift") and not mutant.path.startswith(LIBRARY):
            fail(f"{mutant.where}: {mutant.path} is not in {LIBRARY}")
        seen.add(mutant.name)


def pattern(text):
    return "".join(r"\s+" if part.isspace() else re.escape(part) for part in re.split(r"(\s+)", text))


def place(mutant, source):
    """Where in the source the mutant's text stands."""
    before, mark, rest = mutant.old.partition("«")
    middle, _, after = rest.partition("»") if mark else (mutant.old, "", "")
    before = before if mark else ""
    found = list(re.finditer(f"{pattern(before)}({pattern(middle)}){pattern(after)}", source))
    if len(found) != 1:
        fail(f"{mutant.where}: {mutant.name} is stale: its text is {len(found)} times in {mutant.path}")
    return found[0].span(1)


def render(source, low, high, pieces):
    """The source from low to high with the pieces (start, end, number, mutant) as alternatives."""
    result, at = "", low
    while pieces:
        start = min(piece[0] for piece in pieces)
        end = max(piece[1] for piece in pieces if piece[0] == start)
        own = [piece for piece in pieces if piece[:2] == (start, end)]
        inside = [piece for piece in pieces if piece[0] < end and piece not in own]
        for piece in inside:
            if piece[1] > end:
                fail(f"{piece[3].name} and {own[0][3].name} overlap")
        text = render(source, start, end, inside)
        for _, _, number, mutant in own:
            condition = f"Mutant.active == {number}" if mutant.path.endswith(".swift") else f"mutant_active == {number}"
            if mutant.kind == "new":
                text = f"({condition} ? ({mutant.text}) : ({text}))"
            elif mutant.path.endswith(".swift"):
                text = f"if {condition} {{ {mutant.text} }} else {{ {text} }}"
            else:
                text = f"if ({condition}) {{ {mutant.text} }} else {{ {text} }}"
        result, at = result + source[at:start] + text, end
        pieces = [piece for piece in pieces if piece not in own and piece not in inside]
    return result + source[at:high]


SWIFT_SELECTION = """import Foundation

enum Mutant {{
  /// The number of the mutant that is awake, -1 for none.
  static let active: Int = {{
    guard let name = ProcessInfo.processInfo.environment["{variable}"], !name.isEmpty else {{ return -1 }}
    let names = [{names}]
    guard let number = names.firstIndex(of: name) ?? Int(name), names.indices.contains(number) else {{
      fatalError("{variable}: there is no mutant \\(name)")
    }}
    return number
  }}()
}}
"""

C_SELECTION = """#ifndef MUTANT_SELECTION
#define MUTANT_SELECTION
#include <stdlib.h>
#include <string.h>
static int mutant_active = -1;
__attribute__((constructor)) static void mutant_choose(void) {{
  const char *name = getenv("{variable}");
  if (!name || !*name) return;
  if (*name >= '0' && *name <= '9') mutant_active = atoi(name);
{cases}
}}
#endif
"""


def mutated(mutants, every):
    """The changed sources by path; numbers are those of all mutants."""
    sources = {}
    for path in sorted({mutant.path for mutant in mutants}):
        if not (ROOT / path).is_file():
            stale = next(mutant for mutant in mutants if mutant.path == path)
            fail(f"{stale.where}: {stale.name} is stale: there is no {path}")
        source = (ROOT / path).read_text()
        pieces = [(*place(mutant, source), number, mutant) for number, mutant in enumerate(every)
                  if mutant.path == path and mutant in mutants]
        text = render(source, 0, len(source), pieces)
        if not path.endswith(".swift"):
            # Of all C files: one may include another.
            cases = "\n".join(f'  if (!strcmp(name, "{mutant.name}")) mutant_active = {number};'
                              for number, mutant in enumerate(every) if not mutant.path.endswith(".swift"))
            text = C_SELECTION.format(variable=VARIABLE, cases=cases) + text
        sources[path] = text
    names = ", ".join(f'"{mutant.name}"' for mutant in every)
    sources[f"{LIBRARY}/Mutant.swift"] = SWIFT_SELECTION.format(variable=VARIABLE, names=names)
    return sources


def copy_sources(folder, sources):
    """Makes the folder the tracked files with the changed ones; files that are right already keep their dates."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    paths = [path for path in listed.decode().split("\0") if path and (ROOT / path).is_file()]
    wanted = {path: (ROOT / path).read_bytes() for path in paths}
    wanted.update({path: text.encode() for path, text in sources.items()})
    for part in ("Sources", "Tests"):
        for old in (folder / part).rglob("*"):
            if old.is_file() and str(old.relative_to(folder)) not in wanted:
                old.unlink()
    for path, content in wanted.items():
        target = folder / path
        if target.is_file() and target.read_bytes() == content:
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    copy_dependencies(folder)


def copy_dependencies(folder):
    """What the package manager has fetched here need not be fetched again."""
    if (folder / ".build").exists() or not (ROOT / ".build/workspace-state.json").is_file():
        return
    for name in ("checkouts", "repositories"):
        if (ROOT / ".build" / name).is_dir():
            shutil.copytree(ROOT / ".build" / name, folder / ".build" / name, symlinks=True)
    shutil.copy(ROOT / ".build/workspace-state.json", folder / ".build")
    if (ROOT / "Package.resolved").is_file():
        shutil.copy(ROOT / "Package.resolved", folder)


def build(folder):
    print("building", flush=True)
    # The compiler may well wonder at what a mutant does.
    lenient = ["-Xswiftc", "-no-warnings-as-errors", "-Xcc", "-Wno-error"]
    for command in (["swift", "build", "-c", "release", "--build-tests"], ["bash", "scripts/tools", "Tests", "--"]):
        done = subprocess.run(command + lenient, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode != 0:
            lines = done.stdout.splitlines()
            errors = [line for line in lines if "error:" in line]
            fail("the mutated sources do not build:\n" + "\n".join((errors or lines)[-20:]))
    return next((folder / ".build/release").resolve().glob("*PackageTests.xctest"))


def environment(folder, mutant):
    kept = {name: value for name, value in os.environ.items()
            if name not in (VARIABLE, "SVDIST_PROGRAM")}
    kept.update(TMPDIR=str(folder / "tmp"), **dict([MARK.split("=")]))
    if os.getuid() == 0:
        kept.update(OMPI_ALLOW_RUN_AS_ROOT="1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1")
    if mutant:
        kept[VARIABLE] = mutant.name
    return kept


def kill_marked():
    """Ends all that a test started, however many sessions away."""
    found = True
    while found:
        found = False
        for process in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                if MARK.encode() in (process / "environ").read_bytes().split(b"\0"):
                    os.kill(int(process.name), signal.SIGKILL)
                    found = True
            except (OSError, ProcessLookupError):
                pass


def split(selection):
    name, _, ranks = selection.partition("@")
    suite, slash, test = name.partition("/")
    return f"[./]{suite}/{test}", int(ranks or 0)


def command(program, selection):
    filter, ranks = split(selection)
    launcher = ["mpirun", "-n", str(ranks), "--oversubscribe", "--bind-to", "none"] if ranks else []
    return launcher + [str(program), "--testing-library", "swift-testing", "--filter", filter]


COLOUR = re.compile(r"\x1b\[[0-9;]*m")
BROKEN = re.compile(r'✘ Test (?!run )(?:case .*? to )?("[^"]*"|\S+) .*?(?:recorded an issue|failed)')
STARTED = re.compile(r'◇ Test (?!run )(?:case .*? to )?("[^"]*"|\S+)')
PASSED = re.compile(r"Test run with (\d+) tests? .*passed after")


def run(program, selection, folder, mutant, limit):
    """Runs a selection until its end or its first failure.

    Returns ("passed", number of tests), ("failed", what noticed) or ("late", what was running)."""
    (folder / "tmp").mkdir(exist_ok=True)
    process = subprocess.Popen(command(program, selection), cwd=folder, env=environment(folder, mutant),
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                               text=True, errors="replace", start_new_session=True)
    lines = queue.Queue()
    threading.Thread(target=lambda: [lines.put(line) for line in process.stdout] + [lines.put(None)],
                     daemon=True).start()
    last, tests, deadline = "nothing", 0, time.monotonic() + limit
    try:
        while True:
            line = lines.get(timeout=max(0.001, deadline - time.monotonic()))
            if line is None:
                break
            line = COLOUR.sub("", line)
            if match := BROKEN.search(line):
                return "failed", match[1]
            if match := STARTED.search(line):
                last = match[1]
            if match := PASSED.search(line):
                tests = int(match[1])
        status = process.wait()
    except queue.Empty:
        return "late", last
    finally:
        kill_marked()
        process.wait()
        shutil.rmtree(folder / "tmp", ignore_errors=True)
    return ("passed", tests) if status == 0 and tests else ("failed", f"status {status} after {last}")


def run_unmutated(program, folder, selections):
    """Every selection must pass as the code is; returns how long each took."""
    seconds = {}
    for selection in selections:
        start = time.monotonic()
        verdict, detail = run(program, selection, folder, None, 600)
        seconds[selection] = time.monotonic() - start
        if verdict != "passed":
            fail(f"{selection} does not pass without a mutant: {verdict}, {detail}")
        print(f"unmutated  {selection}: {detail} passed, {seconds[selection]:.1f} s", flush=True)
    return seconds


def judge(program, folder, mutant, seconds):
    for selection in mutant.tests:
        least = SECONDS_UNDER_MPIRUN if "@" in selection else SECONDS_ALONE
        verdict, detail = run(program, selection, folder, mutant, max(least, 5 * seconds[selection]))
        if verdict == "failed":
            return "killed", f"{selection}: {detail}"
        if verdict == "late":
            return "timed out", f"{selection}: in {detail}"
    return "SURVIVED", " ".join(mutant.tests)


def arguments():
    parser = argparse.ArgumentParser(prog="scripts/mutate", description="Shows that the tests can fail.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="mutants to run, patterns allowed; all if none")
    parser.add_argument("--list", action="store_true", help="list the mutants")
    parser.add_argument("--keep", action="store_true", help="leave the scratch copy")
    parser.add_argument("--scratch", type=pathlib.Path, help="keep the copy in this folder, for the next time too")
    return parser.parse_args()


def choose(every, names):
    for name in names:
        if not any(fnmatch.fnmatchcase(mutant.name, name) for mutant in every):
            fail(f"there is no mutant {name}: --list lists them")
    return [mutant for mutant in every if not names or any(fnmatch.fnmatchcase(mutant.name, n) for n in names)]


def scratch_folder(options):
    if options.scratch:
        options.scratch.mkdir(parents=True, exist_ok=True)
        return options.scratch.resolve()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="svdist-mutate-"))
    if options.keep:
        print(f"the copy stays in {folder}")
    else:
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def main():
    options = arguments()
    begin = time.monotonic()
    every = read_mutants()
    chosen = choose(every, options.names)
    # All of them, so that each is found to be there and a kept build serves any choice.
    sources = mutated(every, every)
    if options.list:
        for mutant in chosen:
            print(f"{mutant.name:34} {mutant.reason}")
        return 0
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    folder = scratch_folder(options)
    copy_sources(folder, sources)
    program = build(folder)
    built = time.monotonic()
    seconds = run_unmutated(program, folder, dict.fromkeys(test for mutant in chosen for test in mutant.tests))
    verdicts = []
    for mutant in chosen:
        start = time.monotonic()
        verdict, detail = judge(program, folder, mutant, seconds)
        verdicts.append(verdict)
        print(f"{verdict:10} {mutant.name:34} {detail} ({time.monotonic() - start:.1f} s)", flush=True)
    survived = [mutant.name for mutant, verdict in zip(chosen, verdicts) if verdict == "SURVIVED"]
    print(f"{len(chosen)} mutants: {verdicts.count('killed')} killed, {verdicts.count('timed out')} timed out, "
          f"{len(survived)} survived; build {built - begin:.0f} s, tests {time.monotonic() - built:.0f} s")
    for name in survived:
        print(f"survived: {name}")
    return 1 if survived else 0


if __name__ == "__main__":
    sys.exit(main())
