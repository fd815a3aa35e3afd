"""The pages: what they show, what they ask for, and that the registry holds what the commands would have put there."""

import html
import io
import json
import re
import zipfile

import pytest
from PIL import Image as Pillow

pytest.importorskip("starlette", reason="the page needs the extra web")


from artaudit import catalog
from artaudit.auditor.evidence import verify_package
from artaudit.web.jobs import CANCELLED, DONE, FAILED, PAUSED, WAITING
from artaudit.web.jobs.job import PAUSE
from artaudit.web.pages.protect import METHODS
from artaudit.web.tasks import CLOAKS, FOLDERS, TRIALS
from artaudit.web.tasks.context import Context, StoppedError
from artaudit.web.tasks.registering import register

PLACES = ("/", "/protect", "/portfolio", "/check", "/cases", "/models", "/research", "/queue")
WORD = "correct horse"
LONG = "Überfahrt 夏の離宮 " + "sehr " * 60 + "lang.jpg"


def small(size=(160, 120), kind="PNG"):
    buffer = io.BytesIO()
    Pillow.effect_mandelbrot(size, (-2, -1.2, 1, 1.2), 50).convert("RGB").save(buffer, kind)
    return buffer.getvalue()


@pytest.mark.parametrize("place", PLACES)
def test_every_page_is_whole_in_an_empty_house(page, place):
    answer = page.client.get(place)
    assert answer.status_code == 200
    assert "<h1>" in answer.text and "</html>" in answer.text


def test_the_first_visit_explains_itself_in_four_pictures(page):
    text = page.client.get("/").text
    assert text.count('src="/static/first-') == 4
    assert "Try it with a sample" in text


def test_the_first_page_and_what_it_loads_are_small(page):
    text = page.client.get("/").text
    loaded = set(re.findall(r'(?:src|href)="(/static/[^"#]+)', text))
    assert {"/static/page.css", "/static/page.js", "/static/htmx.min.js"} <= loaded
    assert len(text) + sum(len(page.client.get(place).content) for place in loaded) <= 200_000


def test_an_address_that_is_not_there_and_a_wrong_verb_are_sentences(page):
    assert "There is nothing at this address" in page.client.get("/nowhere").text
    assert page.client.put("/check").status_code == 405
    answer = page.client.get("/portfolio/77")
    assert answer.status_code == 400
    assert "There is no work 77" in answer.text


def test_a_sample_is_checked_against_a_portfolio_of_its_own_and_nothing_is_kept(page):
    page.post("/sample")
    page.work_off()
    text = page.client.get("/check/1").text
    assert "The Summer Palace" in text
    assert "This is a sample" in text
    assert "Make a case" not in text
    assert page.post("/check/1/case").status_code == 400
    with page.registry() as registry:
        assert registry.works() == [] and registry.cases() == []


def test_a_work_is_registered_found_in_a_screenshot_kept_as_a_case_exported_and_verified(page, china):
    page.post("/portfolio", {LONG: china})
    page.work_off()
    with page.registry() as registry:
        (work,) = registry.works()
    assert work.title.startswith("Überfahrt 夏の離宮 sehr")
    assert "夏の離宮" in page.client.get("/portfolio").text
    assert page.client.get("/portfolio/1/small.jpg").content[:2] == b"\xff\xd8"

    shot = io.BytesIO()
    Pillow.open(io.BytesIO(china)).crop((80, 60, 560, 400)).resize((600, 425)).save(shot, "PNG")
    page.post("/check", {"screenshot.png": shot.getvalue()}, kind="photograph")
    assert "looking" in page.client.get("/check/2").text or "waits" in page.client.get("/check/2").text
    page.work_off()
    text = page.client.get("/check/2").text
    assert "<h1>It shows" in text
    assert "compared with photographs alone" in text
    for name in ("suspect.jpg", "finding-0-found.jpg", "finding-0-work.jpg", "finding-0-overlay.jpg"):
        assert page.client.get(f"/made/2/{name}").headers["content-type"] == "image/jpeg"

    with page.registry() as registry:
        assert registry.cases() == []  # nothing is kept before it is asked for
    page.post("/check/2/case")
    page.post("/check/2/case")
    with page.registry() as registry:
        (line,) = registry.cases()
    assert line.path == "screenshot.png"

    page.post("/cases/1", verb="note", text="Found <b>today</b>")
    assert "Found &lt;b&gt;today&lt;/b&gt;" in page.client.get("/cases/1").text
    page.post("/keys", name="The artist", passphrase=WORD, again=WORD)
    assert '<option value="en" selected>English</option>' in page.client.get("/cases/1").text
    page.language = "de"  # as `audit config set language de` does while the page is open
    assert '<option value="de" selected>Deutsch</option>' in page.client.get("/cases/1").text
    given = page.post("/cases/1/export", enclose="suspect", passphrase=WORD)
    assert given.headers["content-type"] == "application/zip"
    package = page.path.parent / "package.zip"
    package.write_bytes(given.content)
    verified = verify_package(package)
    assert verified.ok
    assert "The artist" in verified.summary["signer"]["subject"]
    with zipfile.ZipFile(package) as opened:
        assert "Ein registriertes Werk wurde gefunden" in opened.read("data/report.html").decode()

    page.post("/verify", {"package.zip": given.content})
    page.work_off()
    assert "This package is intact" in page.client.get("/verified/3").text
    assert "<b>today" not in page.client.get("/verified/3").text


def test_a_broken_package_is_called_broken_and_something_else_is_a_sentence(page):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as packed:
        packed.writestr("data/report.json", "{}")
    page.post("/verify", {"a.zip": buffer.getvalue()})
    page.post("/verify", {"b.zip": b"no package"})
    page.work_off()
    assert "This package is broken" in page.client.get("/verified/1").text
    assert page.depot.queue.job(2).state == FAILED


def test_passphrases_stand_in_no_file(page):
    page.post("/keys", name="The artist", passphrase=WORD, again=WORD)
    answer = page.post("/seal", passphrase=WORD)
    with zipfile.ZipFile(io.BytesIO(answer.content)) as packed:
        assert {"seal.json", "seal.json.p7s"} <= set(packed.namelist())
    wrong = page.post("/seal", passphrase=WORD[1:])
    assert wrong.status_code == 400 and "passphrase is wrong" in wrong.text
    for path in page.path.parent.rglob("*"):
        assert not path.is_file() or WORD.encode() not in path.read_bytes()


def test_keys_are_made_once_and_with_two_equal_passphrases(page):
    assert "differ" in page.post("/keys", name="The artist", passphrase=WORD, again=WORD[1:]).text
    assert "too short" in page.post("/keys", name="The artist", passphrase=WORD[:5], again=WORD[:5]).text
    assert page.post("/keys", name="The artist", passphrase=WORD, again=WORD).status_code == 200
    assert "nothing is overwritten" in page.post("/keys", name="M", passphrase=WORD, again=WORD).text


def test_what_is_said_of_a_work_is_changed_searched_withdrawn_and_restored(page, china):
    page.post("/portfolio", {"a.jpg": china, "b.png": small()})
    page.work_off()
    page.post("/portfolio/1", title="Winter", year="1890", tags="harbour, ,harbour", note="sold")
    with page.registry() as registry:
        assert (registry.work(1).title, registry.work(1).tags) == ("Winter", ("harbour",))
    for looked_for in ("winter", "HARBOUR sold", "1890"):
        found = page.client.get("/portfolio/more", params={"q": looked_for}).text
        assert "Winter" in found and found.count("<li>") == 1
    assert "Nothing holds" in page.client.get("/portfolio/more?q=%3Cb%3E").text
    page.post("/portfolio/1/withdraw", reason="sold")
    assert "Winter" not in page.client.get("/portfolio").text
    assert "Winter" in page.client.get("/portfolio?withdrawn=1").text
    page.post("/portfolio/1/withdraw")
    assert "Winter" in page.client.get("/portfolio").text


def test_works_come_a_page_at_a_time_until_there_are_no_more(page):
    from artaudit.auditor.registry.records import KnownFile

    with page.registry() as registry, registry.together():
        for number in range(150):
            file = KnownFile(f"{number:064x}", f"{number:064x}", "/gone.png", 9, 9, "PNG")
            registry.add_work(file, title=f"Work {number}", fingerprints={}, preview=small((64, 48), kind="JPEG"))
    seen, place = [], "/portfolio/more"
    while place:
        text = page.client.get(place).text
        seen += re.findall(r">Work (\d+)<", text)
        following = re.search(r'hx-get="([^"]+)"', text)
        place = html.unescape(following[1]) if following else None
    assert seen == [str(number) for number in range(149, -1, -1)]


def test_a_folder_of_this_machine_is_added_and_what_cannot_be_read_is_said(page, china):
    folder = page.path.parent / "pictures"
    (folder / "below").mkdir(parents=True)
    (folder / "below" / "a.jpg").write_bytes(china)
    (folder / "b.jpg").write_bytes(b"no picture")
    page.post("/portfolio", place=str(folder))
    page.work_off()
    job = page.depot.queue.job(1)
    assert (job.state, job.result["new"], job.result["of"]) == (DONE, 1, 2)
    assert "b.jpg is not a picture" in job.result["refused"][0]
    with page.registry() as registry:
        assert registry.work(1).path == str(folder / "below" / "a.jpg")  # it stays where it is


@pytest.mark.parametrize("place", ["relative/folder", "/no/such/folder", "~nobody-at-all/x"])
def test_a_folder_that_is_not_there_is_refused(page, place):
    assert page.post("/portfolio", place=place).status_code == 400


def test_a_paused_job_goes_on_where_it_was(page, china):
    folder = page.path.parent / "pictures"
    folder.mkdir()
    for number in range(3):
        (folder / f"{number}.jpg").write_bytes(china + bytes([number]))
    page.post("/portfolio", place=str(folder))
    queue = page.depot.queue
    job = queue.claim(FOLDERS)
    page.client.post(f"/queue/{job.id}", data={"csrf": page.csrf, "verb": "pause"})
    with pytest.raises(StoppedError) as stopped:
        register(Context(job, page.depot, page.path, lambda: False))
    assert stopped.value.wish == PAUSE
    queue.release(job.id, PAUSED)
    assert "Go on" in page.client.get("/portfolio").text
    page.client.post(f"/queue/{job.id}", data={"csrf": page.csrf, "verb": "resume"})
    page.work_off()
    assert queue.job(job.id).state == DONE


def test_two_browsers_see_the_same_queue(page, china):
    page.post("/check", {"a.jpg": china})
    first = page.client.get("/queue/state").json()
    page.client.cookies.clear()
    page.enter()
    assert page.client.get("/queue/state").json()["jobs"][0]["id"] == first["jobs"][0]["id"] == 1


def test_verbs_lead_back_to_pages_of_this_house_alone(page, china):
    page.post("/check", {"a.jpg": china})
    sent = {"csrf": page.csrf, "verb": "cancel", "back": "//evil.example"}
    answer = page.client.post("/queue/1", data=sent, follow_redirects=False)
    assert answer.headers["location"] == "/queue"


@pytest.mark.slow
def test_a_picture_is_cloaked_at_a_chosen_strength_seen_and_taken_away(page):
    name = "Käthe & co <1>.png"
    page.post("/protect", {name: small(), "second.png": small((130, 100))})
    page.work_off()
    batch = page.depot.queue.job(1).batch
    text = page.client.get(f"/protect/{batch}").text
    for strength in ("low", "default", "high"):
        assert f'src="/made/1/{strength}.png"' in text
    assert "It will take about" in text
    page.post(f"/protect/{batch}", strength="high", time="60")
    page.post(f"/protect/{batch}", strength="high", time="60")  # pressed twice
    jobs = [job for job in page.depot.queue.batch(batch) if job.kind == "protect"]
    assert len(jobs) == 2
    page.work_off(CLOAKS)
    done = page.depot.queue.job(jobs[0].id)
    waiting = [job for job in page.depot.queue.batch(batch) if job.kind == "trial"]
    assert [(job.state, job.spec["job"]) for job in waiting] == [(WAITING, job.id) for job in jobs]
    page.client.post(f"/queue/{waiting[1].id}", data={"csrf": page.csrf, "verb": "cancel"})
    shown = page.client.get(f"/protect/{batch}").text
    assert shown.count("What is left after attacks?") == 3  # one with a bar that has the name too, one cancelled
    page.work_off(TRIALS)
    assert [page.depot.queue.job(job.id).state for job in waiting] == [DONE, CANCELLED]
    assert (done.state, done.error) == (DONE, "")
    text = page.client.get(f"/protect/{batch}").text
    assert re.search(r"What is left after attacks: grade [A-F]<", text)
    assert "Content-Security-Policy" in page.client.get(f"/card/{waiting[0].id}").text
    assert "What this does and does not do" in text and "Download 2 as ZIP" in text
    for made in ("before.png", "after.png", "difference.png", "noise.png"):
        answer = page.client.get(f"/made/{done.id}/{made}")
        with Pillow.open(io.BytesIO(answer.content)) as opened:
            assert opened.size == (160, 120)
    given = page.client.get(f"/made/{done.id}/picture.png?keep=1")
    assert "K%C3%A4the%20%26%20co%20%3C1%3E.png" in given.headers["content-disposition"]
    receipt = page.client.get(f"/made/{done.id}/{done.result['receipt']}?keep=receipt")
    assert receipt.json()["output"]["width"] == 160
    with page.registry() as registry:
        assert registry.work(1).title == "Käthe & co <1>"
        assert [version.kind for version in registry.versions()] == ["cloaked", "cloaked"]
        assert registry.verify() == []
    packed = zipfile.ZipFile(io.BytesIO(page.client.get(f"/protect/{batch}/cloaked.zip").content))
    assert {"second.png", "second.receipt.json"} <= set(packed.namelist())
    receipt = json.loads(packed.read("second.receipt.json"))
    assert receipt["schema"].startswith("artaudit-receipt/")


def test_every_method_is_offered_with_a_sentence_and_needs_no_installed_model(page):
    assert set(METHODS) == {name for name, place in catalog.CLOAKS.items() if place.startswith("artaudit.")}
    page.post("/protect", {"one.png": small()})
    text = page.client.get(f"/protect/{page.depot.queue.job(1).batch}").text
    for name, sentence in METHODS.items():
        assert f'name="method" value="{name}"' in text
        assert sentence.endswith(".") and html.escape(sentence) in text


@pytest.mark.slow
def test_a_cloak_whose_worker_died_after_writing_is_registered_and_made_no_second_time(page):
    page.post("/protect", {"one.png": small()})
    batch = page.depot.queue.job(1).batch
    page.post(f"/protect/{batch}", strength="high", time="60")
    page.work_off(CLOAKS)
    job = next(job for job in page.depot.queue.batch(batch) if job.kind == "protect")
    before = (page.depot.made(job.id, "picture.png")).read_bytes()
    from artaudit.web.tasks.protecting import protect

    again = protect(Context(job, page.depot, page.path, lambda: False))
    assert page.depot.made(job.id, "picture.png").read_bytes() == before
    assert again["score"] == job.result["score"]
    with page.registry() as registry:
        assert len(registry.versions()) == 1


def test_what_cannot_hold_a_cloak_is_refused_with_the_command_s_sentence(page):
    page.post("/protect", {"moving.gif": small(kind="GIF")})
    page.work_off()
    assert "cannot be cloaked" in page.depot.queue.job(1).error
    assert "cannot be cloaked" in page.client.get(f"/protect/{page.depot.queue.job(1).batch}").text


def test_runs_are_read_from_their_logs_and_broken_ones_left_out(page):
    folder = page.path.parent / "runs"
    (folder / "one").mkdir(parents=True)
    rows = [{"step": step, "loss": 1 / (step + 1)} for step in range(40)]
    (folder / "one" / "log.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows) + '{"step": 40, "lo')
    (folder / "two").mkdir()
    (folder / "two" / "evaluation.json").write_text(
        json.dumps(
            {
                "curve": {"as it is": {"AUC": {"value": 0.91, "low": 0.8, "high": 1.0}}},
                "pictures": [{"generator": "sd", "label": "generated", "verdict": "<b>machine-made</b>"}],
            }
        )
    )
    (folder / "three").mkdir()
    (folder / "three" / "evaluation.json").write_text("[" * 100_000)
    text = page.client.get("/research", params={"place": str(folder)}).text
    assert "loss, 1 at first, 0.025 after 40 steps" in text
    assert "0.91" in text and "&lt;b&gt;machine-made" in text
    assert "three" not in text.split("<article", 1)[1]
