"""Units: each of systemd's macros once for all units of a package, on every target, and the link of older systems."""

from __future__ import annotations

import re

import pytest

from generator.librpm import Librpm
from generator.targets import all_targets, load
from tests.components.installed import installed
from tests.definition.folders import SMALLEST, problems, rendered, spec
from tests.proof.packages import PACKAGES, defined

TARGETS = [load(name) for name in ("sle12", "sle15", "tumbleweed")]
SERVICE = "[Unit]\nDescription=Sample\n\n[Service]\nExecStart=/usr/bin/sample $OPTIONS\nSlice=%p.slice\n"
NAMES = ("sample.service", "sample.socket", "sample@.service", "own.timer")
FILES = dict.fromkeys(NAMES, SERVICE)
TWO = "units: {sample.service: {source: 100, rc: true, because: It serves.}, sample.socket: }\n"
CALLS = {
    "pre": "service_add_pre",
    "post": "service_add_post",
    "preun": "service_del_preun",
    "postun": "service_del_postun",
}
PLACE = "/usr/lib/systemd/system"


def calls(text: str) -> list[str]:
    """The macros that a scriptlet calls, with their arguments: profiles make each a command that says its name."""
    return re.findall(r"(?m)^: macro (service_.*)$", text)


def test_each_macro_is_called_once_on_every_target(librpm: Librpm) -> None:
    readings = librpm.read(rendered(SMALLEST + TWO, FILES), all_targets()).readings
    assert len(readings) >= 10
    for reading in readings:
        assert (reading.error, reading.log) == ("", ())
        (package,) = reading.packages
        assert set(package.scriptlets) == set(CALLS)
        for name, scriptlet in package.scriptlets.items():
            assert calls(scriptlet.text) == [f"{CALLS[name]} sample.service sample.socket"], reading.target
            assert "%" not in scriptlet.text  # a macro that the target does not know would stand there as it is
            assert scriptlet.interpreter == "/bin/sh"


def test_units_and_the_link_are_installed_and_listed(librpm: Librpm) -> None:
    sources = rendered(SMALLEST + TWO, FILES)
    for reading in librpm.read(sources, TARGETS).readings:
        (package,) = reading.packages
        assert package.files == (f"{PLACE}/sample.service", "/usr/sbin/rcsample", f"{PLACE}/sample.socket")
        made = installed(reading, sources)
        for name in ("sample.service", "sample.socket"):
            assert made[f"{PLACE}/{name}"] == (SERVICE.encode(), 0o644)
        assert made["/usr/sbin/rcsample"] == (b"service", 0o777)
        assert (100, "sample.service") in {(source.number, source.name) for source in reading.sources}


def test_the_rendered_text() -> None:
    text = spec(SMALLEST + TWO, FILES)
    assert "# It serves.\nSource100:      sample.service\nSource1000:     sample.socket\n" in text
    for section, macro in CALLS.items():
        assert f"\n%{section}\n%{macro} sample.service sample.socket\n\n" in text


def test_what_the_package_does_itself_stands_beside_the_macros() -> None:
    text = spec(SMALLEST + TWO, {**FILES, "post.sh": "mine\n", "post.last.sh": "at the end\n"})
    assert "\n%post\nmine\n\n%service_add_post sample.service sample.socket\n\nat the end\n" in text


@pytest.mark.parametrize(
    "name",
    ["a@.service", "a.b-c.socket", "a.timer", "a.path", "a.target", "srv-a.mount", "a.automount", "a.slice", "a.swap"],
)
def test_units_of_all_kinds(librpm: Librpm, name: str) -> None:
    sources = rendered(f"{SMALLEST}units: {{{name}: }}\n", {name: SERVICE})
    for reading in librpm.read(sources, TARGETS).readings:
        (package,) = reading.packages
        assert package.files == (f"{PLACE}/{name}",)
        assert calls(package.scriptlets["post"].text) == [f"service_add_post {name}"]


def test_a_unit_under_a_condition_has_a_call_of_its_own(librpm: Librpm) -> None:
    sources = rendered(
        SMALLEST + "features: {own: always}\n"
        "units: {sample.service: , own.timer: {when: with own}, sample@.service: {when: with own}}\n",
        FILES,
    )
    for reading in librpm.read(sources, TARGETS, [{"own": True}, {"own": False}]).readings:
        (package,) = reading.packages
        held = reading.features["own"]
        for name, macro in CALLS.items():
            expected = [f"{macro} sample.service", f"{macro} own.timer sample@.service"]
            assert calls(package.scriptlets[name].text) == expected[: 1 + held]
        for name in ("own.timer", "sample@.service"):
            assert (f"{PLACE}/{name}" in package.files) == (f"{PLACE}/{name}" in installed(reading, sources)) == held


def test_a_subpackage_has_scriptlets_of_its_own(librpm: Librpm) -> None:
    text = SMALLEST + (
        "packages: {sub: {summary: a, description: b}}\n"
        "units: {sample.service: {package: sub, rc: true}, sample.socket: , own.timer: {package: sub}}\n"
    )
    for reading in librpm.read(rendered(text, FILES), TARGETS).readings:
        main, sub = reading.packages
        for name, macro in CALLS.items():
            assert calls(main.scriptlets[name].text) == [f"{macro} sample.socket"]
            assert calls(sub.scriptlets[name].text) == [f"{macro} sample.service own.timer"]
        assert main.files == (f"{PLACE}/sample.socket",)
        assert sub.files == (f"{PLACE}/sample.service", "/usr/sbin/rcsample", f"{PLACE}/own.timer")


@pytest.mark.parametrize("name", PACKAGES)
def test_both_flavours_have_dockers_units(librpm: Librpm, name: str) -> None:
    for reading in librpm.read(defined(name).sources(), TARGETS).readings:
        main = reading.packages[0]
        for scriptlet, macro in CALLS.items():
            assert calls(main.scriptlets[scriptlet].text) == [f"{macro} docker.service docker.socket"]
        assert {f"{PLACE}/docker.service", f"{PLACE}/docker.socket", "/usr/sbin/rcdocker"} <= set(main.files)


@pytest.mark.parametrize(
    ("entry", "line", "said"),
    [
        ("sample: {}", 10, "the name of a systemd unit, such as docker.service"),
        ("sample.servce: {}", 10, "the name of a systemd unit, such as docker.service"),
        ("a b.service: {}", 10, "the name of a systemd unit, such as docker.service"),
        ("system/sample.service: {}", 10, "the name of a systemd unit, such as docker.service"),
        ("other.service: {}", 10, "the source other.service is nowhere"),
        ("sample.socket: {rc: true}", 10, "units.sample.socket: rc is for services (leave it out)"),
        ("sample.service: {rc: maybe}", 10, "rc"),
        ("sample.service:\n    sorce: 100", 11, "did you mean 'source'?"),
        ("sample.service: {package: sub}", 10, "there is no package 'sub' (known: none)"),
        (
            "sample.service: {source: 7}\n  sample.socket: {source: 7}",
            11,
            "source number 7 is already that of sample.service",
        ),
    ],
)
def test_errors(entry: str, line: int, said: str) -> None:
    ((at, message),) = problems(f"{SMALLEST}units:\n  {entry}\n", FILES)
    assert at == line
    assert said in message
