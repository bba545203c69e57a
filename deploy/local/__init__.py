"""The local stack: a real broker, Prometheus and Alertmanager in this folder, without root or Docker.

Run from the clone's root: `python -m deploy.local --help`. Whatever is fetched goes to `.cache/`,
whatever is written to `.data/`.
"""

HOST = "127.0.0.1"  # everything listens here, and nowhere else
