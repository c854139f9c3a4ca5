"""Figures for Prometheus: what this process did since its start. What waits in the database is counted when asked.

Each process answers for itself, so each is scraped by itself: the figures of several `pb serve` are added up by the
one who asks. The figures read from the database are the same from all of them.
"""

from prometheus_client import Counter, Gauge, Histogram

REQUESTS = Counter("pb_requests_total", "Answered requests of this process", ["method", "route", "status"])
SECONDS = Histogram(
    "pb_request_seconds",
    "Time to the first byte of the answer",
    ["route"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
JOBS = Counter("pb_jobs_total", "Jobs that this process ran, by how they ended: done, failed, dead", ["name", "end"])
ALARMS = Gauge("pb_alarm", "1 while an alarm lasts, as this process last saw it", ["name"])
CERTIFICATE_SECONDS = Gauge("pb_certificate_seconds", "Until the certificate of the public address ends")
