"""The reader: parses specs with librpm, in a process and in namespaces of their own. One file, Python 3.6, no imports
beyond the standard library and rpm; started by `process.py`, inside the bubblewrap that `sandbox.py` describes.

A spec runs code while it is parsed, so nothing here trusts it. There are four processes:

    zygote      has rpm loaded; waits for jobs on stdin (one job is one package directory), hands on the answers
    shell       enters user, pid, mount, ipc and network namespaces of its own; where processors are free, there are
                several, which take the job's tasks as they are free; those for the first job are made before it comes
    supervisor  is process 1 in there; writes the job's files, forks a parser per task, stops what takes too much,
                and alone holds the way back to the zygote; cannot be traced or killed from inside
    parser      drops all capabilities, runs under limits, and keeps no descriptor but its own log: what it found
                goes into anonymous shared memory, which has no name that another process could open; those for the
                first job wait for it, the macros that its targets share already loaded

Protocol. First the client sends one line of settings, and the macros of the targets that it expects. Then, for each
job, one line of JSON and the payloads that it announces. For each task the answer is one line of JSON, the bytes of
the log and the bytes of the result; the job ends with {"done": true}. Several modules of the standard library (json,
signal, subprocess) are avoided because importing them takes longer than parsing a spec.
"""

import ctypes
import errno
import fcntl
import gc
import mmap
import os
import resource
import select
import sys
import time

TYPE_CHECKING = False  # the module typing takes 4 ms
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any, BinaryIO, NoReturn

CLONE_NEWNS, CLONE_NEWIPC, CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET = (
    0x20000,
    0x8000000,
    0x10000000,
    0x20000000,
    0x40000000,
)
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_REMOUNT, MS_BIND = 1, 2, 4, 32, 4096
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_SECCOMP, PR_SET_CHILD_SUBREAPER, PR_SET_NO_NEW_PRIVS = 1, 4, 22, 36, 38
SIGINT, SIGKILL, SIGPIPE, SIGXFSZ = 2, 9, 13, 25
SIG_DFL, SIG_IGN = ctypes.c_void_p(0), ctypes.c_void_p(1)

F_SETPIPE_SZ = 1031
READY = b"+"  # what a part says when what it was to make ahead is there
ANSWERS = 1 << 20  # bytes of answers that a part may have given before somebody takes them

TICK = 0.05  # seconds between two looks at the clock and the memory of a parser that is still busy
# The names for the macros that the targets of a job begin with, and those that are expected; others end in a hash.
SHARED, EXPECTED = "shared", "expected"
MOST_WAITING = 16  # parsers of a part that wait for a task
MOST_FILES = 256  # open in a supervisor, and in a parser
MOST_SHARES = 1000  # into which the tasks of a job are cut; each is a number in a pipe
NUMBER = 4  # bytes of it
NO_MORE = (1 << 32) - 1
OUT_OF_MEMORY = 75  # exit code of a parser that could not get memory

# What a spec must never see of the host, wherever its distribution defines it.
HOST_MACROS = (
    "suse_version", "sle_version", "is_opensuse", "leap_version", "sles_version", "fedora", "rhel", "centos", "dist",
    "debian", "ubuntu", "mageia", "_vendor", "_host_vendor", "_target_vendor", "_sharedstatedir", "_dbpath", "_topdir",
    "_sourcedir", "_specdir", "_builddir", "packager", "vendor", "distribution", "disturl", "bugurl", "buildhost",
)  # fmt: skip
DEPENDENCIES = ("requires", "provides", "conflicts", "obsoletes", "recommends", "supplements", "suggests", "enhances")
# Flag bits of a dependency (rpmds.h): the scriptlets it is for, and those that rpm added by itself.
WHEN = (
    (1 << 5, "posttrans"), (1 << 7, "pretrans"), (1 << 9, "pre"), (1 << 10, "post"), (1 << 11, "preun"),
    (1 << 12, "postun"), (1 << 13, "verify"), (1 << 20, "preuntrans"), (1 << 21, "postuntrans"), (1 << 29, "meta"),
)  # fmt: skip
BY_RPM = 1 << 8 | 1 << 24 | 1 << 28
SCRIPTLETS = (
    ("pre", "PREIN", "PREINPROG"), ("post", "POSTIN", "POSTINPROG"), ("preun", "PREUN", "PREUNPROG"),
    ("postun", "POSTUN", "POSTUNPROG"), ("pretrans", "PRETRANS", "PRETRANSPROG"),
    ("posttrans", "POSTTRANS", "POSTTRANSPROG"), ("preuntrans", "PREUNTRANS", "PREUNTRANSPROG"),
    ("postuntrans", "POSTUNTRANS", "POSTUNTRANSPROG"), ("verify", "VERIFYSCRIPT", "VERIFYSCRIPTPROG"),
)  # fmt: skip

libc = ctypes.CDLL(None, use_errno=True)
# Looked up here, once, and not in each parser.
libc.prctl, libc.capset, libc.signal, libc.fflush, libc.mount, libc.umount2, libc.unshare  # noqa: B018


# JSON, by the C functions that the json module is made of ------------------------------------------------------------


class _Context:
    strict = True
    object_hook = object_pairs_hook = None
    parse_float = float
    parse_int = int
    parse_constant = None

    def __init__(self) -> None:
        self.memo: "dict[str, str]" = {}


def refuse(value: object) -> "NoReturn":
    """JSON has no such thing."""
    raise TypeError(type(value).__name__)


def json_codec() -> "tuple[Callable[[str], Any], Callable[[object], str]]":
    """The pair (loads, dumps) of functions."""
    try:
        from _json import encode_basestring, make_encoder, make_scanner

        context: "Any" = _Context()
        scan = make_scanner(context)
        encode = make_encoder(None, refuse, encode_basestring, None, ":", ",", False, False, False)
        encode({}, 0)
    except (ImportError, AttributeError, TypeError):
        import json

        return json.loads, lambda value: json.dumps(value, ensure_ascii=False)
    return (lambda text: scan(text, 0)[0]), lambda value: "".join(encode(value, 0))


loads, dumps = json_codec()


# The kernel ----------------------------------------------------------------------------------------------------------


class SandboxError(Exception):
    """The kernel or the machine's policy refuses what the sandbox is made of."""


def call(function: "Callable[..., int]", *arguments: object) -> None:
    """Call a function of libc that returns -1 where it fails."""
    if function(*arguments) == -1:
        raise SandboxError("%s: %s" % (function.__name__, os.strerror(ctypes.get_errno())))


def mount(kind: bytes, path: str, flags: int, data: bytes = b"") -> None:
    """Mount a file system that the kernel makes up."""
    call(libc.mount, kind, os.fsencode(path), kind, ctypes.c_ulong(flags), data)


def write_file(path: str, content: bytes, mode: int = 0o644) -> None:
    """Write a file with these permissions."""
    with open(path, "wb", opener=lambda name, flags: os.open(name, flags, mode)) as file:
        file.write(content)


def remove_tree(path: str, keep: bool = False) -> None:
    """Remove a folder and all in it; with `keep` only what is in it."""
    for folder, folders, files in os.walk(path, topdown=False):
        for name in files + [name for name in folders if os.path.islink(os.path.join(folder, name))]:
            os.unlink(os.path.join(folder, name))
        if folder != path or not keep:
            os.rmdir(folder)


def enter_namespaces() -> None:
    """Leave the zygote's namespaces. The next fork is process 1 of the new ones."""
    uid, gid = os.getuid(), os.getgid()
    call(libc.unshare, CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWNET)
    libc.prctl(PR_SET_DUMPABLE, 1, 0, 0, 0)  # the maps belong to root while the process cannot be traced
    write_file("/proc/self/setgroups", b"deny")
    write_file("/proc/self/uid_map", b"%d %d 1" % (uid, uid))
    write_file("/proc/self/gid_map", b"%d %d 1" % (gid, gid))
    libc.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)


# Calls that no parse needs: memory that no limit counts (memfd, System V), keyrings, which outlive a namespace, looking
# into other processes, and parts of the kernel that are known for their holes. By machine: AUDIT_ARCH and numbers of
# memfd_create, memfd_secret, shmget, semget, msgget, mq_open, add_key, request_key, keyctl, ptrace, process_vm_readv,
# process_vm_writev, bpf, perf_event_open, userfaultfd, io_uring_setup, setns.
REFUSED = {
    "x86_64": (
        0xC000003E,
        (319, 447, 29, 64, 68, 240, 248, 249, 250, 101, 310, 311, 321, 298, 323, 425, 308),
    ),
    "aarch64": (
        0xC00000B7,
        (279, 447, 194, 190, 186, 180, 217, 218, 219, 117, 270, 271, 280, 241, 282, 425, 268),
    ),
}


def refuse_system_calls() -> None:
    """Refuse, to this process and its children, calls that no parse needs; other machines do without."""
    architecture, numbers = REFUSED.get(os.uname().machine, (0, ()))
    if not numbers:
        return
    load, equal, at_least, answer = 0x20, 0x15, 0x35, 0x06
    tests = [(equal, number) for number in numbers]
    if architecture == 0xC000003E:  # from this number on it is another set of calls, for another kind of program
        tests.append((at_least, 0x40000000))
    yes = 4 + len(tests)  # the position of the refusal
    program = [(load, 0, 0, 4), (equal, 0, yes - 2, architecture), (load, 0, 0, 0)]
    program += [(operation, yes - position - 1, 0, value) for position, (operation, value) in enumerate(tests, 3)]
    program += [(answer, 0, 0, 0x7FFF0000), (answer, 0, 0, 0x00050000 | errno.ENOSYS)]
    code = b"".join(
        operation.to_bytes(2, "little") + bytes((right, wrong)) + value.to_bytes(4, "little")
        for operation, right, wrong, value in program
    )
    buffer = ctypes.create_string_buffer(code, len(code))
    described = (ctypes.c_uint64 * 2)(len(program), ctypes.addressof(buffer))
    call(libc.prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    call(libc.prctl, PR_SET_SECCOMP, 2, described)


def drop_capabilities() -> None:
    """Give up all capabilities, also those of our own user namespace."""
    call(libc.capset, (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)())


def resident_memory(proc: int, process: str = "self") -> int:
    """Bytes of memory that a process and all its descendants occupy, as seen in an open /proc."""
    total = 0
    try:
        total += int(read_at(proc, process + "/statm").split()[1]) * mmap.PAGESIZE
        threads = os.open(process + "/task", os.O_RDONLY | os.O_DIRECTORY, dir_fd=proc)
        try:
            for thread in os.listdir(threads):
                for child in read_at(threads, thread + "/children").split():
                    total += resident_memory(proc, child.decode())
        finally:
            os.close(threads)
    except (OSError, IndexError):
        pass  # it has just ended
    return total


def read_at(folder: int, path: str) -> bytes:
    """The beginning of a file in an open folder."""
    descriptor = os.open(path, os.O_RDONLY, dir_fd=folder)
    try:
        return os.read(descriptor, 65536)
    finally:
        os.close(descriptor)


# librpm --------------------------------------------------------------------------------------------------------------


class Rpm:
    """librpm with rpm's own base macros and nothing of the host's."""

    def __init__(self) -> None:
        try:
            import rpm
        except ImportError:  # not in the places that the client guessed
            import site

            site.main()
            import rpm

        self.rpm = rpm
        self.architecture, self.shared = "", ""
        self.library = ctypes.CDLL(rpm._rpm.__file__)
        config = rpm.expandMacro("%{_rpmconfigdir}")
        # The bindings can only load everything: /etc/rpm, the vendor's macros, the user's. The library can do better.
        self.macro_files = os.fsencode("%s/macros:%s/platform/%%{_target}/macros" % (config, config))
        ctypes.c_char_p.in_dll(self.library, "macrofiles").value = self.macro_files
        self.rc_file = os.fsencode(config + "/rpmrc")
        self.use("x86_64")

    def use(self, architecture: str) -> None:
        """Forget all macros and load the base for an architecture."""
        self.architecture, self.shared = architecture, ""
        self.library.rpmFreeMacros(None)
        self.library.rpmFreeRpmrc()
        if self.library.rpmReadConfigFiles(self.rc_file, os.fsencode(architecture + "-linux")) != 0:
            raise RuntimeError("rpm cannot read its own configuration for " + architecture)
        for name in HOST_MACROS:
            while self.rpm.expandMacro("%{?" + name + ":1}"):
                self.rpm.delMacro(name)

    def share(self, architecture: str, shared: str, settings: "Settings") -> None:
        """Become what several targets have in common: the base for an architecture, and the macros of this name."""
        if architecture != self.architecture or self.shared not in ("", shared):
            self.use(architecture)
        if not self.shared:
            self.load(shared, settings)
            self.shared = shared

    def load(self, name: str, settings: "Settings") -> None:
        """Load a file of macros."""
        self.rpm.expandMacro("%{load:" + os.path.join(settings.root, macro_file(name)) + "}")

    def target(self, task: "Any", settings: "Settings") -> None:
        """Become a target: its macros, the features that are forced, and the folders of a build."""
        self.share(task["architecture"], task["shared"], settings)
        self.load(task["target"], settings)
        for name, on in task["features"].items():
            self.rpm.addMacro(("_with_" if on else "_without_") + name, "1")
            if task["do"] != "read" and on:
                self.rpm.addMacro("with_" + name, "1")
        for name, value in (
            ("_topdir", settings.root),
            ("_sourcedir", "%{_topdir}/SOURCES"),
            ("_specdir", "%{_topdir}/SPECS"),
            ("_builddir", "%{_topdir}/BUILD"),
            ("_buildrootdir", "%{_topdir}/BUILDROOT"),
            ("_rpmdir", "%{_topdir}/RPMS"),
            ("_srcrpmdir", "%{_topdir}/SRPMS"),
            ("_dbpath", "%{_topdir}/db"),
            ("_tmppath", settings.scratch),
        ):
            self.rpm.addMacro(name, value)

    def parse(self, path: str) -> "Any":
        """The bindings' view of a spec; ValueError where librpm cannot parse it."""
        return self.rpm.spec(path, self.rpm.RPMSPEC_ANYARCH | self.rpm.RPMSPEC_FORCE)

    # tasks, each in a process of its own

    def read(self, task: "Any", settings: "Settings") -> "Any":
        """What a spec says: the fields of generator/reading.py's Reading."""
        try:
            spec = self.parse(os.path.join(settings.root, task["spec"]))
        except ValueError as error:
            return {"spec": "", "target": "", "error": str(error)}
        rpm, source = self.rpm, spec.sourceHeader
        parsed = spec.parsed
        sections = script_files(parsed, text(source[rpm.RPMTAG_NAME]))
        return {
            "spec": "",
            "target": "",
            "states": {name: self.rpm.expandMacro("%{with " + name + "}") == "1" for name in task["names"]},
            "parsed": parsed,
            "name": text(source[rpm.RPMTAG_NAME]),
            "version": text(source[rpm.RPMTAG_VERSION]),
            "sources": [
                {"number": number, "name": os.path.basename(path), "patch": bool(flags & 2), "location": path}
                for path, number, flags in spec.sources
                if flags & 3
            ],
            "build_requires": self.dependencies(source, "requires"),
            "exclude_arch": strings(source[rpm.RPMTAG_EXCLUDEARCH]),
            "exclusive_arch": strings(source[rpm.RPMTAG_EXCLUSIVEARCH]),
            "build_arch": strings(source[rpm.RPMTAG_BUILDARCHS]),
            "prep": spec.prep or "",
            "build": spec.build or "",
            "install": spec.install or "",
            "check": spec.check or "",
            "packages": [self.package(package, sections) for package in spec.packages],
        }

    def package(self, package: "Any", sections: "dict[str, dict[str, list[str]]]") -> "Any":
        """A binary package: the fields of PackageReading."""
        rpm, header = self.rpm, package.header
        name = text(header[rpm.RPMTAG_NAME])
        mine = sections.get(name, {})
        scriptlets: "dict[str, dict[str, str]]" = {}
        for kind, body_tag, program_tag in SCRIPTLETS:
            if not hasattr(rpm, "RPMTAG_" + body_tag):
                continue
            body = text(header[getattr(rpm, "RPMTAG_" + body_tag)])
            program = " ".join(strings(header[getattr(rpm, "RPMTAG_" + program_tag)]))
            if body.strip() or program:
                scriptlets[kind] = {"interpreter": program, "text": body, "file": "".join(mine.get(kind, ())[:1])}
        return {
            "name": name,
            "version": text(header[rpm.RPMTAG_VERSION]),
            "release": text(header[rpm.RPMTAG_RELEASE]),
            "arch": text(header[rpm.RPMTAG_ARCH]),
            "license": text(header[rpm.RPMTAG_LICENSE]),
            "url": text(header[rpm.RPMTAG_URL]),
            "group": text(header[rpm.RPMTAG_GROUP]),
            "summary": text(header[rpm.RPMTAG_SUMMARY]),
            "description": text(header[rpm.RPMTAG_DESCRIPTION]),
            "dependencies": {kind: self.dependencies(header, kind) for kind in DEPENDENCIES},
            "scriptlets": scriptlets,
            "files": [line for line in (package.fileList or "").splitlines() if line.strip()],
            "file_lists": mine.get("files", []),
        }

    def dependencies(self, header: "Any", kind: str) -> "Any":
        """The dependencies of a header, without those that rpm adds by itself (rpmlib, interpreters, config)."""
        found: "dict[tuple[str, tuple[str, ...]], None]" = {}
        for entry in self.rpm.ds(header, kind):
            flags = entry.Flags()
            if flags & BY_RPM:
                continue
            when = [name for bit, name in WHEN if flags & bit] if kind == "requires" else []
            found[entry.DNEVR()[2:], tuple(when)] = None
        return [{"text": name, "when": when} for name, when in found]

    def expand(self, task: "Any", settings: "Settings") -> "Any":
        """Macro strings under a target; each result is a text or an error."""
        results = []
        for string in task["texts"]:
            with Captured(settings.scratch) as log:
                try:
                    results.append({"text": self.rpm.expandMacro(string)})
                    continue
                except self.rpm.error as error:
                    reason = str(error)
            results.append({"error": log.text() or reason or "librpm cannot expand it, and says no more"})
        return results

    def evaluate(self, task: "Any", settings: "Settings") -> "Any":
        """Whether each `%if` line holds, all in one spec; after one that librpm cannot read, a new spec with the rest.

        The answers are macros, set before the spec has a name, so that conditions see the target and nothing else.
        """
        lines = [line if line.lstrip().startswith("%if") else "%if " + line for line in task["texts"]]
        results: "list[dict[str, object]]" = []
        first = 0
        while first < len(lines):
            blocks = [
                "%%global specgen_reached %d\n%s\n%%global specgen_holds_%d 1\n%%endif\n" % (number, line, number)
                for number, line in enumerate(lines[first:], first)
            ]
            tail = "Name: evaluate\nVersion: 1\nRelease: 0\nSummary: s\nLicense: MIT\n%description\n"
            path = os.path.join(settings.scratch, "evaluate.spec")
            write_file(path, ("".join(blocks) + tail).encode("utf-8", "surrogateescape"))
            error = None
            with Captured(settings.scratch) as log:
                try:
                    self.parse(path)
                except ValueError as problem:
                    error = str(problem)
            reached = int(self.rpm.expandMacro("%{?specgen_reached}") or first) if error else len(lines)
            for number in range(first, reached):
                results.append({"value": bool(self.rpm.expandMacro("%%{?specgen_holds_%d}" % number))})
            if error:
                results.append({"error": log.text() or error})
            first = reached + 1
        return results


class Captured:
    """What a block prints, the shells that it starts included."""

    def __init__(self, scratch: str) -> None:
        self.path = os.path.join(scratch, "captured.log")

    def __enter__(self) -> "Captured":
        self.saved = os.dup(2)
        with open(self.path, "wb") as file:
            os.dup2(file.fileno(), 2)
        return self

    def __exit__(self, *unused: object) -> None:
        os.dup2(self.saved, 2)
        os.close(self.saved)

    def text(self) -> str:
        """What was printed, its beginning."""
        with open(self.path, "rb") as file:
            return file.read(4096).decode("utf-8", "replace").strip()


def text(value: object) -> str:
    """A header value as text; the bindings give lists, None and bytes as well."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "surrogateescape")
    if isinstance(value, (list, tuple)):
        return text(value[0]) if value else ""
    return "" if value is None else str(value)


def strings(value: object) -> "list[str]":
    """A header value as a list of texts."""
    if value is None:
        return []
    return [text(item) for item in value] if isinstance(value, (list, tuple)) else [text(value)]


def macro_file(name: str) -> str:
    """Where the macros of this name are, below the root of a build."""
    return "targets/%s.macros" % name


def shared_start(texts: "list[bytes]") -> bytes:
    """The macro definitions that all these texts begin with."""
    found: "list[bytes]" = []
    complete = 0
    for one, other in zip(min(texts, default=b"").splitlines(True), max(texts, default=b"").splitlines(True)):  # noqa: B905  not in 3.6
        if one != other:
            break
        found.append(one)
        if one.endswith(b"\n") and not one.endswith(b"\\\n"):
            complete = len(found)
    return b"".join(found[:complete])


def script_files(parsed: str, main: str) -> "dict[str, dict[str, list[str]]]":
    """The arguments of `-f` at section starts, as {package: {section: [file, …]}}; the bindings run them together."""
    found: "dict[str, dict[str, list[str]]]" = {}
    kinds = {"%" + kind for kind, _, _ in SCRIPTLETS} | {"%files", "%verifyscript"}
    for line in parsed.splitlines():
        words = line.split()
        if not words or words[0] not in kinds or "-f" not in words:
            continue
        name, position = main, 1
        files: "list[str]" = []
        while position < len(words):
            word = words[position]
            if word in ("-f", "-n", "-p"):
                position += 1
                value = words[position] if position < len(words) else ""
                if word == "-f":
                    files += [value] if value else []
                elif word == "-n":
                    name = value or name
            elif not word.startswith("-"):
                name = main + "-" + word
            position += 1
        kind = "verify" if words[0] == "%verifyscript" else words[0][1:]
        found.setdefault(name, {}).setdefault(kind, []).extend(files)
    return found


# The processes -------------------------------------------------------------------------------------------------------


class Settings:
    """What the client says once: the limits, and whether a sandbox is around this process."""

    def __init__(self, fields: "Any") -> None:
        self.seconds = fields["seconds"]
        self.memory = fields["memory"]
        self.processes = fields["processes"]
        self.output = fields["output"]
        self.result = fields["result"]
        self.sandboxed = fields["sandboxed"]
        self.parts = fields["parts"]
        self.expected = fields["expected"]  # how many tasks the first job may have
        self.root = fields["root"]
        self.proc = -1  # /proc, open
        self.scratch = "/tmp" if self.sandboxed else os.path.join(self.root, "tmp")


class Parser:
    """A forked process that does one task, once it is given one, as the supervisor sees it."""

    def __init__(self, rpm: Rpm, settings: Settings, memory: mmap.mmap, out: int, others: int = 0) -> None:
        """So many `others` are there, or will be, which are no processes of the spec's."""
        self.settings, self.memory, self.out = settings, memory, out
        self.status: "int | None" = None
        task_end, self.task_fd = os.pipe()
        self.log_fd, log_end = os.pipe()
        # Nothing is written to this pipe: its end tells that the parser ended, also where a process that it left
        # behind still holds its log.
        self.alive_fd, alive_end = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            run_parser(rpm, settings, memory, [task_end, log_end, alive_end], settings.processes + others)
        os.close(task_end)
        os.close(log_end)
        os.close(alive_end)
        self.log = bytearray()

    def give(self, task: "Any") -> None:
        """Let it do this task."""
        self.memory[:8] = bytes(8)
        try:
            send(self.task_fd, dumps(task).encode() + b"\n")
        except BrokenPipeError:
            pass  # it was killed while it waited; `watch` tells so
        os.close(self.task_fd)

    def watch(self, waiting: "list[Parser]") -> str:
        """Wait for the end of the parser; returns how it ended. One that is slow gets the sandbox for itself."""
        poller = select.poll()
        poller.register(self.log_fd, select.POLLIN)
        poller.register(self.alive_fd, select.POLLIN)
        poller.register(self.out, 0)  # tells when nobody reads there any more
        deadline = time.monotonic() + self.settings.seconds
        ending, look = False, time.monotonic() + TICK
        while True:
            for descriptor, _ in poller.poll(0 if ending else TICK * 1000):
                if descriptor == self.log_fd and self.read_log():
                    continue
                if descriptor == self.out:
                    return "unwanted"
                poller.unregister(descriptor)
                ending = ending or descriptor == self.alive_fd
            if len(self.log) > self.settings.output:
                return "output"
            now = time.monotonic()
            if (ending or now > look) and self.ended():
                return self.verdict()
            if now > deadline:
                return "time"
            if now > look:
                look = now + TICK
                while waiting:
                    waiting.pop().discard()
                if resident_memory(self.settings.proc) > self.settings.memory:
                    return "memory"
            if ending:  # the kernel closes the files of a process shortly before it reports its end
                time.sleep(0.0001)

    def read_log(self) -> bool:
        """Read some of the log; whether there may be more."""
        data = os.read(self.log_fd, 65536)
        self.log += data
        return bool(data)

    def ended(self) -> bool:
        """Whether the parser is gone; its status is known then."""
        if self.status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            self.status = status if pid else None
        return self.status is not None

    def verdict(self) -> str:
        """How a parser that is gone ended."""
        assert self.status is not None
        if os.WIFSIGNALED(self.status):
            return "signal %d" % os.WTERMSIG(self.status)
        code = os.WEXITSTATUS(self.status)
        if code == OUT_OF_MEMORY or b"memory alloc (" in self.log:
            return "memory"
        length = int.from_bytes(self.memory[:8], "little")
        if code or not length:
            return "exit %d" % code
        if length > len(self.memory) - 8:
            return "result"
        return "ok"

    def discard(self) -> None:
        """End a parser that waits for a task."""
        os.kill(self.pid, SIGKILL)
        os.waitpid(self.pid, 0)
        self.close(self.task_fd)

    def close(self, *others: int) -> None:
        """Give up its descriptors."""
        for descriptor in (self.log_fd, self.alive_fd, *others):
            os.close(descriptor)

    def stop(self, waiting: "list[Parser]") -> None:
        """End the parser and all that it left behind; where that is anything, those that are `waiting` as well."""
        if not self.left_nothing(waiting):
            self.end_all()
            while waiting:
                parser = waiting.pop()
                parser.close(parser.task_fd)
        os.set_blocking(self.log_fd, False)
        try:
            while len(self.log) <= self.settings.output and self.read_log():
                pass
        except BlockingIOError:
            pass
        self.close()

    def left_nothing(self, waiting: "list[Parser]") -> bool:
        """Whether this parser is gone, and nothing runs but those that are `waiting`, as they were."""
        if self.status is None:
            return False
        ours = [parser.pid for parser in waiting]
        try:
            while True:
                pid = os.waitpid(-1, os.WNOHANG | os.WUNTRACED)[0]
                if pid == 0:
                    return bool(ours) and len(self.children()) == len(ours)
                if pid in ours:  # a spec killed or stopped it
                    return False
        except ChildProcessError:
            return True

    def end_all(self) -> None:
        """End all processes but this one."""
        while True:
            try:
                if self.settings.sandboxed:
                    os.kill(-1, SIGKILL)  # all of this pid namespace, except its process 1, which we are
                else:
                    for child in self.children():
                        os.kill(child, SIGKILL)
            except ProcessLookupError:
                pass
            try:
                pid, status = os.waitpid(-1, 0)
            except ChildProcessError:
                break
            if pid == self.pid:
                self.status = status

    def children(self) -> "list[int]":
        """The parser and what it left behind, where they are our children."""
        try:
            found = read_at(self.settings.proc, "self/task/%d/children" % os.getpid())
        except OSError:  # a kernel without this file
            return [self.pid] if self.status is None else []
        return [int(child) for child in found.split()]

    def result(self) -> bytes:
        """What the parser found."""
        length = int.from_bytes(self.memory[:8], "little")
        return self.memory[8 : 8 + length]


def run_parser(rpm: Rpm, settings: Settings, memory: mmap.mmap, ends: "list[int]", processes: int) -> "NoReturn":
    """The whole life of a parser; never returns. `ends` are its ends of the pipes for its task, log and life."""
    mine = os.getpid()
    code = 1
    try:
        os.setsid()
        task_end, log_end, alive_end = [fcntl.fcntl(end, fcntl.F_DUPFD, 16) for end in ends]
        null = os.open("/dev/null", os.O_RDONLY)
        os.dup2(null, 0)
        os.dup2(log_end, 1)
        os.dup2(log_end, 2)
        os.dup2(alive_end, 3, inheritable=False)
        os.dup2(task_end, 4, inheritable=False)
        os.closerange(5, MOST_FILES)
        for number in (SIGINT, SIGPIPE, SIGXFSZ):
            libc.signal(number, SIG_DFL)
        libc.prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0)
        limit(resource.RLIMIT_CORE, 0)
        limit(resource.RLIMIT_NOFILE, MOST_FILES)
        limit(resource.RLIMIT_FSIZE, settings.output * 16)
        limit(resource.RLIMIT_AS, settings.memory)
        limit(resource.RLIMIT_CPU, int(settings.seconds) + 1)
        limit(resource.RLIMIT_NPROC, processes)
        call(libc.prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        if settings.sandboxed:
            drop_capabilities()
        with open(4, "rb") as tasks:
            task = loads(tasks.readline().decode())
        os.chdir(os.path.join(settings.root, "SOURCES"))
        rpm.target(task, settings)
        answer = dumps(getattr(rpm, task["do"])(task, settings)).encode("utf-8", "replace")
        if os.getpid() != mine:  # a fork that Lua made is no parser
            os._exit(1)
        if len(answer) <= len(memory) - 8:
            memory[8 : 8 + len(answer)] = answer
        memory[:8] = len(answer).to_bytes(8, "little")
        code = 0
    except MemoryError:
        code = OUT_OF_MEMORY
    except BaseException as error:
        os.write(2, ("error: the parser failed: %s: %s\n" % (type(error).__name__, error)).encode("utf-8", "replace"))
    finally:
        libc.fflush(None)  # what Lua printed
        os._exit(code)


def limit(what: int, value: int) -> None:
    """Set a limit of this process, for good."""
    hard = resource.getrlimit(what)[1]
    if hard != resource.RLIM_INFINITY:
        value = min(value, hard)
    resource.setrlimit(what, (value, value))


def furnish(settings: Settings) -> None:
    """Make the sandbox ready for a job."""
    if not settings.sandboxed:
        settings.proc = os.open("/proc", os.O_RDONLY | os.O_DIRECTORY)
        libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)  # what a spec leaves behind becomes our child
        remove_tree(settings.root, keep=True)
        return
    mount(b"tmpfs", settings.root, MS_NOSUID | MS_NODEV, b"size=256m,mode=755")
    try:
        mount(b"proc", "/proc", MS_NOSUID | MS_NODEV)
        settings.proc = os.open("/proc", os.O_RDONLY | os.O_DIRECTORY)
    except SandboxError:  # some containers forbid it; then a spec sees no /proc at all
        settings.proc = os.open("/proc", os.O_RDONLY | os.O_DIRECTORY)
        mount(b"tmpfs", "/proc", MS_RDONLY, b"size=4k")
    try:
        write_file("/proc/sys/user/max_user_namespaces", b"0")  # a spec needs no namespaces of its own
    except OSError:
        pass  # it is harmless in them, too
    refuse_system_calls()


class Scratch:
    """The folder for temporary files, new for each parser: the one before it may have left something there."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.make()

    def make(self) -> None:
        """Make it."""
        if self.settings.sandboxed:
            mount(b"tmpfs", self.settings.scratch, MS_NOSUID | MS_NODEV, b"size=64m,mode=1777")
        else:
            os.makedirs(self.settings.scratch)
        self.new = self.state()

    def state(self) -> "tuple[int, int, int, list[str]]":
        """What shows that something was written here, also where that is gone again."""
        found = os.stat(self.settings.scratch)
        return found.st_mode, found.st_ctime_ns, found.st_mtime_ns, os.listdir(self.settings.scratch)

    def renew(self) -> None:
        """Make another one, unless this is as it was; the kernel may take milliseconds to unmount something."""
        try:
            if self.state() == self.new:
                return
        except OSError:  # without a sandbox, a spec can remove it
            pass
        if self.settings.sandboxed:
            call(libc.umount2, os.fsencode(self.settings.scratch), 2)
        else:
            remove_tree(self.settings.scratch)
        self.make()


def ready(rpm: Rpm, settings: Settings, memory: mmap.mmap, out: int, count: int, macros: bytes) -> "list[Parser]":
    """So many parsers that wait for a task, with these macros."""
    path = os.path.join(settings.root, macro_file(EXPECTED))
    os.makedirs(os.path.dirname(path))
    write_file(path, macros)
    rpm.share(rpm.architecture, EXPECTED, settings)
    return [Parser(rpm, settings, memory, out, count) for _ in range(count)]


def lay_out(settings: Settings, files: "list[tuple[str, int, bytes]]") -> None:
    """Write the files of a job; the sandbox can only be read from then on."""
    os.makedirs(os.path.join(settings.root, "SOURCES"), exist_ok=True)
    for name, mode, content in files:
        path = os.path.join(settings.root, os.fsdecode(bytes.fromhex(name)))
        os.makedirs(os.path.dirname(path), exist_ok=True)
        write_file(path, content, mode)
    if settings.sandboxed:
        call(libc.mount, None, os.fsencode(settings.root), None, ctypes.c_ulong(MS_REMOUNT | MS_BIND | MS_RDONLY), None)


def supervise(
    rpm: Rpm, settings: Settings, expected: int, macros: bytes, stream: "BinaryIO", queue: int, out: int
) -> None:
    """Wait for a job, do its tasks that come from the queue, each in a parser of its own, and send the answers.

    For so many expected tasks there are parsers before, which have these macros.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    # So that a parser can close all that it is not to have.
    resource.setrlimit(
        resource.RLIMIT_NOFILE, (MOST_FILES if soft == resource.RLIM_INFINITY else min(soft, MOST_FILES), hard)
    )
    furnish(settings)
    scratch = Scratch(settings)
    memory = mmap.mmap(-1, settings.result)
    waiting = ready(rpm, settings, memory, out, expected, macros) if expected else []
    if expected:
        send(out, READY)
    line = stream.readline()
    if not line:  # nobody needs us
        return
    job = loads(line.decode())
    lay_out(settings, [(name, mode, stream.read(size)) for name, mode, size in job["files"]])
    stream.close()
    first = job["tasks"][0]
    while waiting and first["shared"] != rpm.shared:
        waiting.pop().discard()
    rpm.share(first["architecture"], first["shared"], settings)  # mostly that of all, so that no parser need do it
    for numbers in taken(queue, job["size"], len(job["tasks"])):
        verdict = ""
        for number in numbers:
            if verdict == "time":  # what is endless on one target is so on most, and a person waits
                answer(out, number, "earlier")
                continue
            scratch.renew()
            parser = waiting.pop() if waiting else Parser(rpm, settings, memory, out)
            parser.give(job["tasks"][number])
            verdict = parser.watch(waiting)
            parser.stop(waiting)
            if verdict == "unwanted":
                return
            result = parser.result() if verdict == "ok" else b""
            if b"\n" in result:
                verdict, result = "broken", b""
            answer(out, number, verdict, bytes(parser.log[: settings.output]), result)
        if verdict == "time":  # the parts that had no such target go on
            return


def answer(out: int, number: int, ended: str, log: bytes = b"", result: bytes = b"") -> None:
    """Say how a task ended."""
    head = {"task": number, "ended": ended, "log": len(log), "result": len(result)}
    send(out, dumps(head).encode() + b"\n" + log + result + b"\n")


def taken(queue: int, size: int, count: int) -> "Iterator[range]":
    """The numbers of the tasks that nobody else takes, share by share."""
    while True:
        data = os.read(queue, NUMBER)
        share = int.from_bytes(data, "little")
        if not data or share == NO_MORE:
            return
        yield range(share * size, min((share + 1) * size, count))


def send(descriptor: int, data: bytes) -> None:
    """Write all of it."""
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


class Part:
    """A process that the zygote forked into namespaces of its own, ready to do tasks of one job.

    For so many `expected` tasks its parsers are made, with these macros. `ours` are descriptors that the zygote alone
    is to keep.
    """

    def __init__(
        self, rpm: Rpm, settings: Settings, expected: int, macros: bytes, queue: int, ours: "list[int]"
    ) -> None:
        job, self.job = os.pipe()
        self.answers, answers = os.pipe()
        try:  # so that a part need not stop while an answer of another one is handed on
            fcntl.fcntl(answers, F_SETPIPE_SZ, ANSWERS)
        except OSError:
            pass  # the user has too many pipes
        self.errors, errors = os.pipe()
        self.buffer = bytearray()
        self.late = False  # whether a task ran out of time, after which it takes no other
        self.pid = os.fork()
        if self.pid == 0:
            for descriptor in [*ours, *self.ends]:
                os.close(descriptor)
            try:
                if settings.sandboxed:
                    enter_namespaces()
                    inner = os.fork()
                    if inner:
                        os._exit(0 if os.waitpid(inner, 0)[1] == 0 else 1)
                supervise(rpm, settings, expected, macros, open(job, "rb"), queue, answers)
                os._exit(0)
            except SandboxError as error:
                os.write(errors, b"sandbox: " + str(error).encode("utf-8", "replace")[:4000])
            except BaseException as error:
                message = "%s: %s" % (type(error).__name__, error)
                os.write(errors, message.encode("utf-8", "replace")[:4000])
            finally:
                os._exit(1)
        for descriptor in (job, answers, errors):
            os.close(descriptor)
        if expected:  # one after the other, since the client needs a processor, too
            os.read(self.answers, len(READY))

    @property
    def ends(self) -> "list[int]":
        """The zygote's ends of the pipes."""
        return [self.job, self.answers, self.errors]

    def give(self, job: "Any", payload: "list[bytes]") -> None:
        """Let it take part in a job."""
        try:
            send(self.job, b"".join([dumps(job).encode(), b"\n", *payload]))
        except BrokenPipeError:
            pass  # `end` tells why

    def relay(self, out: int) -> bool:
        """Read once of its answers, and hand on those that are whole; whether there may be more."""
        data = os.read(self.answers, ANSWERS)
        self.buffer += data
        while b"\n" in self.buffer:
            first = self.buffer.index(b"\n") + 1
            head = loads(self.buffer[:first].decode())
            end = first + head["log"] + head["result"] + 1
            if len(self.buffer) < end:
                break
            send(out, bytes(self.buffer[:end]))
            self.late = self.late or head["ended"] == "time"
            del self.buffer[:end]
        return bool(data)

    def end(self) -> str:
        """Wait for its end without listening; returns what it said of it."""
        os.close(self.job)
        os.close(self.answers)
        os.waitpid(self.pid, 0)
        message = os.read(self.errors, 4096).decode("utf-8", "replace")
        os.close(self.errors)
        return message


class Crew:
    """The parts that do jobs. Those for the first job are made ahead, while its package is still being rendered."""

    def __init__(self, rpm: Rpm, settings: Settings, macros: bytes, out: int) -> None:
        self.rpm, self.settings, self.out = rpm, settings, out
        self.parts: "list[Part]" = []
        self.taking, self.giving = os.pipe()  # the shares of a job that nobody has taken
        expected = min(MOST_WAITING, -(-settings.expected // settings.parts)) if settings.sandboxed else 0
        self.hire(settings.parts, expected, macros)

    def hire(self, wanted: int, expected: int = 0, macros: bytes = b"") -> None:
        """Have at least so many parts."""
        while len(self.parts) < wanted:
            ours = [self.out, self.giving] + [end for part in self.parts for end in part.ends]
            self.parts.append(Part(self.rpm, self.settings, expected, macros, self.taking, ours))

    def do(self, tasks: "list[Any]", files: "list[tuple[str, int, bytes]]") -> str:
        """Do the tasks of a job; returns how that went wrong, or nothing. Answers come as they are there."""
        size = len(tasks) // MOST_SHARES + 1
        shares = [*range(-(-len(tasks) // size))]
        wanted = min(self.settings.parts, len(shares))
        self.hire(wanted)
        parts, self.parts = self.parts[:wanted], self.parts[wanted:]
        send(self.giving, b"".join(share.to_bytes(NUMBER, "little") for share in shares + [NO_MORE] * wanted))
        job = {"tasks": tasks, "size": size, "files": [(name, mode, len(content)) for name, mode, content in files]}
        for part in parts:
            part.give(job, [content for _, _, content in files])
        self.listen({part.answers: part for part in parts})
        problems = [part.end() for part in parts]
        left = b""
        while select.select([self.taking], [], [], 0)[0]:
            left += os.read(self.taking, MOST_SHARES * NUMBER)
        if any(part.late for part in parts):  # else they died, and the client asks again
            shares = [int.from_bytes(left[at : at + NUMBER], "little") for at in range(0, len(left), NUMBER)]
            for number in [number for share in shares for number in range(share * size, (share + 1) * size)]:
                if number < len(tasks):
                    answer(self.out, number, "earlier")
        return next(filter(None, problems), "")

    def listen(self, parts: "dict[int, Part]") -> None:
        """Hand on the answers of parts, by descriptor, until all have ended or nobody wants them."""
        poller = select.poll()
        poller.register(self.out, 0)  # tells when nobody reads there any more
        for answers in parts:
            poller.register(answers, select.POLLIN)
        left = len(parts)
        while left:
            for descriptor, _ in poller.poll():
                if descriptor == self.out:
                    return
                if not parts[descriptor].relay(self.out):
                    poller.unregister(descriptor)
                    left -= 1


def receive(stream: "BinaryIO", announced: "list[tuple[str, int]]") -> "dict[str, bytes]":
    """Payloads by the names that announced them."""
    return {name: stream.read(size) for name, size in announced}


def main(stream: "BinaryIO") -> int:
    """Serve jobs until the client hangs up."""
    out = os.dup(1)
    null = os.open("/dev/null", os.O_WRONLY)
    os.dup2(null, 1)
    gc.disable()  # a collection would touch, and so copy, most of the memory that the processes share
    fields = loads(stream.readline().decode())
    settings, targets = Settings(fields), receive(stream, fields["targets"])
    expected = shared_start(list(targets.values()))
    os.umask(0o022)
    libc.signal(SIGINT, SIG_IGN)  # Python's handler would let a spec interrupt its supervisor
    libc.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
    try:
        rpm = Rpm()
    except ImportError as error:
        send(out, dumps({"error": str(error), "missing": True}).encode() + b"\n")
        return 1
    except (AttributeError, ValueError, RuntimeError) as error:
        send(out, dumps({"error": str(error), "missing": False}).encode() + b"\n")
        return 1
    python = "%d.%d" % sys.version_info[:2]
    send(out, dumps({"rpm": str(rpm.rpm.__version__), "python": python}).encode() + b"\n")
    crew = Crew(rpm, settings, expected, out)
    while True:
        line = stream.readline()
        if not line:
            return 0
        job = loads(line.decode())
        targets.update(receive(stream, job["targets"]))
        files = [(name, mode, stream.read(size)) for name, mode, size in job["files"]]
        wanted = sorted({task["target"] for task in job["tasks"]})
        texts = [targets[name] for name in wanted]
        shared, start = EXPECTED, expected
        if not start or not all(text.startswith(start) for text in texts):
            shared, start = SHARED, shared_start(texts)
        expected = b""  # what follows finds nothing made ready for it
        macros = [(shared, start)] + [(name, text[len(start) :]) for name, text in zip(wanted, texts)]  # noqa: B905  not in 3.6
        files += [(macro_file(name).encode().hex(), 0o644, content) for name, content in macros]
        for task in job["tasks"]:
            task["shared"] = shared
        problem = crew.do(job["tasks"], files)
        send(out, dumps({"done": True, "problem": problem}).encode() + b"\n")


if __name__ == "__main__":
    sys.exit(main(open(0, "rb", closefd=False)))
