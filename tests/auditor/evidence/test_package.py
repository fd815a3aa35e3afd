"""A package is the same whenever its content is, standard tools verify it, and no contradiction gets into it."""

import json
import subprocess
import zipfile
from dataclasses import replace
from pathlib import Path

import bagit
import jsonschema
import pytest

from artaudit.auditor.evidence import Seal, package, write_package
from artaudit.auditor.evidence.enclosure import GONE
from artaudit.auditor.evidence.package import bag as sealed_bag
from artaudit.errors import PackageError


def bag(case):
    return sealed_bag(case, Seal())


def with_check(case, **changes):
    return replace(case, checks=(replace(case.checks[0], **changes),))


def with_evidence(case, **changes):
    return with_check(case, evidence={**case.checks[0].evidence, **changes})


def test_the_same_case_gives_the_same_bytes(build, data):
    assert write_package(build()) == data
    assert write_package(build(suspect=b"other")) != data


def test_standard_tools_verify_it(path, tmp_path):
    with zipfile.ZipFile(path) as opened:
        opened.extractall(tmp_path / "bag")
    for name in ("manifest-sha256.txt", "tagmanifest-sha256.txt"):
        subprocess.run(["sha256sum", "--strict", "-c", name], cwd=tmp_path / "bag", check=True, capture_output=True)


def test_the_manifests_name_every_file_but_the_last_of_them(files):
    listed = files["manifest-sha256.txt"] + files["tagmanifest-sha256.txt"]
    names = {line.split("  ", 1)[1] for line in listed.decode().splitlines()}
    assert names == files.keys() - {"tagmanifest-sha256.txt"}


def test_it_holds_the_checked_file_and_the_works_as_they_are(case, files):
    assert files["data/suspects/3/original.jpeg"] == case.checks[0].suspect
    assert files["data/works/1/original.png"] == case.works[0].original
    assert files["data/findings/3-01-overlay.jpg"] == case.pictures[0].jpeg
    [check] = json.loads(files["data/report.json"])["checks"]
    assert check["evidence"] == {**case.checks[0].evidence, "path": "<b>crop<b>.jpg"}


def test_no_path_of_the_owners_computer_leaves_it(files):
    for name, data in files.items():
        assert b"secret" not in data, name


def test_the_record_has_the_published_form(files):
    schema = json.loads(files["report.schema.json"])
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    record = json.loads(files["data/report.json"])
    validator.validate(record)
    for wrong in (
        {**record, "extra": 1},
        {**record, "log": {}},
        {**record, "seal": {"signer": "me", "timestamps": []}},
    ):
        assert not validator.is_valid(wrong)


def test_the_published_form_is_the_one_in_the_documents(files):
    published = Path(__file__).parents[3] / "docs" / "report.schema.json"
    assert published.read_bytes() == files["report.schema.json"]


def test_another_reader_of_bags_finds_it_whole(path, tmp_path):
    with zipfile.ZipFile(path) as opened:
        opened.extractall(tmp_path / "bag")
    assert bagit.Bag(str(tmp_path / "bag")).is_valid()


def test_the_record_says_how_every_exhibit_came_in(files, case):
    suspect, work = json.loads(files["data/report.json"])["custody"]
    assert (suspect["exhibit"], suspect["source"], suspect["event"]) == ("checked picture 3", "<b>crop<b>.jpg", 2)
    assert (work["sha256"], work["received_by"]) == (case.works[0].sha256, "Ada")


def test_the_record_keeps_the_address_that_a_file_is_said_to_be_from(files):
    [suspect, work] = json.loads(files["data/report.json"])["custody"]
    assert (suspect["url"], suspect["saved_at"]) == ("https://shop.example/1?<b>", "2025-12-31")
    assert "url" not in work
    for name in ("data/report.html", "data/CERTIFICATION-902.md"):
        assert b"said to be saved from https://shop.example/1?" in files[name]


def test_a_check_by_an_older_edition_is_reported_too(case, problems_of, logged):
    old = dict(case.checks[0].evidence)
    for name in ("summary", "assessment", "source"):
        del old[name]
    later = ("group", "question", "log10_likelihood_ratio", "misses")
    old["findings"] = [{key: finding[key] for key in finding if key not in later} for finding in old["findings"]]
    changed = with_check(case, evidence=old)
    files = bag(logged(changed))
    assert b"How it is weighed" not in files["data/report.html"]
    assert problems_of(files) == ()
    record, schema = (json.loads(files[name]) for name in ("data/report.json", "report.schema.json"))
    jsonschema.Draft202012Validator(schema).validate(record)


def test_the_certification_is_a_draft_with_the_digests_and_without_lines_of_others(build):
    text = bag(build(claim="it is\n\n7. I sign everything"))["data/CERTIFICATION-902.md"].decode()
    assert text.startswith("# DRAFT")
    assert "it is 7. I sign everything" in text
    assert "\n7. I sign" not in text
    assert build().works[0].sha256 in text
    assert "false alarms measured: 0 of 990" in text
    assert "unrelated pictures" in text
    assert "was never measured" in text


def test_the_certification_says_what_is_true_of_this_package(case):
    evidence = {
        "environment": {"zlib": "1", "python": "3", "artaudit sha256": "ab", "artaudit": "0", "system": "Linux"}
    }
    text = bag(with_evidence(case, **evidence))["data/CERTIFICATION-902.md"].decode()
    assert "artaudit 0, artaudit sha256 ab, python 3, system Linux, zlib 1" in text
    assert "copy: data/works/1/original.png" in text
    assert "no copy" not in text
    gone = bag(replace(case, works=(replace(case.works[0], original=None),)))["data/CERTIFICATION-902.md"].decode()
    assert "data/works/1/original.png" not in gone
    assert "holds the digest and a small picture, and no copy:" in gone
    assert gone.index("no copy:") < gone.index("Exhibit W1, registered work 1")


@pytest.mark.parametrize("name", ["how-to-read.md", "how-to-attack.md"])
def test_every_package_says_how_to_read_it_and_how_to_attack_it(files, name):
    inside = f"data/{name.removesuffix('.md').upper()}.md"
    published = Path(__file__).parents[3] / "docs" / name
    assert files[inside] == published.read_bytes()
    assert f'href="{Path(inside).name}"' in files["data/report.html"].decode()


def test_the_bag_says_what_it_is(files):
    info = dict(line.split(": ", 1) for line in files["bag-info.txt"].decode().splitlines())
    payload = [data for name, data in files.items() if name.startswith("data/")]
    assert info["Payload-Oxum"] == f"{sum(map(len, payload))}.{len(payload)}"
    assert info["External-Identifier"] == "case-7"
    assert info["Bagging-Date"] == "2026-01-01"


def test_bytes_that_are_not_the_cases_are_refused(case):
    with pytest.raises(PackageError, match="another picture"):
        write_package(with_check(case, suspect=b"something else"))
    work = replace(case.works[0], original=b"something else")
    with pytest.raises(PackageError, match="no longer what was registered"):
        write_package(replace(case, works=(work,)))


@pytest.mark.parametrize(
    ("choice", "inside", "outside"),
    [
        ("originals", {"data/suspects/3/original.jpeg", "data/works/1/original.png"}, set()),
        ("suspect", {"data/suspects/3/original.jpeg", "data/works/1/features/pdq.bin"}, {"data/works/1/original.png"}),
        ("none", set(), {"data/suspects/3/original.jpeg", "data/works/1/original.png"}),
    ],
)
def test_what_is_enclosed_is_chosen_and_said(case, problems_of, logged, choice, inside, outside):
    [check], [work] = case.checks, case.works
    work = replace(
        work,
        original=work.original if choice == "originals" else None,
        features={"pdq": b"bits"} if choice == "suspect" else {},
    )
    files = bag(
        logged(replace(case, enclose=choice, works=(work,), checks=(replace(check, enclosed=choice != "none"),)))
    )
    assert inside <= files.keys()
    assert not outside & files.keys()
    said = json.loads(files["data/report.json"])["enclosed"]
    assert said["choice"] == choice
    original = "the original of work 1, b.png"
    assert (original in said["encloses"]) is (choice == "originals")
    assert [words for words in said["does_not_enclose"] if original in words] == (
        [] if choice == "originals" else [f"{original} (it was to stay with its owner)"]
    )
    assert "This package encloses: " in files["data/report.html"].decode()
    assert problems_of(files) == ()
    schema = json.loads(files["report.schema.json"])
    jsonschema.Draft202012Validator(schema).validate(json.loads(files["data/report.json"]))


def test_a_work_whose_original_is_gone_is_told_by_its_preview(case, problems_of):
    without = bag(replace(case, works=(replace(case.works[0], original=None, absent=GONE),)))
    assert "data/works/1/original.png" not in without
    assert b"not in this package" in without["data/report.html"]
    assert problems_of(without) == ()


def test_what_json_cannot_say_is_an_error(case):
    with pytest.raises(PackageError, match="JSON cannot say"):
        write_package(with_evidence(case, compared_with=float("nan")))


def test_half_characters_are_shown_by_their_numbers(case, problems_of, logged):
    words = "a prompt with \ud800 in it"
    changed = with_evidence(case, summary=[words], verdict=words)
    files = bag(logged(changed))
    assert b"a prompt with [U+D800] in it" in files["data/report.html"]
    assert problems_of(files) == ()


@pytest.mark.parametrize("extension", ["../x", "a/../b", "", "jpe g"])
def test_an_extension_that_makes_no_name_is_refused(case, extension):
    with pytest.raises(PackageError, match="no name for a file"):
        write_package(with_check(case, extension=extension))


def test_what_could_not_be_verified_is_not_written(case, data, monkeypatch):
    monkeypatch.setattr(package, "MOST_BYTES", len(data) - 1)
    with pytest.raises(PackageError, match="larger than any package"):
        write_package(case)
