import json
import re
from pathlib import PurePosixPath
from typing import Any

import pytest

from generator.check.finding import Finding
from generator.check.report import Report, rendered
from generator.check.report.table import draw, what_holds
from generator.check.report.text import summarised
from generator.condition import Macro
from generator.origin import Edit, Origin
from generator.sources import Expectation
from tests.check.made import package, reading, requires, sources, view

TARGETS = (
    "leap15.6",
    "leap16.0",
    "sle12",
    "sle12sp5",
    "sle15",
    "sle15sp6",
    "sle15sp7",
    "slfo-main",
    "slfo1.2",
    "tumbleweed",
)
YAML = PurePosixPath("specs/docker/package.yaml")
FINDINGS = (
    Finding(
        "dependency-unreadable",
        "error",
        "(apparmor-parser or container-selinux) cannot be read by rpm 4.11.2",
        "docker.spec",
        3,
        Origin(YAML, 45),
        (Origin(YAML, 9),),
        frozenset({"sle12", "sle12sp5"}),
        "put it under a condition",
        (Edit(Origin(YAML, 45), 1, ("a", "b")),),
    ),
    Finding("source-external", "note", "a.tar.xz is not here", "docker.spec", 4),
    Finding("header-copyright", "error", "docker.spec does not appear to contain a Copyright comment", "other.spec", 1),
)


@pytest.fixture(scope="module")
def report() -> Report:
    made = []
    for name in TARGETS:
        packages = [package(dependencies=requires("a", *["b"] * (name != "sle12")))]
        if "s" not in name[0]:
            packages.append(package("docker-buildx"))
        made.append(reading(name, *packages, states={"buildx": "s" not in name[0]}))
    expected = (
        Expectation("docker-buildx", present=True, on=Macro("is_opensuse"), because="bsc#1233819"),
        Expectation("docker-cli", present=True),
        Expectation("docker-cli", present=False),
    )
    return Report("docker", view(*made, of=sources(expectations=expected)), FINDINGS)


def test_text_names_file_line_what_where_why_and_what_to_do(report: Report) -> None:
    text = rendered([report], table=False)
    assert text.startswith(
        "docker.spec\n  3: error: (apparmor-parser or container-selinux) cannot be read by rpm 4.11.2\n"
    )
    for part in (
        "written in specs/docker/package.yaml:45; macros from",
        "specs/docker/package.yaml:9; on sle12, sle12sp5",
        "why: An older rpm",
        "do: put it under a condition",
        "\n\nother.spec\n  1: error:",
        "docker: 2 errors, 1 note (all 10 targets)\n",
    ):
        assert part in text


def test_text_fits_80_columns_and_is_plain_unless_colour_is_asked_for(report: Report) -> None:
    text = rendered([report])
    assert max(map(len, text.splitlines())) <= 80
    assert "\x1b" not in text
    assert text == "\n".join(line.rstrip() for line in text.split("\n"))
    coloured = rendered([report], colour=True)
    assert "\x1b[" in coloured
    assert re.sub(r"\x1b\[[\d;]*m", "", coloured) == text


def test_nothing_found_is_said(report: Report) -> None:
    assert rendered([report._replace(findings=())], table=False) == "docker: nothing to say (all 10 targets)\n"


@pytest.mark.parametrize(
    ("named", "words"),
    [
        ((), "all 10 targets"),
        (TARGETS, "all 10 targets"),
        (TARGETS[1:], "all 10 targets but leap15.6"),
        (("sle15", "sle12"), "sle12, sle15"),
    ],
)
def test_targets_are_told_shortly(named: tuple[str, ...], words: str) -> None:
    assert summarised(named, TARGETS) == words


def test_what_holds_where(report: Report) -> None:
    rows = {(row.kind, row.label): dict(zip(TARGETS, row.marks, strict=True)) for row in what_holds(report, TARGETS)}
    assert set(rows["reads", "docker.spec"].values()) == {"yes"}
    assert rows["package", "docker-buildx"]["sle15"] == "-"
    assert rows["package", "docker-buildx"]["tumbleweed"] == "yes"
    assert rows["feature", "buildx"]["sle15"] == "-"
    assert rows["depends", "docker requires b"]["sle12"] == "-"
    assert ("depends", "docker requires a") not in rows  # it holds everywhere
    assert set(rows["expects", "docker-buildx is there (bsc#1233819)"].values()) == {""}  # nobody is openSUSE here
    assert set(rows["expects", "docker-cli is there"].values()) == {"NO"}
    assert set(rows["expects", "docker-cli is absent"].values()) == {"yes"}
    assert rows["found", "dependency-unreadable"]["sle12"] == "1"
    assert rows["found", "dependency-unreadable"]["sle15"] == "-"
    assert ("found", "source-external") not in rows


def test_the_table_names_each_target_above_its_column(report: Report) -> None:
    lines = list(draw(what_holds(report, TARGETS), TARGETS, 80))
    heads = lines[: len(TARGETS)]
    assert [line.removeprefix("what holds where").split()[0] for line in heads] == list(reversed(TARGETS))
    row = next(line for line in lines if "docker-buildx " in line and "expects" not in line)
    for target, head in zip(reversed(TARGETS), heads, strict=True):
        end = head.index(target) + len(target) - 1
        assert row[end] == ("-" if target.startswith("s") else "+"), target


def test_more_targets_than_fit_make_a_second_table(report: Report) -> None:
    many = [f"target{number}" for number in range(23)]
    lines = list(draw((), many, 80))
    assert max(map(len, lines)) <= 80
    assert all(any(name in line for line in lines) for name in many)


def test_json_tells_all(report: Report) -> None:
    (told,) = json.loads(rendered([report], "json"))["packages"]
    assert told["counts"] == {"error": 2, "warning": 0, "note": 1}
    first = told["findings"][0]
    assert first["origin"] == {"file": str(YAML), "line": 45}
    assert first["related"] == [{"file": str(YAML), "line": 9}]
    assert first["targets"] == ["sle12", "sle12sp5"]
    assert first["repair"] == [{"origin": {"file": str(YAML), "line": 45}, "remove": 1, "insert": ["a", "b"]}]
    assert told["findings"][1]["targets"] == list(TARGETS)
    assert {"kind": "package", "fact": "docker", "targets": dict.fromkeys(TARGETS, "yes")} in told["holds"]


def test_sarif_has_the_structure_of_2_1_0(report: Report) -> None:
    """The published schema is not among our packages; its required properties and value sets are checked by hand."""
    document = json.loads(rendered([report], "sarif"))
    assert document["version"] == "2.1.0"
    (run,) = document["runs"]
    driver = run["tool"]["driver"]
    assert driver["name"] == "specgen"
    ids = [rule["id"] for rule in driver["rules"]]
    assert len(ids) == len(set(ids))
    for rule in driver["rules"]:
        assert rule["defaultConfiguration"]["level"] in ("error", "warning", "note")
        assert rule["shortDescription"]["text"]
    assert len(run["results"]) == len(FINDINGS)
    for result in run["results"]:
        assert result["message"]["text"]
        assert ids[result["ruleIndex"]] == result["ruleId"]
        assert result["level"] in ("error", "warning", "note")
        for place in [*result["locations"], *result.get("relatedLocations", [])]:
            _physical(place)
    result = run["results"][0]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == str(YAML)
    assert result["relatedLocations"][0]["message"]["text"] == "rendered here"


def _physical(place: dict[str, Any]) -> None:
    physical = place["physicalLocation"]
    assert re.fullmatch(r"[\w./%~-]+", physical["artifactLocation"]["uri"])
    assert physical["region"]["startLine"] >= 1
