"""Every change to a package is found and named, and no package, however broken, does harm."""

import json
import os
import stat
import tempfile
import warnings
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from artaudit.auditor.evidence import container, verify_package
from artaudit.auditor.evidence.casefile import sha256
from artaudit.auditor.evidence.package import pack
from artaudit.auditor.registry.hash_chain import canonical
from artaudit.errors import PackageError

REPORT, PAGE, SUSPECT = "data/report.json", "data/report.html", "data/suspects/3/original.jpeg"
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


def survives(data: bytes) -> bool:
    """Whether these bytes verify as a package that is as it was written."""
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "case.zip"
        target.write_bytes(data)
        try:
            result = verify_package(target)
        except PackageError:
            return False
    return result.ok and not result.remarks


def test_an_untouched_package_is_intact_and_says_what_it_is_about(path, case):
    result = verify_package(path)
    assert result.ok, result.problems
    assert result.checked == 17
    assert result.summary["case"] == 7
    assert [check["suspect_sha256"] for check in result.summary["checks"]] == [sha256(case.checks[0].suspect)]
    assert result.summary["works_sha256"] == {"1": case.works[0].sha256}
    assert "compared" in result.summary["page"]


@settings(max_examples=200, deadline=None)
@given(draw=st.data())
def test_any_changed_byte_is_found(data, draw):
    broken = bytearray(data)
    broken[draw.draw(st.integers(0, len(data) - 1))] ^= draw.draw(st.integers(1, 255))
    assert not survives(bytes(broken))


@settings(max_examples=60, deadline=None)
@given(draw=st.data(), added=st.binary(max_size=20), removed=st.integers(0, 20))
def test_anything_added_or_removed_is_found(data, draw, added, removed):
    place = draw.draw(st.integers(0, len(data)))
    changed = data[:place] + added + data[place + removed :]
    assert survives(changed) == (changed == data)


def test_what_broke_is_named(files, problems_of):
    for name, words in (
        (SUSPECT, f"{SUSPECT} was changed"),
        ("data/extra.txt", "data/extra.txt is in no manifest"),
        ("extra.txt", "extra.txt is in no manifest"),
    ):
        assert any(words in problem for problem in problems_of({**files, name: b"something else"}))
    for gone in files:
        problems = problems_of({name: data for name, data in files.items() if name != gone})
        assert any(problem.startswith(f"{gone} is missing") for problem in problems), gone


def test_a_manifest_with_lines_that_do_not_belong_is_found(files, problems_of, redone):
    lines = files["manifest-sha256.txt"]
    for more in (b"words\n", lines.splitlines(keepends=True)[0], b"0" * 64 + b"  bagit.txt\n"):
        changed = {**files, "manifest-sha256.txt": lines + more}
        changed["tagmanifest-sha256.txt"] = redone(changed)["tagmanifest-sha256.txt"]
        assert any("manifest-sha256.txt" in problem for problem in problems_of(changed))


def test_redone_manifests_do_not_hide_another_suspect(files, problems_of, redone):
    problems = problems_of(redone({**files, SUSPECT: b"something else"}))
    assert f"{SUSPECT} is not the file that {REPORT} names" in problems


def test_redone_manifests_do_not_hide_an_added_file(files, problems_of, redone):
    problems = problems_of(redone({**files, "data/works/1/note.txt": b"trust me"}))
    assert problems == (f"data/works/1/note.txt is not named by {REPORT}",)


def test_redone_manifests_do_not_hide_a_reworded_page(files, problems_of, redone):
    reworded = files[PAGE].replace(b"it shows 40%", b"it shows 99%")
    assert reworded != files[PAGE]
    problems = problems_of(redone({**files, PAGE: reworded}))
    assert problems == (f"{PAGE} was not made from {REPORT}: do not rely on what it says",)


def findings(record: dict) -> list[dict]:
    return record["checks"][0]["evidence"]["findings"]


def forged(files: dict[str, bytes], change) -> dict[str, bytes]:
    record = json.loads(files[REPORT])
    change(record)
    return {**files, REPORT: canonical(record).encode()}


def test_redone_manifests_do_not_hide_a_reworded_record(files, problems_of, redone):
    problems = problems_of(
        redone(forged(files, lambda record: record["checks"][0]["evidence"].update(verdict="nothing")))
    )
    assert any(f"{PAGE} was not made from {REPORT}" in problem for problem in problems)


def test_redone_digests_do_not_hide_another_original(files, problems_of, redone):
    another = b"another work"

    def change(record):
        record["works"][0]["files"][1]["sha256"] = sha256(another)

    problems = problems_of(redone(forged({**files, "data/works/1/original.png": another}, change)))
    assert any("names another file as the original of work 1" in problem for problem in problems)


def test_a_changed_event_is_found(files, problems_of, redone):
    problems = problems_of(redone(forged(files, lambda record: record["log"]["events"][0].update(at="1999-01-01"))))
    assert f"event 1 in {REPORT} was changed after it was written" in problems


def test_a_root_or_a_proof_that_does_not_fit_is_found(files, problems_of, redone):
    problem = f"event 1 in {REPORT} is not in the log whose root it names"
    assert problem in problems_of(redone(forged(files, lambda record: record["log"].update(root="0" * 64))))
    assert problem in problems_of(redone(forged(files, lambda record: record["log"]["events"][0].update(proof=[]))))


def test_custody_that_the_log_does_not_say_is_found(files, problems_of, redone):
    problems = problems_of(redone(forged(files, lambda record: record["custody"][0].update(received_at="1999-01-01"))))
    assert f"the custody of checked picture 3 in {REPORT} is not what the log says" in problems


@pytest.mark.parametrize("name", ["VERIFY.txt", "data/CERTIFICATION-902.md"])
def test_redone_manifests_do_not_hide_a_reworded_text(files, problems_of, redone, name):
    problems = problems_of(redone({**files, name: files[name] + b"trust me\n"}))
    assert f"{name} was not made from {REPORT}: do not rely on what it says" in problems


def test_a_finding_about_an_absent_work_is_found(files, problems_of, redone):
    problems = problems_of(redone(forged(files, lambda record: findings(record)[1].update(work=9))))
    assert f"{REPORT} refers to work 9, which is not in the package" in problems


def test_a_verdict_that_does_not_follow_from_the_findings_is_found(files, problems_of, redone):
    problem = f"what check 3 in {REPORT} is said to come to does not follow from its findings"

    def change(record):
        record["checks"][0]["evidence"]["assessment"].update(origin="machine-made", basis="signed")

    assert problem in problems_of(redone(forged(files, change)))
    assert problem in problems_of(redone(forged(files, lambda record: findings(record)[0].update(holds=False))))


@pytest.mark.parametrize("score", [10**400, "99", [], {"a": 1}])
def test_a_score_that_cannot_be_shown_is_found(files, problems_of, redone, score):
    problems = problems_of(redone(forged(files, lambda record: findings(record)[0].update(score=score))))
    assert any(f"{PAGE} was not made from {REPORT}" in problem for problem in problems)


def test_a_record_in_another_form_or_of_another_schema_is_found(files, problems_of, redone):
    spaced = {**files, REPORT: json.dumps(json.loads(files[REPORT])).encode()}
    assert any("canonical form" in problem for problem in problems_of(redone(spaced)))
    other = forged(files, lambda record: record.update(schema="artaudit-report/4"))
    assert any("another schema" in problem for problem in problems_of(redone(other)))


def test_a_page_of_another_edition_is_not_said_to_be_compared(files, redone, tmp_path):
    old = forged(files, lambda record: record.update(page="0" * 64))
    digests = sha256(files[REPORT]).encode(), sha256(old[REPORT]).encode()
    old[PAGE] = files[PAGE].replace(*digests)
    target = tmp_path / "old.zip"
    target.write_bytes(pack(redone(old)))
    result = verify_package(target)
    assert result.ok, result.problems
    assert "were not compared" in result.summary["page"]


def test_a_bag_that_says_something_else_is_found(files, problems_of):
    for name in ("bagit.txt", "bag-info.txt"):
        changed = {**files, name: files[name] + b"Contact-Name: nobody\n"}
        assert any(problem.startswith(name) for problem in problems_of(changed))


@settings(max_examples=150, deadline=None)
@given(draw=st.data(), value=JSON)
def test_no_record_however_wrong_is_more_than_a_problem(files, problems_of, redone, draw, value):
    record = json.loads(files[REPORT])
    holder, key = record, draw.draw(st.sampled_from(sorted(record)))
    while isinstance(holder[key], dict | list) and holder[key] and draw.draw(st.booleans()):
        holder = holder[key]
        key = draw.draw(st.sampled_from(sorted(holder) if isinstance(holder, dict) else range(len(holder))))
    before = json.dumps(holder[key])
    holder[key] = value
    changed = json.dumps(value) != before
    assert bool(problems_of(redone({**files, REPORT: json.dumps(record, sort_keys=True).encode()}))) >= changed


@pytest.mark.parametrize(
    "record", [b"", b"[]", b"{}", b"null", b"\xff", b"[" * 100_000, b'{"a":' * 50_000, b"9" * 9_999]
)
def test_what_is_no_record_is_named(files, problems_of, redone, record):
    assert f"{REPORT} is no readable record" in problems_of(redone({**files, REPORT: record}))


@pytest.mark.parametrize("name", ["../out.txt", "/etc/x", "data/../../x", "data\\x", "data/.hidden", "C:/x", "é"])
def test_names_that_lead_out_are_refused(path, name):
    with zipfile.ZipFile(path, "a") as package:
        package.writestr(name, b"")
    assert any("is no name that a package holds" in problem for problem in verify_package(path).problems)


def test_links_are_refused(path):
    entry = zipfile.ZipInfo("data/link")
    entry.create_system, entry.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(path, "a") as package:
        package.writestr(entry, b"/etc/passwd")
    assert any("data/link is a link" in problem for problem in verify_package(path).problems)


def test_what_unpacks_to_far_more_than_it_is_stays_unread(path):
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as package:
        package.writestr("data/bomb.bin", bytes(80 << 20))
    with pytest.raises(PackageError, match="unpacks to more than any package"):
        verify_package(path)


@pytest.mark.parametrize("name", ["bagit.txt", "BagIt.txt"])
def test_entries_that_repeat_a_name_are_refused(path, name):
    with warnings.catch_warnings(action="ignore"), zipfile.ZipFile(path, "a") as package:
        package.writestr(name, b"again")
    assert any(f"{name} stands in the package twice" in problem for problem in verify_package(path).problems)


@pytest.mark.parametrize("limit", ["MOST_FILES", "MOST_BYTES"])
def test_too_much_is_an_error_before_anything_is_read(path, monkeypatch, limit):
    monkeypatch.setattr(container, limit, 5)
    with pytest.raises(PackageError, match="any package"):
        verify_package(path)


@pytest.mark.parametrize("kept", [0, 1, 0.5, -30, -1])
def test_a_file_that_is_not_whole_is_an_error(tmp_path, data, kept):
    target = tmp_path / "case.zip"
    target.write_bytes(data[: int(len(data) * kept) if isinstance(kept, float) else kept])
    with pytest.raises(PackageError):
        verify_package(target)


def test_what_is_no_file_is_an_error(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "words.txt").write_bytes(b"words")
    for name in ("missing.zip", "pipe", "words.txt"):
        with pytest.raises(PackageError):
            verify_package(tmp_path / name)
