"""The status page, in reading order.

- `trail`: where each assessment stands on its topic, so that any time can be shown.
- `reading`: the topics the page follows, and single records fetched from them.
- `health`: what the worker says of itself; unknown is not calm.
- `story`: what changed between two assessments, and which claim did it.
- `plot`: index and band over time, as inline SVG.
- `answer`: reviews from a form, and who may post one.
- `render`: values into HTML, escaped.
- `views`: what each page shows.
- `server`: the routes, on loopback.

It reads what the stream has concluded and writes nothing but reviews; if it is down, nothing else is.
"""
