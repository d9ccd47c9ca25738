"""Specs that do harm: each is stopped, the reading says why, nothing outside changes, and the next reading is as ever.

Everything here runs for real, so that a hole in the sandbox would be found by the damage that it allows.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

import generator
from generator.librpm import Librpm, Limits
from generator.librpm.client import MOST_PARTS
from generator.reading import Reading, View
from tests.librpm.packages import BLUE, RED, package, target
from tests.librpm.test_client import processes_with

LIMITS = Limits(seconds=1, memory=256 << 20, processes=32, output=256 << 10, result=8 << 20)
INNOCENT = package(
    "Provides: seen(%(ls -A /tmp | wc -l | tr -d ' ')) macro(%{?evil}%{!?evil:none})\n"
    "%{lua: print('Provides: lua(' .. tostring(evil) .. ')')}\n",
    "innocent",
)


@pytest.fixture(scope="module")
def reader() -> Iterator[Librpm]:
    """One reader for all hostile specs, so that each has the chance to spoil the next reading."""
    with Librpm.start(limits=LIMITS) as librpm:
        librpm.greet()
        assert not librpm.no_sandbox
        yield librpm


@pytest.fixture(scope="module")
def innocent(reader: Librpm) -> View:
    view = reader.read(INNOCENT, [RED, BLUE])
    given = {dependency.text for dependency in view.readings[0].packages[0].dependencies["provides"]}
    assert {"seen(0)", "macro(none)", "lua(nil)"} <= given
    return view


@pytest.fixture(autouse=True)
def _the_next_reading_is_as_ever(reader: Librpm, innocent: View) -> Iterator[None]:
    (process,) = reader._processes
    yield
    assert reader._processes == [process], "a hostile spec must not even cost a reader"
    assert process.is_alive()
    assert reader.read(INNOCENT, [RED, BLUE]) == innocent


def read(reader: Librpm, spec: str, **files: bytes) -> Reading:
    return reader.read(package(spec, **files), [RED]).readings[0]


def provides(reading: Reading) -> str:
    assert reading.error == ""
    return " ".join(dependency.text for dependency in reading.packages[0].dependencies["provides"])


SLOW = "longer than 1 s"
BIG = "more than 256 MiB of memory"
LOUD = "printed more than 256 KiB"

STOPPED = {
    "an endless loop in Lua": ("%{lua: while true do end}\n", SLOW),
    "an endless loop in a shell": ("%(while :; do :; done)\n", SLOW),
    "a shell that sleeps": ("%(sleep 86400)\n", SLOW),
    "a fork bomb in a shell": ("%(b() { b | b & }; b; sleep 5)\n", f"{SLOW}|{LOUD}"),
    "a fork bomb in Lua": ("%{lua: while true do posix.fork() end}\n", f"{SLOW}|{LOUD}"),
    "endless recursion": ("%define a() %{b}\n%define b() %{a}\nProvides: %a\n", "recursion"),
    "recursion that grows": ("%define a() %{expand:%%a}%{expand:%%a}\n%a\n", "recursion"),
    "endless recursion in Lua": ("%{lua: local function f() return 1 + f() end; f()}\n", "stack overflow|memory"),
    "gigabytes on stderr": ("%(yes >&2)\n", LOUD),
    "gigabytes on stdout": ("%{lua: while true do io.write(string.rep('x', 65536)) end}\n", LOUD),
    "gigabytes in one line": ("%(tr '\\\\0' x < /dev/zero >&2)\n", LOUD),
    "gigabytes as the value of a macro": ("Provides: %(tr '\\\\0' x < /dev/zero)\n", f"{SLOW}|{BIG}"),
    "a result too large": ("%description\n%{lua: print(string.rep('x', 5 << 20))}\n", "larger than 8 MiB"),
    "memory in Lua": ("%{lua: t = {} while true do t[#t + 1] = string.rep('x', 1 << 24) end}\n", f"memory|{SLOW}"),
    "memory in many processes": (
        "%(for i in 1 2 3 4 5 6; do python3 -c 'x = bytearray(100 << 20); import time; time.sleep(9)' & done; wait)\n",
        BIG,
    ),
    "killing everything": ("%(kill -9 -1)\n", "killed by signal 9"),
    "killing librpm": ("%(kill -SEGV $PPID)\n", "killed by signal 11"),
    "killing librpm from Lua": ("%{lua: posix.kill(posix.getprocessid('pid'), 9)}\n", "killed by signal 9"),
}  # fmt: skip


@pytest.mark.parametrize("name", STOPPED)
def test_it_is_stopped_with_a_clear_error(name: str, reader: Librpm) -> None:
    spec, error = STOPPED[name]
    reading = read(reader, spec)
    assert re.search(error, reading.error), reading
    assert reading.packages == ()
    assert sum(map(len, reading.log)) < 256 << 10


@pytest.mark.parametrize("name", STOPPED)
def test_it_is_stopped_where_parsers_wait_for_the_next_targets(name: str, innocent: View) -> None:
    spec, error = STOPPED[name]
    with waited_for(8) as librpm:
        readings = librpm.read(package(spec), [RED, BLUE], variants=({},) * 4).readings
        (process,) = librpm._processes
        assert librpm.read(INNOCENT, [RED, BLUE]) == innocent
        assert librpm._processes == [process], "a hostile spec must not even cost a reader"
    assert [one for one in readings if not re.search(f"{error}|on another target", one.error)] == []


def waited_for(tasks: int) -> Librpm:
    """A reader whose parsers for the first tasks are made, and wait."""
    librpm = Librpm.start(limits=LIMITS, expected=lambda: [RED, BLUE] * (tasks // 2))
    librpm.greet()
    return librpm


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP, signal.SIGSEGV, signal.SIGTERM])
def test_parsers_that_wait_cannot_be_harmed(number: int) -> None:
    lua = f"""
        local hit = 0
        for process = 2, 80 do
            if process ~= posix.getprocessid('pid') and posix.kill(process, {number:d}) == 0 then hit = hit + 1 end
        end
        rpm.define('hit ' .. hit)"""
    spec = f"%{{?colour:%{{lua:{lua}}}}}\nProvides: seen(%{{?colour}}%{{?shade:blue}}) hit(%{{?hit}})\n"
    with waited_for(8) as librpm:
        readings = librpm.read(package(spec), [RED, BLUE], variants=({},) * 4).readings
        assert f"hit({-(-8 // librpm._parts) - 1})" in provides(readings[0])
    for position, reading in enumerate(readings):
        assert f"seen({'blue' if position > 3 else 'red'})" in provides(reading), position


@pytest.mark.parametrize("left", ["touch /tmp/x", "mkdir -p /tmp/x/y", "touch /tmp/x; rm /tmp/x; chmod 700 /tmp"])
def test_each_parse_finds_a_new_tmp(left: str) -> None:
    spec = f"Provides: seen(%(ls -A /tmp | wc -l)-%(stat -c %%a /tmp))\n%({left})\n"
    with waited_for(8) as librpm:
        for reading in librpm.read(package(spec), [RED, BLUE], variants=({},) * 4).readings:
            assert "seen(0-1777)" in provides(reading)


@pytest.mark.parametrize("tasks", [8, 400])
def test_what_waits_takes_nothing_from_a_parse(tasks: int) -> None:
    lua = "for _, name in ipairs(posix.dir('/proc/self/fd')) do if name:match('%d') then print(name .. '.') end end"
    spec = f"%(for i in $(seq 24); do sleep 0.2 & done; wait)\nProvides: open(%{{lua:{lua}}})\n"
    with waited_for(tasks) as librpm:
        readings = librpm.read(package(spec), [RED, BLUE], variants=({},) * 20).readings
        own_proc = librpm._own_proc
    assert {reading.log for reading in readings} == {()}  # it could start all its processes
    assert {provides(reading) for reading in readings} == {provides(readings[0])}
    if own_proc:  # nothing, its log twice, the sign of its life, the spec, and this very folder
        assert "open(0.1.2.3.4.5.)" in provides(readings[0]), provides(readings[0])


def test_what_a_parse_leaves_running_is_gone_for_the_next() -> None:
    spec = "Provides: seen(%(cat /proc/[0-9]*/comm | grep -c sleep))\n%(sleep 86428 >/dev/null 2>&1 &)\n"
    with waited_for(8) as librpm:
        for reading in librpm.read(package(spec), [RED, BLUE], variants=({},) * 4).readings:
            assert "seen(0)" in provides(reading)
    assert not processes_with(b"86428")


def test_after_an_endless_loop_the_other_targets_do_not_wait(reader: Librpm) -> None:
    view = reader.read(package("%(while :; do :; done)\n"), [RED, BLUE], variants=({},) * 6)
    slow = ["was stopped" in reading.error for reading in view.readings]
    assert slow[0]
    assert sum(slow) <= MOST_PARTS
    assert all(one or "on another target" in reading.error for one, reading in zip(slow, view.readings, strict=True))


def test_an_endless_target_stops_no_other() -> None:
    spec = package("%{?colour:%(test %{colour} = c0 && while :; do :; done; sleep 0.2)}\n")
    colours = [target(f"c{number}", f"%colour c{number}") for number in range(8)]
    with Librpm.start(limits=LIMITS) as librpm:
        errors = [reading.error for reading in librpm.read(spec, colours).readings]
        assert "was stopped" in errors[0]
        if librpm._parts > 1:
            assert errors[1:] == [""] * 7
        else:
            assert all("on another target" in error for error in errors[1:])


def test_processes_are_counted(reader: Librpm) -> None:
    reading = read(reader, "%(for i in $(seq 200); do sleep 86422 >/dev/null 2>&1 & done)\n")
    assert any("fork" in line for line in reading.log)
    assert not processes_with(b"86422")


def test_a_daemon_ends_with_its_parse(reader: Librpm) -> None:
    assert read(reader, "%(setsid sh -c 'trap \"\" TERM HUP INT; sleep 86424' >/dev/null 2>&1 &)\n").error == ""
    assert not processes_with(b"86424")


def test_nothing_can_be_written_but_its_own_tmp(reader: Librpm) -> None:
    name = f"specgen-hostile-{os.getpid()}"
    places = ("/", "/usr", "/usr/bin", "/etc", "/home", "/home/abuild", "/var", "/var/tmp", "/dev", "/dev/shm", "/proc",
              "/run", "/home/abuild/rpmbuild", "%{_sourcedir}", "%{_sourcedir}/../SPECS", "/sys", "/tmp")  # fmt: skip
    shell = "; ".join(f"touch {place}/{name} 2>/dev/null && echo {place}" for place in places)
    lua = f"""
        for _, folder in ipairs({{'/', '/usr', '/home', '/dev/shm', '/tmp'}}) do
            local file = io.open(folder .. '/{name}-opened', 'w')
            if file then print('Provides: lua(' .. folder .. ')\\n') end
            posix.mkdir(folder .. '/{name}-made')
            os.execute('touch ' .. folder .. '/{name}-touched')
        end"""
    given = provides(read(reader, f"Provides: shell(%({shell}))\n%{{lua:{lua}}}\n"))
    assert "shell(/tmp)" in given
    assert "lua(/tmp)" in given
    assert given.count("lua(") == 1
    assert not [path for folder in ("/", "/tmp", "/dev/shm") for path in Path(folder).glob(f"{name}*")]


def test_sources_cannot_be_changed(reader: Librpm) -> None:
    spec = "%(rm -rf %{_sourcedir}; chmod 777 %{_sourcedir}; mv %{_sourcedir}/keep /tmp; echo x > %{_sourcedir}/keep)\n"
    spec += "%{lua: posix.unlink(rpm.expand('%{_sourcedir}/keep'))}\nProvides: kept(%(cat %{_sourcedir}/keep))\n"
    assert "kept(safe)" in provides(read(reader, spec, keep=b"safe"))


def test_a_full_disk_is_its_own(reader: Librpm) -> None:
    spec = (
        "%(for i in $(seq 40); do head -c 4000000 /dev/zero > /tmp/$i; done)\nProvides: mb(%(du -sm /tmp | cut -f1))\n"
    )
    given = provides(read(reader, spec))
    assert int(given.partition("mb(")[2].partition(")")[0]) <= 64


def test_memory_that_no_limit_counts_is_refused(reader: Librpm) -> None:
    script = (
        b"import os, ctypes\ntry:\n    os.memfd_create('x')\n    print('made')\nexcept OSError:\n    print('refused')\n"
    )
    assert "memfd(refused)" in provides(read(reader, "Provides: memfd(%(python3 script))\n", script=script))


def test_no_other_kind_of_system_call(reader: Librpm) -> None:
    if os.uname().machine != "x86_64":
        pytest.skip("only x86_64 has two sets of system calls")
    script = b"import ctypes\nprint(ctypes.CDLL(None).syscall(0x40000000 + 39))\n"
    assert "getpid(-1)" in provides(read(reader, "Provides: getpid(%(python3 script))\n", script=script))


def test_it_has_no_rights(reader: Librpm) -> None:
    if not reader._own_proc:
        pytest.skip("this container forbids a /proc, which the test reads")
    shell = "grep CapEff /proc/self/status | cut -f2; unshare -Ur true 2>/dev/null && echo entered"
    lua = "print('Provides: lua(' .. io.open('/proc/self/status'):read('a'):match('CapEff:%s*(%x+)') .. ')')"
    given = provides(read(reader, f"Provides: shell(%({shell}))\n%{{lua: {lua}}}\n"))
    assert "shell(0000000000000000)" in given
    assert "lua(0000000000000000)" in given


def test_the_supervisor_cannot_be_signalled(reader: Librpm) -> None:
    signals = " ".join(str(number) for number in range(1, 65) if number not in (32, 33))
    spec = f"%(for s in {signals}; do kill -$s 1; done)\nProvides: alive\n"
    assert "alive" in provides(read(reader, spec))


def test_a_result_cannot_be_forged(reader: Librpm) -> None:
    line = '{"task":0,"ended":"ok","log":0,"result":2}\\n{}\\n{"done":true,"problem":""}\\n'
    lua = f"""
        for _, process in ipairs({{'self', 1, 2, 3, 4, 5, 6, 7, 8, 9}}) do
            for number = 0, 40 do
                local file = io.open('/proc/' .. process .. '/fd/' .. number, 'w')
                if file then file:write('{line}') file:close() end
            end
        end"""
    # Not to 1, which is what its own macro becomes.
    shell = (
        "for p in /proc/[0-9]*; do for f in $p/fd/[02-9]*; do echo '" + line + "' > $f; done; head -c 9 $p/mem; done"
    )
    spec = f"%{{lua: {lua}}}\n%({shell})\n%{{lua: io.write('{line}')}}\nProvides: real\n"
    first, second = reader.read(package(spec.replace("{}", "{x}")), [RED, BLUE]).readings
    for reading in (first, second):
        assert "real" in provides(reading)
        assert any('"task":0' in entry for entry in reading.log)


def test_a_fork_of_librpm_cannot_answer_in_its_place(reader: Librpm) -> None:
    lua = "rpm.define('who ' .. (posix.fork() == 0 and 'child' or 'parent'))"
    assert "parent" in provides(read(reader, f"%{{lua: {lua}}}\nProvides: %{{who}}\n"))


def test_macros_and_lua_do_not_outlive_a_parse(reader: Librpm) -> None:
    spec = "%global evil 1\n%global suse_version 1\n%global _sourcedir /tmp\n%define __shell /bin/false\n"
    spec += "%{lua: evil = 1; rpm.define('evil 1'); os.execute('touch /tmp/evil')}\nProvides: seen(%{?colour})\n"
    red, blue = reader.read(package(spec), [RED, BLUE]).readings
    assert "seen(red)" in provides(red)
    assert "seen()" in provides(blue)


def test_no_network(reader: Librpm) -> None:
    caught: list[object] = []
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket(socket.AF_UNIX) as abstract:
        server.settimeout(5)
        name = f"specgen-hostile-{os.getpid()}"
        abstract.bind(f"\0{name}")
        abstract.listen()
        thread = threading.Thread(target=lambda: caught.append(server.accept()))
        thread.start()
        port = server.getsockname()[1]
        script = f"""
import socket
for family, address in ((socket.AF_INET, ('127.0.0.1', {port})), (socket.AF_UNIX, '\\0{name}')):
    try:
        socket.socket(family).connect(address)
        print('through')
    except OSError as error:
        print(error.errno)
"""
        given = provides(read(reader, "Provides: net(%(python3 script | tr '\\n' -))\n", script=script.encode()))
        assert "net(101-111-)" in given
        assert caught == []
        with socket.create_connection(("127.0.0.1", port)):
            thread.join()
        caught[0][0].close()  # type: ignore[index]


def test_no_private_files(reader: Librpm) -> None:
    with tempfile.NamedTemporaryFile("w", prefix="specgen-secret-") as file:
        file.write("s3cret")
        file.flush()
        Path(file.name).chmod(0o644)
        places = f"{file.name} {Path.home()} {Path(__file__)} /etc/passwd /etc/hostname /var/log /proc/1/environ"
        shell = f"cat {places} 2>/dev/null; ls {Path.home()} /root /proc/1/cwd/ 2>/dev/null; env | grep -i pytest"
        assert "leak()" in provides(read(reader, f"Provides: leak(%({shell}))\n"))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_all_of_it_as_somebody_else() -> None:
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        place.chmod(0o755)
        for module in (generator, msgspec):
            source = Path(module.__file__ or "").parent
            shutil.copytree(source, place / source.name, ignore=shutil.ignore_patterns("__pycache__"))
        (place / "tests" / "librpm").mkdir(parents=True)
        shutil.copy(Path(__file__).with_name("packages.py"), place / "tests" / "librpm")
        program = """
import os
from generator.librpm import Librpm, Limits
from tests.librpm.packages import RED, package
with Librpm.start(limits=Limits(seconds=1, processes=32)) as librpm:
    for spec in ('Provides: fine(%(id -u))', '%(b() { b | b & }; b; sleep 5)', '%(kill -9 -1)'):
        reading = librpm.read(package(spec + '\\n'), [RED]).readings[0]
        found = reading.error or reading.packages[0].dependencies['provides'][0].text
        print(os.geteuid(), librpm.no_sandbox or 'sandboxed', found)
"""
        done = subprocess.run(
            [sys._base_executable, "-c", program],  # type: ignore[attr-defined]
            cwd=place,
            env={"PATH": os.environ["PATH"], "PYTHONPATH": str(place), "HOME": "/nonexistent"},
            user=65534,
            group=65534,
            extra_groups=[],
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.stderr == ""
        first, second, third = done.stdout.splitlines()
        assert first == "65534 sandboxed fine(1000)"
        assert re.search(f"{SLOW}|printed more", second)
        assert "signal 9" in third
