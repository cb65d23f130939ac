"""`python -m bench.galera`: nodes of a database cluster are killed while people work; what was answered must be kept.

Three MariaDB nodes (galera-4) on loopback behind HAProxy with the files of deploy/galera; two web processes and the
worker; a Monday morning as in bench.load. In each run one node gets SIGKILL: one that stands by (`other`), or the one
that HAProxy sends everything to (`writer`). Afterwards it is brought back, and every answered write must be on all
three. Prints answered and lost writes, the longest pause between answered writes, and errors; ends with status 1 when
one is lost or the pause is longer than ten seconds, with 2 when a package is missing.
"""

import argparse
import asyncio
import os
import sys
import threading
from itertools import pairwise

from bench.cluster import Cluster, Node, missing_packages
from bench.load import PEOPLE, RATE, SECONDS, WARM_UP, set_up
from bench.morning import Actor, Taken, play
from bench.site import Site, ending_on_signals
from bench.tally import count, show
from tests.support import servers
from tests.support.databases import build_app, dispose

# Enough for everybody to have some, and little to bring into three nodes.
COURSES = 1500
LONGEST_PAUSE = 10.0
WHICH = ("other", "writer")


def main() -> int:
    """Play, kill, count and print."""
    asked = _arguments()
    if missing := missing_packages():
        print(f"Missing: {', '.join(missing)}. Install it: apt-get install --no-install-recommends {' '.join(missing)}")
        return 2
    servers.open_run()
    try:
        with ending_on_signals():
            return _measure(asked)
    finally:
        servers.close_run()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.galera", description=__doc__)
    parser.add_argument("--people", type=int, default=PEOPLE)
    parser.add_argument("--rate", type=float, default=RATE, help="requests a second")
    parser.add_argument("--seconds", type=float, default=SECONDS)
    parser.add_argument("--kill", default=",".join(WHICH), help="with commas, one run for each: other, writer")
    asked = parser.parse_args()
    asked.kill = asked.kill.split(",")
    if unknown := set(asked.kill) - set(WHICH):
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    return asked


def _measure(asked: argparse.Namespace) -> int:
    folder = servers.run_folder() / "galera"
    cluster = Cluster(folder)
    site = Site(folder, cluster)
    try:
        site.start()
        app, actors = set_up(site, asked.people, COURSES)
        cluster.complete()
        print(f"three nodes are in step; HAProxy sends everything to {cluster.writer().name}", flush=True)
        site.open("granian")
        kept = [_play(site, cluster, actors, asked, which) for which in asked.kill]
        dispose(app)
        return 0 if all(kept) else 1
    finally:
        site.close()


def _play(site: Site, cluster: Cluster, actors: list[Actor], asked: argparse.Namespace, which: str) -> bool:
    """One run; whether nothing was lost and writes went on soon enough."""
    asyncio.run(play(site.port, actors, min(asked.rate, 20), WARM_UP))
    writer = cluster.writer()
    victim = writer if which == "writer" else next(node for node in cluster.nodes if node is not writer)
    at = asked.seconds / 3
    timer = threading.Timer(at, victim.kill)
    timer.start()
    try:
        taken = asyncio.run(play(site.port, actors, asked.rate, asked.seconds))
    finally:
        timer.cancel()
        timer.join()
    print(f"\n{victim.name} ({which}) killed after {at:.0f} s of {asked.seconds:.0f}, {asked.rate:g} requests/s; "
          f"load of the machine {os.getloadavg()[0]:.1f}")  # fmt: skip
    show(taken, asked.seconds)
    site.show_complaints()
    is_in_time = _show_pause(taken, at, asked.seconds)
    print(f"HAProxy sends everything to {cluster.writer().name} now; {victim.name} comes back", flush=True)
    cluster.complete()
    return _is_whole(site, cluster.nodes, actors) and is_in_time


def _show_pause(taken: list[Taken], at: float, seconds: float) -> bool:
    """How long nothing was written after the kill, and when the last error came; whether both are soon enough."""
    answers = sorted(one.due + one.seconds for one in taken if one.kind == "tick" and not one.failed)
    marks = [at, *(moment for moment in answers if moment > at), max(seconds, answers[-1])]
    pause = max(after - before for before, after in pairwise(marks))
    last = max((one.due + one.seconds for one in taken if one.failed and one.due + one.seconds > at), default=at) - at
    print(
        f"longest pause between answered writes after the kill: {pause:.1f} s; the last error came {last:.1f} s after"
    )
    return pause <= LONGEST_PAUSE and last <= LONGEST_PAUSE


def _is_whole(site: Site, nodes: list[Node], actors: list[Actor]) -> bool:
    """Whether each node, asked by itself, has all that was answered."""
    whole = True
    for node in nodes:
        alone = build_app(site.url.replace(f":{site.database.port}/", f":{node.port}/"), site.folder)
        with alone.app_context():
            tally = count(actors)
        dispose(alone)
        print(f"{node.name}: {tally}", flush=True)
        whole = whole and not tally.lost
    return whole


if __name__ == "__main__":
    sys.exit(main())
