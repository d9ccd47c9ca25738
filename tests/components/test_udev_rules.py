"""udev rules: a file where udev looks for the rules of packages, and udev there when %post runs."""

from __future__ import annotations

import pytest

from generator.librpm import Librpm
from generator.reading import Dependency
from generator.targets import load
from tests.components.installed import installed
from tests.definition.folders import SMALLEST, problems, rendered, spec
from tests.proof.packages import PACKAGES, defined

TARGETS = [load(name) for name in ("sle12", "sle15", "tumbleweed")]
RULES = 'ACTION=="add", SUBSYSTEM=="block", ENV{DM_NAME}=="sample-%n", ENV{UDISKS_IGNORE}="1"\n'
FILES = {"80-sample.rules": RULES, "90-sample.rules": "# later\n"}
ONE = "udev-rules: {80-sample.rules: {source: 110, because: Desktops show no loop devices.}}\n"
PLACE = "/usr/lib/udev/rules.d"


def test_the_file_is_where_udev_reads_it(librpm: Librpm) -> None:
    sources = rendered(SMALLEST + ONE, FILES)
    for reading in librpm.read(sources, TARGETS).readings:
        (package,) = reading.packages
        assert package.files == (f"{PLACE}/80-sample.rules",)
        assert package.dependencies["requires"] == (Dependency("udev", ("post",)),)
        assert not package.scriptlets  # udev sees new files by itself
        assert (110, "80-sample.rules") in {(source.number, source.name) for source in reading.sources}
        assert installed(reading, sources)[f"{PLACE}/80-sample.rules"] == (RULES.encode(), 0o644)


def test_the_text_is_the_folder_s_own_or_a_template() -> None:
    assert rendered(SMALLEST + ONE, FILES).files["80-sample.rules"].text == RULES
    template = {"80-sample.rules.j2": 'KERNEL=="${{ name }}"\n'}
    assert rendered(SMALLEST + ONE, template).files["80-sample.rules"].text == 'KERNEL=="sample"\n'


def test_the_rendered_text() -> None:
    text = spec(SMALLEST + ONE, FILES)
    assert "# Desktops show no loop devices.\nSource110:      80-sample.rules\n" in text
    assert "Requires(post): udev\n" in text
    assert "install -D -m0644 %{SOURCE110} %{buildroot}%{_udevrulesdir}/80-sample.rules\n" in text
    assert "%files\n%{_udevrulesdir}/80-sample.rules\n" in text


def test_several_files_keep_their_order_and_ask_for_udev_once(librpm: Librpm) -> None:
    text = SMALLEST + "udev-rules: {90-sample.rules: , 80-sample.rules: {}}\n"
    assert spec(text, FILES).count("udev\n") == 1
    for reading in librpm.read(rendered(text, FILES), TARGETS).readings:
        assert reading.packages[0].files == (f"{PLACE}/90-sample.rules", f"{PLACE}/80-sample.rules")


def test_under_a_condition_nothing_of_it_is_there_where_it_does_not_hold(librpm: Librpm) -> None:
    sources = rendered(
        SMALLEST + "udev-rules: {80-sample.rules: {when: suse_version >= 1500}, 90-sample.rules: {package: sub}}\n"
        "packages: {sub: {summary: a, description: b}}\n",
        FILES,
    )
    for reading in librpm.read(sources, TARGETS).readings:
        main, sub = reading.packages
        held = reading.target != "sle12"
        assert main.files == ((f"{PLACE}/80-sample.rules",) if held else ())
        assert main.dependencies.get("requires", ()) == ((Dependency("udev", ("post",)),) if held else ())
        assert (f"{PLACE}/80-sample.rules" in installed(reading, sources)) == held
        assert sub.files == (f"{PLACE}/90-sample.rules",)
        assert sub.dependencies["requires"] == (Dependency("udev", ("post",)),)
        assert "80-sample.rules" in {source.name for source in reading.sources}  # in the source package all the same


@pytest.mark.parametrize("name", PACKAGES)
def test_both_flavours_have_the_rules_under_one_name(librpm: Librpm, name: str) -> None:
    for reading in librpm.read(defined(name).sources(), TARGETS).readings:
        main = reading.packages[0]
        assert [line for line in main.files if "udev" in line] == [f"{PLACE}/80-docker.rules"]
        assert Dependency("udev", ("post",)) in main.dependencies["requires"]


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("80-sample: {}", "the name of a rules file, NAME.rules"),
        ("rules.d/80-sample.rules: {}", "the name of a rules file, NAME.rules"),
        ("70-sample.rules: {}", "the source 70-sample.rules is nowhere"),
        ("80-sample.rules: {source: 100000}", "a whole number from 0 to 99999"),
        ("80-sample.rules: {file: x.rules}", "udev-rules.80-sample.rules has no key 'file'"),
        ("80-sample.rules: {package: sub}", "there is no package 'sub'"),
        ("80-sample.rules: {when: suse_version >}", "suse_version >"),
    ],
)
def test_errors(entry: str, said: str) -> None:
    ((line, message),) = problems(f"{SMALLEST}udev-rules:\n  {entry}\n", FILES)
    assert line == 10
    assert said in message
