"""The measurements of scripts/bench."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from scripts.bench_submit import submission
from tests.render import rpmlint

ROOT = Path(__file__).resolve().parent.parent
BIN = ROOT / ".venv" / "bin"

# One sandboxed Python that reads the spec once per target and does nothing else.
BARE = """
import glob, os, rpm, sys
devnull = os.open("/dev/null", os.O_WRONLY)
os.dup2(devnull, 2)
for macros in sorted(glob.glob("/bench/*.macros")):
    rpm.reloadConfig()
    rpm.expandMacro("%{load:" + macros + "}")
    rpm.addMacro("_sourcedir", "/bench")
    rpm.spec("/bench/" + sys.argv[1], rpm.RPMSPEC_ANYARCH | rpm.RPMSPEC_FORCE)
"""


def bare(folder: Path, spec: str) -> list[str]:
    """The command line of the bare reading."""
    return [
        *("bwrap", "--unshare-all", "--die-with-parent", "--cap-drop", "ALL", "--clearenv"),
        *("--setenv", "HOME", "/tmp", "--setenv", "PATH", "/usr/bin:/bin"),
        *("--ro-bind", "/usr", "/usr", "--ro-bind-try", "/etc/rpm", "/etc/rpm", "--ro-bind", str(folder), "/bench"),
        *("--symlink", "usr/bin", "/bin", "--symlink", "usr/lib", "/lib", "--symlink", "usr/lib64", "/lib64"),
        *("--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp", "--ro-bind-try", "/var/lib/rpm", "/var/lib/rpm"),
        *("/usr/bin/python3", "-c", BARE, spec),
    ]


def installed(folder: Path) -> Path:
    """The program, installed from a wheel as its users have it: an environment with what it needs and nothing else."""
    pip = (str(BIN / "python"), "-m", "pip", "-qq", "--disable-pip-version-check")
    subprocess.run([*pip, "wheel", "--no-deps", "--wheel-dir", folder, ROOT], check=True)
    subprocess.run([BIN / "python", "-m", "venv", "--without-pip", folder / "environment"], check=True)
    python = folder / "environment" / "bin" / "python"
    subprocess.run([*pip, "--python", python, "install", *folder.glob("*.whl")], check=True)
    return python.with_name("specgen")


def timed(command: Sequence[str], environment: dict[str, str], codes: Sequence[int]) -> float:
    """Milliseconds of one run; ends the bench where the command fails."""
    begun = time.perf_counter()
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, check=False)
    took = (time.perf_counter() - begun) * 1000
    if done.returncode not in codes:
        sys.exit(f"{' '.join(command)}: exit {done.returncode}\n{done.stderr.decode(errors='replace')}")
    return took


def compare(rounds: int, runs: dict[str, Callable[[], float]]) -> dict[str, float]:
    """The medians of several ways, measured in turn so that a busy moment hits all alike."""
    for run in runs.values():
        run()
    taken: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(rounds):
        for name, run in runs.items():
            taken[name].append(run())
    return {name: statistics.median(times) for name, times in taken.items()}


def main(rounds: int) -> int:
    """Measure, print a table, and say where a budget does not hold."""
    from generator.targets import load

    with tempfile.TemporaryDirectory(prefix="specgen-bench-") as scratch:
        folder = Path(scratch)
        program = installed(folder)
        python, specgen = str(program.with_name("python")), str(program)
        environment = {**os.environ, "XDG_CACHE_HOME": str(folder / "cache"), "PATH": f"{BIN}:{os.environ['PATH']}"}
        package, home = folder / "docker", folder / "home"
        subprocess.run(
            [specgen, "render", "docker", "-o", str(package)], check=True, cwd=ROOT, stdout=subprocess.DEVNULL
        )
        from generator.cli.application import Application, default_specs

        targets = [load(name) for name in Application(default_specs()).package("docker").sources().targets]
        bench = folder / "bench"
        bench.mkdir()
        home.mkdir()
        (bench / "docker.spec").write_bytes((package / "docker.spec").read_bytes())
        for target in targets:
            (bench / f"{target.name}.macros").write_text(target.definitions)
        (home / ".rpmmacros").write_text(targets[-1].definitions)

        def run(*command: str, codes: Sequence[int] = (0,), **extra: str) -> Callable[[], float]:
            return lambda: timed(command, {**environment, **extra}, codes)

        lint = [str(BIN / "rpmlint"), str(package)]
        configured = [*lint, "-c", str(rpmlint.configuration())]
        found = compare(
            rounds,
            {
                "click": run(python, "-c", "import click"),
                "version": run(specgen, "--version"),
                "bare": run(*bare(bench, "docker.spec")),
                "check": run(specgen, "check", "docker", "--no-cache"),
                "again": run(specgen, "check", "docker"),
                "rpmlint": run(*configured, codes=range(128), HOME=str(home)),
                "unconfigured": run(*lint, codes=range(128), HOME=str(home)),
            },
        )
        private = submission(folder / "submit", package, BIN, timed)
        if private:
            try:
                found |= compare(rounds, {"submit": private.specgen, "by hand": private.by_hand})
            finally:
                private.stop()
    budgets = [
        ("specgen --version", "version", 'python -c "import click"', "click", 1.5),
        (f"check docker, {len(targets)} targets, nothing stored", "check", "bare parses", "bare", 3.0),
        (f"check docker, {len(targets)} targets, nothing stored", "check", "one rpmlint, one target", "rpmlint", 0.5),
        ("check docker again, unchanged", "again", "bare parses", "bare", 1.0),
        *([("submit docker", "submit", "the flow by hand with osc", "by hand", 2.0)] if private else []),
    ]
    kept = True
    print(f"median of {rounds} rounds, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    for what, name, peer, other, budget in budgets:
        ratio = found[name] / found[other]
        kept = kept and ratio <= budget
        verdict = "holds" if ratio <= budget else "BROKEN"
        print(
            f"{what}: {found[name]:.0f} ms = {ratio:.2f} x {peer} ({found[other]:.0f} ms); budget {budget}: {verdict}"
        )
    ratio = found["check"] / found["unconfigured"]
    print(
        f"for comparison: {ratio:.2f} x one rpmlint without openSUSE's configuration ({found['unconfigured']:.0f} ms)"
    )
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 15))
