"""belwatch, in reading order, which is the order data flows in.

- `settings`, `connection`, `partition`, `topics`: where things are, and how to get in.
- `sources`: readers outside in; they produce to Kafka.
- `clock`, `replay` with `pace` and `runs`, `travel`: time, as data; the past goes into runs of its own.
- `archive`: what came in, kept outside of Kafka.
- `core`: pure; `decode`, `match`, `claims`, `score`, `assess`, `explain`, composed by `pipeline`.
- `catalogue`: the warning problem, as data.
- `hosting`: what makes Faust lose nothing and count nothing twice.
- `agents`, `app`, `worker`: `observe` and `assess`, hosted; `garbage`: what Python looks for meanwhile.
- `sinks`: inside out; `metrics` for Prometheus, `health` for whoever restarts, both served by `web`.
- `page`: the status page, served from the `assessments` topic; its form and `belwatch review` answer back.
- `cli`: all of it from a terminal.

A module imports only what stands earlier in the flow; `core` imports no I/O (tests/unit/test_architecture.py).
"""

from importlib.metadata import version

__version__ = version("belwatch")
