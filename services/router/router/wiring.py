"""Builds the router: the shelf of packs, the handler, and faust in its one safe form."""

import threading

from contracts.registry import RULESETS, TICKET_EVENTS
from kit.compacted import CompactedView
from kit.consumer import Subscription
from kit.faust_worker import FaustWorker
from kit.health import HealthServer
from kit.object_store import S3ObjectStore, get_patiently
from kit.producer import Producer
from packs.shelf import PackShelf
from router.handlers import RoutingHandler
from router.model.shelf import ModelShelf
from router.model.stored import shipped
from router.settings import Settings

READER = "router"


def run(settings: Settings) -> None:
    """Reads until SIGTERM; ends the process."""
    stop = threading.Event()
    store = S3ObjectStore.connect(settings)
    shelf = PackShelf(lambda key: get_patiently(store, key, stop))
    models = ModelShelf(lambda key: get_patiently(store, key, stop), shipped())

    def take(key: bytes, value: bytes | None) -> None:
        shelf.take(key, value)
        models.take(key, value)

    view = CompactedView(settings.kafka_bootstrap, RULESETS.name, take)
    threading.Thread(target=view.run, args=(stop,), name="rulesets", daemon=True).start()
    worker = FaustWorker(
        settings.kafka_bootstrap,
        reader=READER,
        instance=settings.instance,
        subscription=Subscription(TICKET_EVENTS.name, TICKET_EVENTS.dead_letters(READER), TICKET_EVENTS.ordered),
        decide=RoutingHandler(shelf.held, models.model_of),
        producer=Producer(settings.kafka_bootstrap, client_id=f"{READER}-{settings.instance}"),
    )
    checks = {"packs": shelf.check, "reader": worker.check}
    with HealthServer(settings.health_listen, ready=checks, live={"reader": worker.stuck}, resume=worker.resume):
        # Nothing is decided before the packs of all towns are there.
        view.loaded.wait()
        shelf.filled.wait()
        worker.run()
