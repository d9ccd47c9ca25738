"""What comes back of a spec."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from generator.errors import InputError, RefusalError
from generator.librpm import Librpm, Limits, Request, process
from generator.reading import Dependency, Scriptlet, SourceReading, line_number
from generator.sources import SourceFile, Sources
from generator.targets import Target
from tests.librpm.packages import BLUE, RED, package, target

EVERYTHING = """\
Name: pixel
Version: 1.2
Release: 0
Summary: Made up
License: MIT
Group: System/Base
URL: https://example.org/
Source0: https://example.org/%{name}-%{version}.tar.xz
Source7: pixel.sysusers
Patch3: fix.patch
BuildRequires: gcc >= 7
ExclusiveArch: x86_64 aarch64
Requires(post): fillup >= 1
Requires(pre,postun): shadow
Requires: (a or b)
Recommends: nice
%description
Prose.
%package -n twin
Summary: Other
Version: 9
%description -n twin
More prose.
%prep
%setup -q
%patch -P3 -p1
%build
make
%install
make install
%check
make check
%pre -f pixel.pre
%post -n twin -p /sbin/ldconfig
%preun
echo gone
%files -f one.lst -f two.lst
%dir %attr(750,root,root) /etc/pixel
/usr/bin/pixel
%files -n twin
/usr/bin/twin
"""


def test_everything_that_a_spec_says(librpm: Librpm) -> None:
    (reading,) = librpm.read(package(EVERYTHING), [RED]).readings
    assert (reading.error, reading.log) == ("", ())
    assert (reading.spec, reading.target, reading.name, reading.version) == ("pixel.spec", "red", "pixel", "1.2")
    assert sorted(reading.sources, key=lambda source: source.number) == [
        SourceReading(0, "pixel-1.2.tar.xz", False, "https://example.org/pixel-1.2.tar.xz"),
        SourceReading(3, "fix.patch", True, "fix.patch"),
        SourceReading(7, "pixel.sysusers", False, "pixel.sysusers"),
    ]
    assert reading.build_requires == (Dependency("gcc >= 7"),)
    assert reading.exclusive_arch == ("x86_64", "aarch64")
    assert "fix.patch" in reading.prep
    assert "cd '/home/abuild/rpmbuild/BUILD" in reading.prep
    sections = [text.strip() for text in (reading.build, reading.install, reading.check)]
    assert sections == ["make", "make install", "make check"]
    main, twin = reading.packages
    assert (main.name, main.group, main.url, main.description) == (
        "pixel",
        "System/Base",
        "https://example.org/",
        "Prose.",
    )
    assert (twin.name, twin.version, twin.summary, twin.files) == ("twin", "9", "Other", ("/usr/bin/twin",))
    assert set(main.dependencies["requires"]) == {
        Dependency("(a or b)"),
        Dependency("fillup >= 1", ("post",)),
        Dependency("shadow", ("pre", "postun")),
    }
    assert main.dependencies["recommends"] == (Dependency("nice"),)
    assert Dependency("pixel = 1.2-0") in main.dependencies["provides"]
    assert main.scriptlets == {
        "pre": Scriptlet("/bin/sh", "", "pixel.pre"),
        "preun": Scriptlet("/bin/sh", "echo gone"),
    }
    assert twin.scriptlets == {"post": Scriptlet("/sbin/ldconfig", "")}
    assert main.files == ("%dir %attr(750,root,root) /etc/pixel", "/usr/bin/pixel")
    assert main.file_lists == ("one.lst", "two.lst")


def provides(librpm: Librpm, spec: str, **files: bytes) -> set[str]:
    """What the main package of a spec provides on RED."""
    (reading,) = librpm.read(package(spec, **files), [RED]).readings
    assert reading.error == ""
    return {dependency.text for dependency in reading.packages[0].dependencies["provides"]}


def test_each_target_sees_its_own_macros(librpm: Librpm) -> None:
    spec = "Provides: c(%{?colour}%{!?colour:none}) v(%{suse_version})\n%global colour leaked\n"
    red, blue, again = librpm.read(package(spec), [RED, BLUE, RED]).readings
    assert Dependency("c(red)") in red.packages[0].dependencies["provides"]
    assert {Dependency("c(none)"), Dependency("v(1699)")} <= set(blue.packages[0].dependencies["provides"])
    assert again == red


def test_targets_that_begin_alike_stay_apart(librpm: Librpm) -> None:
    alike = "%drink tea\n%mix() with \\\n%{drink}\n"
    kinds = {"": "", "milk": "%milk 1\n", "coffee": "%drink coffee\n", "two": "%mix() two \\\n%{drink}s\n"}
    targets = [target(f"t{name}", alike + more) for name, more in kinds.items()]
    targets.append(target("far", alike, architecture="s390x"))
    spec = package(
        "Provides: d(%{drink}) m(%{?milk}%{!?milk:none}) x(%{lua:print((rpm.expand('%mix'):gsub('%s+', '-')))})\n"
    )
    together = librpm.read(spec, targets).readings
    assert list(together) == [librpm.read(spec, [one]).readings[0] for one in targets]
    told = [{entry.text for entry in reading.packages[0].dependencies["provides"]} for reading in together]
    assert {"d(tea)", "m(none)", "x(with-tea)"} <= told[0] & told[4]
    assert [{"m(1)"} <= told[1], {"d(coffee)", "x(with-coffee)"} <= told[2], {"x(two-teas)"} <= told[3]] == [True] * 3


def test_the_architecture_is_the_target_s(librpm: Librpm) -> None:
    spec = "%ifarch s390x\nProvides: big\n%endif\n"
    there, here = librpm.read(package(spec), [target("z", architecture="s390x"), RED]).readings
    assert there.packages[0].arch == "s390x"
    assert Dependency("big") in there.packages[0].dependencies["provides"]
    assert here.packages[0].arch == "x86_64"
    assert Dependency("big") not in here.packages[0].dependencies["provides"]


def test_features_are_forced(librpm: Librpm) -> None:
    spec = "%bcond_with tea\n%bcond_without milk\n%{?with_tea:Provides: tea}\n%{?with_milk:Provides: milk}\n"
    sources = Sources("pixel", package(spec).files, features=("tea", "milk", "sugar"))
    variants: list[dict[str, bool]] = [{}, {"tea": True}, {"tea": False, "milk": False}]
    readings = librpm.read(sources, [RED], variants).readings
    given = [{found.text for found in reading.packages[0].dependencies["provides"]} for reading in readings]
    assert [found & {"tea", "milk"} for found in given] == [{"milk"}, {"tea", "milk"}, set()]
    assert [reading.features for reading in readings] == variants
    assert readings[1].states == {"tea": True, "milk": True, "sugar": False}


def test_flavours_of_multibuild(librpm: Librpm) -> None:
    spec = "Name: pixel\nVersion: 1\nRelease: 0\nSummary: (@BUILD_FLAVOR@)\nLicense: MIT\n%description\n"
    multibuild = b"<multibuild>\n <flavor>gui</flavor>\n <package>doc</package>\n</multibuild>\n"
    sources = package(spec, _multibuild=multibuild)
    readings = librpm.read(sources, [RED, BLUE]).readings
    assert [(reading.flavour, reading.target, reading.packages[0].summary) for reading in readings] == [
        (flavour, name, f"({flavour})") for flavour in ("", "gui", "doc") for name in ("red", "blue")
    ]
    assert [reading.flavour for reading in librpm.read(sources, [RED], flavours=["gui"]).readings] == ["gui"]
    with pytest.raises(InputError, match="_multibuild:1"):
        librpm.read(package(spec, _multibuild=b"<multibuild>"), [RED])


def test_all_specs_of_a_directory_are_read(librpm: Librpm) -> None:
    files = {**package("").files, **package("", "another").files}
    readings = librpm.read(Sources("pixel", files), [RED]).readings
    assert [reading.name for reading in readings] == ["pixel", "another"]


def test_an_error_has_its_line_and_no_folder(librpm: Librpm) -> None:
    (reading,) = librpm.read(package("Colour: red\n"), [RED]).readings
    assert "Unknown tag: Colour: red" in reading.error
    assert line_number(reading.error) == 6
    assert "/home/abuild" not in reading.error
    (reading,) = librpm.read(package("%if red\n%endif\n"), [RED]).readings
    assert "bad %if condition" in reading.error
    assert line_number(reading.error) == 6


def test_a_log_line_is_kept_and_so_is_what_a_shell_prints(librpm: Librpm) -> None:
    spec = "Provides: x%(echo loud; echo quiet >&2)\n%description\n%prep\n%patch -P7\n"
    (reading,) = librpm.read(package(spec), [RED]).readings
    assert reading.error == ""
    assert "quiet" in reading.log
    assert any("7" in line and "patch" in line.lower() for line in reading.log)
    assert Dependency("xloud") in reading.packages[0].dependencies["provides"]


def test_sh_is_bash_as_on_suse(librpm: Librpm) -> None:
    (reading,) = librpm.read(package("Provides: a%(if [[ x == x ]]; then echo b; fi)\n"), [RED]).readings
    assert (reading.error, reading.log) == ("", ())
    assert "ab" in {provided.text for provided in reading.packages[0].dependencies["provides"]}


def test_files_are_there_and_externals_are_not(librpm: Librpm) -> None:
    spec = "Source1: more.inc\nSource2: gone.tar.xz\n%include %{SOURCE1}\n"
    spec += "Provides: size(%(wc -c < %{SOURCE1})) %(test -e %{SOURCE2} || echo absent)\n"
    assert {"more", "size(15)", "absent"} <= provides(librpm, spec, more__inc=b"Provides: more\n")


def test_a_file_name_cannot_leave_its_folder(librpm: Librpm) -> None:
    files = dict(package("Provides: in(%(ls -Am %{_sourcedir} /tmp | tr -d ' ,\\n'))\n").files)
    for name in ("../../../../tmp/out", "/tmp/out", "a/b", ".."):
        files[name] = SourceFile(name, b"x")
    (reading,) = librpm.read(Sources("pixel", files), [RED]).readings
    assert (
        Dependency("in(/home/abuild/rpmbuild/SOURCES:apixel.spec/tmp:)") in reading.packages[0].dependencies["provides"]
    )


def test_bytes_that_are_not_utf8_do_no_harm(librpm: Librpm) -> None:
    (reading,) = librpm.read(package("%description\ncaf\udce9\n"), [RED]).readings
    assert "encod" in reading.error
    (expansion,) = librpm.expand(RED, {}, ["%(printf 'caf\\351')"])
    assert expansion.text == "caf?"


def test_expressions_and_macro_strings(librpm: Librpm) -> None:
    expressions = ["0%{?is_opensuse} == 0", "word", "%ifarch x86_64", "(", "%{with tea}", '"%{name}" == "%%{name}"']
    results = librpm.evaluate(RED, {"tea": True}, expressions)
    assert [result for result in results if isinstance(result, bool)] == [True, True, True, True]
    assert "bare words" in str(results[1])
    assert "unmatched" in str(results[3])
    results = librpm.evaluate(BLUE, {"tea": False}, expressions)
    assert [result for result in results if isinstance(result, bool)] == [False, True, False, True]
    found = librpm.expand(BLUE, {}, ["%{suse_version}", "%shade dark", "%{unknown}", "%{lua:error('no')}", ""])
    assert [entry.text for entry in found] == ["1699", "very dark blue", "%{unknown}", "", ""]
    assert "no" in found[3].error
    assert librpm.expand(RED, {}, []) == []


def test_an_expression_is_one_line(librpm: Librpm) -> None:
    with pytest.raises(ValueError, match="one line"):
        librpm.evaluate(RED, {}, ["1\n%endif\n%if 0", "1"])


def test_hundreds_of_expressions_are_one_parse(librpm: Librpm) -> None:
    expressions = [f"0%{{?suse_version}} > {number}" for number in range(1300, 1800)]
    assert librpm.evaluate(RED, {}, expressions) == [number < 1500 for number in range(1300, 1800)]


@pytest.mark.parametrize("sandboxed", [True, False])
def test_macros_of_the_host_never_leak(
    sandboxed: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, librpm: Librpm
) -> None:
    names = ("suse_version", "is_opensuse", "colour", "dist", "evil", "fedora", "rhel", "sle_version", "leap_version")
    texts = [f"%{{?{name}}}" for name in names] + ["%{_vendor}", "%{getenv:evil}", "%{optflags}"]
    usual = [entry.text for entry in librpm.expand(RED, {}, texts)]
    assert usual[:11] == ["1500", "", "red", "", "", "", "", "", "", "suse", ""]
    hostile = "%suse_version 9\n%is_opensuse 9\n%colour brown\n%_vendor evil\n%dist .evil\n%evil 1\n%fedora 9\n"
    folder = tmp_path / ".config" / "rpm"
    folder.mkdir(parents=True)
    for path in (tmp_path / ".rpmmacros", folder / "macros", tmp_path / "macros"):
        path.write_text(hostile)
    (tmp_path / ".rpmrc").write_text("optflags: x86_64 -evil\n")
    tmp_path.chmod(0o755)
    values = {"HOME": tmp_path, "XDG_CONFIG_HOME": folder.parent, "RPM_CONFIGDIR": tmp_path, "evil": 1}
    for name, value in values.items():
        monkeypatch.setenv(name, str(value))
    if not sandboxed:
        monkeypatch.setattr(process.sandbox, "bubblewrap", lambda *_, **__: ["/nonexistent/bwrap"])
    with Librpm.start(warn=lambda message: None) as mine:
        assert [entry.text for entry in mine.expand(RED, {}, texts, own=True)] == usual
        assert bool(mine.no_sandbox) is not sandboxed


def test_many_packages_come_as_they_are_read() -> None:
    taken: list[int] = []

    def requests() -> Iterator[Request]:
        for number in range(8):
            taken.append(number)
            yield Request(package(f"Provides: p({number})\n", f"p{number}"), [RED, BLUE])

    with Librpm(workers=2) as librpm:
        views = librpm.read_all(requests())
        first = next(views)
        assert len(first.readings) == 2
        assert len(taken) <= 4
        names = {first.sources.name} | {view.sources.name for view in views}
    assert names == {f"p{number}" for number in range(8)}


ARM = target("arm", "%suse_version 1699\n%colour grey\n", "aarch64")
ODD = Target("odd", "odd", "4.18", {}, "%colour none", frozenset(), "x86_64")  # no line end, nothing in common
AHEAD = {
    "just these": [RED, BLUE, ARM],
    "more": [RED, BLUE, ARM] * 3,
    "fewer": [BLUE],
    "others": [ODD, target("more", "%shade pink\n%colour pink\n")],
    "those that begin otherwise": [ODD],
    "none": [],
}


@pytest.mark.parametrize("ahead", AHEAD)
@pytest.mark.parametrize("own_proc", [True, False])
def test_what_was_expected_changes_no_reading(
    ahead: str, own_proc: bool, librpm: Librpm, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not own_proc:
        arguments = process.sandbox.bubblewrap
        monkeypatch.setattr(process.sandbox, "bubblewrap", lambda python, own_proc: arguments(python, own_proc=False))
    sources = package(
        "%bcond_with extra\nBuildArch: %{?shade:noarch}%{!?shade:%_target_cpu}\n"
        "Provides: c(%{?colour}) s(%{?suse_version}) o(%{?is_opensuse}) b(%{?_buildhost}) l(%{_libdir})\n"
    )
    with Librpm.start(expected=lambda: AHEAD[ahead]) as mine:
        for wanted in ([RED, BLUE, ARM], [BLUE], [ODD, RED]):
            assert mine.read(sources, wanted) == librpm.read(sources, wanted)
        assert not mine.no_sandbox


def test_answers_come_in_the_order_of_the_targets() -> None:
    # The first takes longest, the last says more than a pipe holds.
    spec = package("%(test %{colour} = c0 && sleep 0.5)%(test %{colour} = c3 && seq 100000 >&2)Provides: x%{colour}\n")
    colours = [target(f"c{number}", f"%colour c{number}") for number in range(4)]
    with Librpm() as librpm:
        readings = librpm.read(spec, colours).readings
    assert [reading.target for reading in readings] == ["c0", "c1", "c2", "c3"]
    for reading in readings:
        assert f"x{reading.target}" in {one.text for one in reading.packages[0].dependencies["provides"]}
    assert [len(reading.log) for reading in readings] == [0, 0, 0, 100000]


def started_by(*pids: int) -> list[int]:
    """The processes that these started themselves."""
    found = []
    for pid in pids:
        with contextlib.suppress(OSError):  # it has ended meanwhile
            found += [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return found


@pytest.mark.parametrize("level", ["shell", "supervisor"])
@pytest.mark.parametrize("part", [0, -1])
def test_a_part_that_is_killed_is_read_again(level: str, part: int) -> None:
    spec = package("Provides: x%(sleep 0.4)\n")
    colours = [target(f"c{number}", "%colour pale") for number in range(4)]
    with Librpm() as librpm:
        zygote = started_by(*started_by(librpm._process(own=True).pid))

        def kill() -> None:
            deadline = time.monotonic() + 20
            while time.monotonic() < deadline:
                shells = started_by(*zygote)
                supervisors = started_by(*shells)
                if started_by(*supervisors):  # parsers
                    os.kill((shells if level == "shell" else supervisors)[part], signal.SIGKILL)
                    return

        thread = threading.Thread(target=kill)
        thread.start()
        view = librpm.read(spec, colours)
        thread.join()
    assert [reading.error for reading in view.readings] == ["", "", "", ""]
    assert [reading.target for reading in view.readings] == ["c0", "c1", "c2", "c3"]


def test_a_reader_that_is_killed_is_replaced() -> None:
    spec = package("Provides: x%(test %{colour} = red && sleep 1)\n")
    pale = target("pale", "%colour pale")
    with Librpm() as librpm:
        reader = librpm._process(own=True)
        # Killed in the middle of the second of three parses.
        with subprocess.Popen(["/bin/sh", "-c", f"sleep 0.3; kill -9 {reader.pid}"]):
            view = librpm.read(spec, [pale, RED, pale])
        assert [reading.error for reading in view.readings] == ["", "", ""]
        assert librpm._process(own=True).pid != reader.pid


def test_a_parse_that_kills_readers_costs_one_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    receive = process.Process.receive

    def die(self: process.Process) -> Iterator[object]:
        for message in receive(self):
            if isinstance(message, tuple) and b"Provides: xdeath" in message[2]:
                os.kill(self.pid, signal.SIGKILL)
                raise process.DeadError
            yield message

    monkeypatch.setattr(process.Process, "receive", die)
    pale = target("pale", "%colour pale")
    with Librpm() as librpm:
        view = librpm.read(package("Provides: x%{?colour}\n"), [pale, target("death", "%colour death"), pale])
        errors = [reading.error for reading in view.readings]
        assert errors == ["", "the sandbox died while the spec was parsed in it", ""]


def processes_with(word: bytes) -> list[str]:
    """The processes on this machine whose arguments contain a word."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if word in path.read_bytes():
                found.append(path.parent.name)
        except OSError:  # it has just ended
            continue
    return found


@pytest.mark.parametrize("sandboxed", [True, False])
def test_an_interrupt_leaves_no_process_behind(sandboxed: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not sandboxed:
        monkeypatch.setattr(process.sandbox, "bubblewrap", lambda *_, **__: ["/nonexistent/bwrap"])

    def interrupt(*arguments: object) -> None:
        assert processes_with(b"86421")
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        signal.setitimer(signal.ITIMER_REAL, 1)
        with pytest.raises(KeyboardInterrupt), Librpm.start(warn=lambda message: None) as librpm:
            librpm.read(package("%(sleep 86421)", defined=True), [RED])
    finally:
        signal.signal(signal.SIGALRM, before)
    assert not processes_with(b"86421")


def test_in_a_container_that_forbids_to_mount_proc(monkeypatch: pytest.MonkeyPatch) -> None:
    bubblewrap = process.sandbox.bubblewrap

    def arguments(python: str, *, own_proc: bool = True) -> list[str]:
        # A folder of /proc that cannot be written is what makes the kernel refuse, as in a container.
        hidden = [] if own_proc else ["--ro-bind", "/proc/sys", "/proc/sys"]
        refused = ["--proc", "/proc/none"] if own_proc else hidden
        return [*bubblewrap(python, own_proc=own_proc), *refused]

    monkeypatch.setattr(process.sandbox, "bubblewrap", arguments)
    with Librpm.start(limits=Limits(seconds=5, memory=256 << 20)) as librpm:
        given = librpm.expand(RED, {}, ["%(ls /proc | wc -l)", "%(python3 -c 'print(1)')"])
        assert [entry.text for entry in given] == ["0", "1"]
        assert librpm.no_sandbox == ""
        big = "python3 -c 'x = bytearray(100 << 20); import time; time.sleep(9)' &"
        assert "256 MiB of memory" in librpm.read(package(f"%({big * 4} wait)\n"), [RED]).readings[0].error


def test_without_a_sandbox(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process.sandbox, "bubblewrap", lambda *_, **__: ["/nonexistent/bwrap"])
    warnings: list[str] = []
    with Librpm.start(warn=warnings.append) as librpm:
        with pytest.raises(RefusalError, match=r"no sandbox works here.*--trust"):
            librpm.read(package(""), [RED])
        assert warnings == []
        for _ in range(2):
            own = package("Colour: red\n", defined=True)
            assert "Unknown tag: Colour: red" in librpm.read(own, [RED, BLUE]).readings[1].error
        assert len(warnings) == 1
        assert librpm.evaluate(RED, {}, ["1"], own=True) == [True]
        with pytest.raises(RefusalError):
            librpm.expand(RED, {}, ["1"])
    # Without a sandbox the processes of all other tests count as well.
    with Librpm(trust=True, limits=Limits(seconds=2, processes=1000), warn=warnings.append) as librpm:
        (reading,) = librpm.read(package(EVERYTHING), [RED]).readings
        assert reading.error == ""
        assert "cd '/home/abuild/rpmbuild/BUILD" in reading.prep
        (slow,) = librpm.read(package("%(sleep 86423)"), [RED]).readings
        assert "longer than 2 s" in slow.error
        assert not processes_with(b"86423")
        (reading,) = librpm.read(package("%(setsid sleep 86425 >/dev/null 2>&1 &)\n"), [RED]).readings
        assert reading.error == ""
        assert not processes_with(b"86425")
        gone = package("%(rm -rf %{_tmppath})\n")
        assert {reading.error for reading in librpm.read(gone, [RED, BLUE, RED]).readings} == {""}
        folder = Path(librpm._process(own=False)._folder)
        assert folder.is_dir()
    assert not folder.exists()


def test_missing_bindings_name_the_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPECGEN_RPM_PYTHON", "/usr/bin/python4")
    with Librpm.start() as librpm, pytest.raises(RefusalError, match="python3-rpm"):
        librpm.read(package("", defined=True), [RED])
    monkeypatch.delenv("SPECGEN_RPM_PYTHON")
    monkeypatch.setattr(process, "BOOTSTRAP", "import sys; sys.modules['rpm'] = None\n" + process.BOOTSTRAP)
    with Librpm.start() as librpm, pytest.raises(RefusalError, match="python3-rpm and rpm-build"):
        librpm.read(package("", defined=True), [RED])
