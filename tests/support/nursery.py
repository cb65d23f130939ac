"""A process that has loaded the portal and makes workers of itself: each is there within milliseconds.

It reads lines. At the first it sends some of what waits, so that no worker does anything for the first time, and says
how many. For each other it forks a worker that sends what waits until nothing does, and answers with its process id.
"""

import os
import sys
import time
from datetime import timedelta

from sqlalchemy import func, select

from portal import create_app
from portal.config import load_settings
from portal.extensions import db
from portal.notifications import delivering
from portal.notifications.delivering import deliver_pending
from portal.notifications.models import Delivery, DeliveryState
from portal.notifications.services import outbox

# What a killed worker held is free again soon; nobody waits five minutes here.
outbox.LEASE = timedelta(seconds=1)
delivering._MARGIN = timedelta(hours=-1)


def main() -> None:
    """Warm up, then make a worker for each line."""
    app = create_app(load_settings(_env_file=None))
    with app.app_context():
        print("ready", flush=True)
        sys.stdin.readline()
        print(deliver_pending(app.config["PORTAL"], seconds=0).sent, flush=True)
        _left()
        db.session.remove()
        db.engine.dispose()
        for _line in sys.stdin:
            if worker := os.fork():
                print(worker, flush=True)
                continue
            _work(app.config["PORTAL"])
            os._exit(0)


def _work(settings: object) -> None:
    while _left():
        deliver_pending(settings)  # type: ignore[arg-type]
        time.sleep(0.1)


def _left() -> int:
    open_states = [DeliveryState.PENDING, DeliveryState.CLAIMED]
    left = db.session.scalar(select(func.count()).where(Delivery.state.in_(open_states))) or 0
    db.session.rollback()
    return left


if __name__ == "__main__":
    main()
