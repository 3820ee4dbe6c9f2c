"""Every metric of the system, named in one place. Labels are codes: never an address, a name or a text."""

from prometheus_client import Counter, Gauge, Histogram

MESSAGES = Counter(
    "helpdesk_messages_total", "Messages that a reader finished, by outcome.", ["reader", "topic", "outcome"]
)
DEAD_LETTERS = Counter("helpdesk_dead_letters_total", "Messages written to the dead letters.", ["reader", "topic"])
DEAD_LETTERS_OUTSTANDING = Gauge(
    "helpdesk_dead_letters_outstanding",
    "Dead letters of the assigned partitions that wait for replay.",
    ["reader", "topic"],
)
HANDLING_SECONDS = Histogram(
    "helpdesk_batch_seconds",
    "Time to handle one batch of messages.",
    ["reader"],
    buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
READER_PAUSED = Gauge("helpdesk_reader_paused", "1 while the reader stands still.", ["reader", "why"])
LAG = Gauge("helpdesk_reader_lag", "Messages between the reader and the end of its partitions.", ["reader", "topic"])
PUBLISHED = Counter("helpdesk_published_total", "Records that the broker confirmed or refused.", ["topic", "result"])
