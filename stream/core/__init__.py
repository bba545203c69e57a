"""The pure core: no clock, network, Faust, files or metrics. `pipeline` composes it."""
