"""Readers outside in: files and feeds into records, and records into Kafka."""
