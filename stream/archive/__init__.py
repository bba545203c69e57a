"""Archive: what came in, kept outside of Kafka, by day, so that replay doesn't depend on retention.

A folder with `manifest.json` and `day=2022-02-24/articles-0-00000000000000000042.jsonl.zst`: the records of one
partition received on that day (UTC), from that offset on, one JSON object a line, zstd-compressed. The manifest is
written last, by renaming, and says how far each partition was read: an export that was killed goes on from there, and
files that it left behind are written again under the same names. So every record is in it exactly once.
"""
