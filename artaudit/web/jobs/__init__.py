"""The queue of the page: what is asked for, what runs and what came of it, in a database beside the registry."""

from __future__ import annotations

from artaudit.web.jobs.job import ACTIVE, CANCELLED, DONE, FAILED, PAUSED, RUNNING, WAITING, Job, Order
from artaudit.web.jobs.queue import Queue

__all__ = ["ACTIVE", "CANCELLED", "DONE", "FAILED", "PAUSED", "RUNNING", "WAITING", "Job", "Order", "Queue"]
