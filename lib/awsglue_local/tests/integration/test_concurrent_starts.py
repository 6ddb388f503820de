"""Many callers who start a job at once: its limit holds, and with queuing each has its turn."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from glue_fixtures.glue_api import GlueApi

CALLERS = 20


def test_concurrent_starts_respect_the_limit(api: GlueApi) -> None:
    script = "import time; time.sleep(300)"
    job = api.job("long", script, ExecutionProperty={"MaxConcurrentRuns": 3})

    def one(number: int) -> str:
        try:
            return api.start(job)
        except api.client.exceptions.ConcurrentRunsExceededException:
            return "refused"

    with ThreadPoolExecutor(CALLERS) as callers:
        answers = list(callers.map(one, range(CALLERS)))
    assert answers.count("refused") == CALLERS - 3
    started = [answer for answer in answers if answer != "refused"]
    answer = api.client.batch_stop_job_run(JobName=job, JobRunIds=started)
    assert len(answer["SuccessfulSubmissions"]) == 3
    assert {api.wait(job, run)["JobRunState"] for run in started} == {"STOPPED"}


def test_concurrent_starts_wait_their_turn_with_queuing(api: GlueApi) -> None:
    job = api.job("empty", ExecutionProperty={"MaxConcurrentRuns": 2}, JobRunQueuingEnabled=True)
    with ThreadPoolExecutor(CALLERS) as callers:
        runs = list(callers.map(lambda _: api.start(job), range(CALLERS)))
    assert Counter(api.wait(job, run)["JobRunState"] for run in runs) == {"SUCCEEDED": CALLERS}
