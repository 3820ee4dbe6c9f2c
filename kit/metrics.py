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
INTAKE = Counter(
    "helpdesk_intake_total", "Messages at the door, by what their senders were answered.", ["channel", "answer"]
)
INTAKE_SECONDS = Histogram(
    "helpdesk_intake_seconds",
    "From a message's last byte to the answer.",
    ["channel"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20),
)
INTAKE_CONNECTIONS = Gauge("helpdesk_intake_connections", "Open connections at the door.", ["channel"])
MAILBOX_READY = Gauge("helpdesk_mailbox_ready", "1 while the mailbox can be read and emptied.", ["mailbox"])
MAILBOX_MAILS = Counter(
    "helpdesk_mailbox_mails_total",
    "Mails that were moved out of the mailbox: done, or why they are refused.",
    ["mailbox", "outcome"],
)
MAILBOX_WAITING = Gauge("helpdesk_mailbox_waiting", "Mails that lie in the mailbox to be taken.", ["mailbox"])
MAILBOX_NOT_KEPT = Gauge(
    "helpdesk_mailbox_not_kept", "Done mails of today and yesterday whose original is not in the store.", ["mailbox"]
)
MAILBOX_LATE = Gauge(
    "helpdesk_mailbox_late", "Those of them that have been there for longer than a minute.", ["mailbox"]
)

SCANS = Counter(
    "helpdesk_scans_total",
    "Files by what ClamAV says of them before they go out: clean, infected, or why it did not say.",
    ["outcome"],
)

ROUTED = Counter(
    "helpdesk_routed_total",
    "What the router decided, by category, and whether alone or for a person.",
    ["category", "by"],
)
FIRST_GUESS = Histogram(
    "helpdesk_first_guess_probability",
    "How sure the router was of the category; when this drifts, it hears of things that it has not learnt.",
    buckets=(0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 1),
)
CORRECTED = Counter(
    "helpdesk_corrected_total",
    "Categories of the router that a person set otherwise: the router's category, and whether it had decided alone.",
    ["category", "by"],
)

DELIVERIES = Counter("helpdesk_deliveries_total", "Mails by what became of an attempt.", ["template", "outcome"])
DELIVERIES_DUE = Gauge("helpdesk_deliveries_due", "Mails that are due and in nobody's hand (counted to 10,000).")
DELIVERIES_DUE_AGE = Gauge("helpdesk_deliveries_due_seconds", "For how long the oldest of them has been due.")
DELIVERIES_UNTOLD = Gauge("helpdesk_deliveries_untold", "Finished mails whose outcome is not published yet.")
SENDS_UNDER_WAY = Gauge("helpdesk_sends_under_way", "Mails that the relay is being given at this moment.")
SENDING_SECONDS = Histogram(
    "helpdesk_sending_seconds",
    "Time to hand one mail to the relay.",
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60),
)

LEDGER_MISSING = Gauge(
    "helpdesk_ledger_missing",
    "Originals of today and yesterday that have no outcome a minute after they came.",
    ["municipality"],
)

UNPUBLISHED_AGE = Gauge("helpdesk_unpublished_seconds", "How long the oldest stored event waits to be published.")
