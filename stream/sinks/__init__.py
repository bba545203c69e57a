"""Inside out: what belwatch shows the world. `metrics` for Prometheus, over `plain` text that can't hurt."""
