"""What the keeper of the rightful key leaves out of a package, puts into it, or says beside it, is found."""

import json

import pytest

from artaudit.auditor.evidence import Seal, verify_package
from artaudit.auditor.evidence.casefile import sha256
from artaudit.auditor.evidence.package import REPORT, bag, finished, manifest, pack, sealed
from artaudit.auditor.signing import keys

EARLIER = "2001-01-01T00:00:00+00:00"


def drop_picture(record, named):
    picture = record["pictures"].pop()
    del named[picture["files"][0]["file"]]


def add_file(name, data=b"invented"):
    def add(record, named):
        named[name] = data
        record["works"][0]["files"].append({"file": name, "sha256": sha256(data)})

    return add


def in_record(part, **changes):
    """Return what changes the part of a record at a path of names and places."""

    def change(record, _):
        found = record
        for name in part:
            found = found[name]
        found.update(changes)

    return change


RECORDS = {
    "a limit left out": (lambda record, _: record["limits"].pop(1), "states other limits"),
    "a limit added": (
        lambda record, _: record["limits"].insert(1, "A model was trained on it."),
        "states other limits",
    ),
    "a fault of clocks that is none": (
        lambda record, _: record["limits"].insert(-1, "The times of the log are not to be relied on: he lies."),
        "states other limits",
    ),
    "a key of one's own": (in_record((), said="more"), "holds 'said', which no record does"),
    "what is enclosed, not said": (lambda record, _: record.pop("enclosed"), "lacks what it says of enclosed"),
    "another size": (in_record(("checks", 0, "suspect"), bytes=7), "gives another size than data/suspects/3"),
    "another choice": (in_record(("enclosed",), choice="suspect"), "says that suspect was chosen"),
    "a reason for what is enclosed": (in_record(("works", 0), absent="it was burned"), "gives another reason"),
    "an illustration left out": (drop_picture, "difference.jpg, which shows what a match rests on, was left out"),
    "features that the log does not know": (add_file("data/works/1/features/pdq.bin"), "looks like"),
    "a credential that the log does not know": (
        add_file("data/works/1/manifest.c2pa"),
        "is not the content credential",
    ),
    "written before its events": (in_record(("exported",), at=EARLIER), "event 1 is dated 2026-01-01T00:00:00, after"),
    "another number of the case": (in_record(("case",), id=8), "is about another case than case 8"),
    "signed by a court": (in_record(("seal", "signer"), subject="CN=The Court"), "names another signer"),
}


@pytest.fixture(scope="module")
def parts(case, signer):
    """Return what gives the record, without its documents, and the files that it names."""
    plain = json.loads(bag(case, Seal(signer))[REPORT])
    del plain["documents"]
    return lambda: (json.loads(json.dumps(plain)), case.files())


@pytest.mark.parametrize("how", RECORDS)
def test_a_record_altered_with_the_rightful_key_is_found(parts, signer, problems_of, how):
    change, words = RECORDS[how]
    record, named = parts()
    change(record, named)
    problems = problems_of(finished(record, named, Seal(signer)))
    assert any(words in problem for problem in problems), problems
    assert not any("good signature" in problem for problem in problems)


def test_the_same_record_unaltered_is_intact(parts, signer, problems_of):
    assert problems_of(finished(*parts(), Seal(signer))) == ()


def resealed(files, signer):
    payload = {name: data for name, data in files.items() if name.startswith("data/")}
    tags = {name: data for name, data in files.items() if name not in payload and not name.startswith("tagmanifest")}
    return sealed(payload, {**tags, "manifest-sha256.txt": manifest(payload)}, Seal(signer))


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("READ-THIS-FIRST.txt", b"A model was trained on it.", "READ-THIS-FIRST.txt is no file of a package"),
        ("report.schema.json", b"{}", "report.schema.json is not the schema of such records"),
        ("VERIFY.txt", None, "VERIFY.txt is missing, though every package holds it"),
        ("data/HOW-TO-ATTACK.md", None, "data/HOW-TO-ATTACK.md is missing, though every package holds it"),
    ],
)
def test_files_put_into_a_package_or_left_out_of_it_are_found(parts, signer, problems_of, name, data, words):
    files = finished(*parts(), Seal(signer))
    files = files | {name: data} if data else {other: files[other] for other in files if other != name}
    problems = problems_of(resealed(files, signer))
    assert any(words in problem for problem in problems), problems


def test_more_authorities_behind_the_signature_are_found(parts, signer, problems_of, tmp_path):
    keys.create(tmp_path, "Ada Lovelace", "correct horse")
    more = keys.unlock(tmp_path, "correct horse").identity.authority_pem()
    files = finished(*parts(), Seal(signer))
    problems = problems_of(resealed({**files, "signer-ca.pem": files["signer-ca.pem"] + more}, signer))
    assert any("signer-ca.pem holds other certificates" in problem for problem in problems), problems


def test_an_export_dated_after_its_timestamp_is_found(parts, signer, authority, problems_of):
    record, named = parts()
    in_record(("exported",), at="2998-12-31T00:00:00+00:00")(record, named)
    record["seal"]["timestamps"] = [authority.url]
    problems = problems_of(finished(record, named, Seal(signer, (authority.url,))))
    assert any("but was timestamped before" in problem for problem in problems), problems


def test_words_of_an_edition_that_is_not_known_are_not_relied_on(parts, signer, tmp_path):
    record, named = parts()
    record["page"] = "a" * 64
    (tmp_path / "case.zip").write_bytes(pack(finished(record, named, Seal(signer))))
    result = verify_package(tmp_path / "case.zip")
    assert any("were not compared" in remark and "do not rely" in remark for remark in result.remarks)


def test_a_pdf_said_to_be_set_by_another_version_is_not_relied_on(case, build, signer, tmp_path, monkeypatch):
    pytest.importorskip("typst")
    from artaudit.auditor.evidence import package

    other = bag(build(claim="it shows 100% of work 1"), Seal(signer), pdf=True)["data/report.pdf"]
    for version, words in (("0.0.1", "do not rely on it: typst 0.0.1 set it"), (package.typesetter(), "")):
        monkeypatch.setattr(package, "typesetter", lambda: version)  # noqa: B023
        if words:
            monkeypatch.setattr(package, "render_pdf", lambda *_: other)
        (tmp_path / "case.zip").write_bytes(pack(bag(case, Seal(signer), pdf=True)))
        monkeypatch.undo()
        result = verify_package(tmp_path / "case.zip")
        assert [words in remark for remark in result.remarks] == [True] * bool(words), result.remarks
