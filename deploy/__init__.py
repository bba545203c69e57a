"""Running belwatch: the local stack, and what Prometheus, Alertmanager and Grafana are given."""
