"""The queue: what is asked for is done once, whoever ends in between."""

import io
import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from PIL import Image as Pillow
from safetensors import safe_open

pytest.importorskip("starlette", reason="the page needs the extra web")


from artaudit.errors import UsageError
from artaudit.web.jobs import CANCELLED, DONE, FAILED, PAUSED, RUNNING, WAITING, Queue
from artaudit.web.jobs.queue import ATTEMPTS
from artaudit.web.serving import Crew
from artaudit.web.tasks import CHECKS, CLOAKS


@pytest.fixture
def queue(tmp_path):
    return Queue(tmp_path / "jobs.db")


def add(queue, count=1, lane="quick"):
    return [queue.add("check", lane, f"picture {number}", {"number": number}) for number in range(count)]


def test_jobs_are_claimed_once_and_in_order_by_however_many_workers(queue):
    wanted = add(queue, 20)
    with ThreadPoolExecutor(8) as pool:
        claimed = [job.id for job in pool.map(lambda _: Queue(queue.path).claim("quick"), range(20))]
    assert sorted(claimed) == wanted
    assert queue.claim("quick") is None


def test_lanes_do_not_wait_for_each_other(queue):
    add(queue, lane="long")
    assert queue.claim("quick") is None
    assert queue.claim("long").state == RUNNING


def test_progress_carries_back_what_is_wished(queue):
    (number,) = add(queue)
    queue.claim("quick")
    assert queue.tell(number, 1, 4, "looking") == ""
    assert (queue.job(number).share, queue.job(number).stage) == (0.25, "looking")
    queue.cancel(number)
    assert queue.tell(number, 2, 4, "looking") == "cancel"
    queue.release(number, CANCELLED)
    assert queue.job(number).state == CANCELLED


def test_a_job_that_waits_is_cancelled_paused_and_resumed_at_once(queue):
    (number,) = add(queue)
    queue.pause(number)
    assert queue.job(number).state == PAUSED
    assert queue.claim("quick") is None
    queue.resume(number)
    assert queue.job(number).state == WAITING
    queue.cancel(number)
    assert queue.job(number).state == CANCELLED


def test_what_has_ended_stays_as_it_ended(queue):
    (number,) = add(queue)
    queue.claim("quick")
    queue.finish(number, {"said": "well"})
    queue.fail(number, "late")
    queue.cancel(number)
    queue.release(number)
    assert queue.job(number).state == DONE
    assert queue.job(number).result == {"said": "well"}


def test_jobs_of_a_dead_worker_wait_again_and_fail_in_the_end(queue):
    (number,) = add(queue)
    for _ in range(ATTEMPTS):
        queue.recover("quick")
        assert queue.claim("quick").id == number
    queue.recover("quick")
    assert queue.job(number).state == FAILED
    assert f"{ATTEMPTS} times" in queue.job(number).error


def test_one_process_alone_works_on_a_lane(queue):
    with queue.alone("quick") as first, queue.alone("quick") as second, queue.alone("long") as other:
        assert (first, second, other) == (True, False, True)
    with queue.alone("quick") as again:
        assert again


def test_what_is_made_of_a_job_is_made_once(queue):
    (number,) = add(queue)
    made = []
    with ThreadPoolExecutor(8) as pool:
        given = list(pool.map(lambda _: queue.once(number, "case", lambda: made.append(1) or 7), range(8)))
    assert given == [7] * 8
    assert made == [1]


def test_a_number_that_is_not_there_is_a_sentence(queue):
    with pytest.raises(UsageError, match="There is no job 5"):
        queue.job(5)


def wait_until(true, seconds=240):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it took too long"
        time.sleep(0.05)


def serving(folder, *run):
    environment = {**os.environ, "ARTAUDIT_DB": str(folder / "registry.db"), "ARTAUDIT_BACKBONE": "none"}
    command = [sys.executable, *(run or ("-m", "artaudit")), "serve", "--port", "0", "--no-browser"]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, start_new_session=True)


def kill(*processes):
    for process in processes:
        os.kill(process, signal.SIGKILL)


def end(server):
    server.kill()
    server.wait()
    server.stdout.close()


def workers_of(server):
    command = ["ps", "-A", "-ww", "-o", "pid=,ppid=,args="]  # in full, however narrow the terminal is
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    rows = [line.split(None, 2) for line in listed.splitlines()]
    return [int(pid) for pid, parent, args in rows if int(parent) == server.pid and "artaudit.web.worker" in args]


@pytest.mark.slow
def test_a_queue_of_five_survives_the_death_of_server_and_worker(page, china):
    folders = []
    for number in range(5):
        folder = page.path.parent / f"folder-{number}"
        folder.mkdir()
        for name in range(4):
            (folder / f"{number}-{name}.jpg").write_bytes(china + bytes([number, name]))
        folders.append(folder)
        page.post("/portfolio", place=str(folder))
    queue, numbers = page.depot.queue, [job.id for job in page.depot.queue.active()]
    server = serving(page.path.parent)
    try:
        wait_until(lambda: queue.job(numbers[1]).state == RUNNING)
        before = [queue.job(number) for number in numbers if queue.job(number).state == DONE]
        kill(server.pid, *workers_of(server))
    finally:
        end(server)
    assert before
    server = serving(page.path.parent)
    try:
        wait_until(lambda: all(queue.job(number).state == DONE for number in numbers))
    finally:
        server.terminate()
        server.wait()
        server.stdout.close()
    for job in before:
        assert queue.job(job.id) == job
    done = [queue.job(number) for number in numbers]
    assert [job.result["of"] for job in done] == [4] * 5
    assert all(job.result["new"] + job.result["versions"] + job.result["known"] == 4 for job in done)
    with page.registry() as registry:
        kept = [work.sha256 for work in registry.works()] + [version.sha256 for version in registry.versions()]
        assert len(kept) == len(set(kept)) == 20
        assert registry.verify() == []


OFTEN = """
import runpy
from artaudit.web import serving
code = "from artaudit.protect import checkpoint; checkpoint.SECONDS = 1.0; from artaudit.web.worker import main; main()"
serving.WORKER = ("-c", code)
runpy.run_module("artaudit", run_name="__main__", alter_sys=True)
"""
"""The command, with workers that keep the state of a cloak every second instead of every half minute."""


def is_free(queue, lane):
    with queue.alone(lane) as alone:
        return alone


def drawn(size):
    buffer = io.BytesIO()
    Pillow.effect_mandelbrot(size, (-2, -1.2, 1, 1.2), 50).convert("RGB").save(buffer, "PNG")
    return buffer.getvalue()


@pytest.mark.slow
def test_a_cloak_that_is_cut_off_goes_on_from_its_last_state_and_all_others_are_made_once(page):
    sizes = ((160, 120), (240, 180), (150, 110))
    page.post("/protect", {f"{number}.png": drawn(size) for number, size in enumerate(sizes)})
    queue, batch = page.depot.queue, page.depot.queue.job(1).batch
    page.post(f"/protect/{batch}", strength="high", method="photoguard")
    first, cut, last = (job.id for job in queue.batch(batch) if job.kind == "protect")
    partial = page.depot.job(cut) / ".picture.png.partial.safetensors"
    server = serving(page.path.parent, "-c", OFTEN)
    try:
        wait_until(lambda: partial.exists() and queue.job(cut).done >= 8)
        kill(server.pid, *workers_of(server))
    finally:
        end(server)
    wait_until(lambda: is_free(queue, CLOAKS))
    before = queue.job(first)
    assert (before.state, queue.job(cut).state, queue.job(last).state) == (DONE, RUNNING, WAITING)
    with safe_open(partial, "np") as file:
        kept = json.loads(file.metadata()["state"])["step"]
    assert kept > 1
    told = queue.job(cut).done

    steps = set()

    def all_done():
        job = queue.job(cut)
        if job.stage == "cloaking":
            steps.add(job.done)
        return all(queue.job(number).state == DONE for number in (first, cut, last))

    server = serving(page.path.parent)
    try:
        wait_until(all_done)
    finally:
        server.terminate()
        server.wait()
        server.stdout.close()
    assert min(steps - {told}) > kept  # the row says what was told last until the second attempt tells more
    assert queue.job(first) == before
    assert [queue.job(number).attempts for number in (first, cut, last)] == [1, 2, 1]
    tried = [job.spec["job"] for job in queue.batch(batch) if job.kind == "trial"]
    assert tried == [first, cut, last]
    with page.registry() as registry:
        assert len(registry.works()) == len(registry.versions()) == 3
        assert registry.verify() == []


def test_no_worker_is_started_for_a_lane_that_another_page_works_on(queue, tmp_path):
    crew = Crew(tmp_path / "registry.db", queue)
    with queue.alone(CHECKS):
        crew._start_missing()
    assert crew._workers == {}
