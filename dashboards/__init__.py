"""Dashboards as code: `build` writes the JSON that Grafana reads; `runbooks/` holds a page per alert."""
